"""Try a BuildStream that is not supported yet: which seams moved, what is new, and what the samples find on it.

    python -m tests.outside.to_come /tmp/work PATH

PATH is a checkout or an sdist of BuildStream. It is compared with the installed one, which the samples are known to be
right on. Exit status: 0 nothing that enforcement depends on moved and every sample gives what it says, 1 something
is to be read, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import buildstream

from sample_projects import harness
from tests.outside.to_come.inventory import Attribute, read
from tests.outside.to_come.moves import Moves, compare
from tests.outside.to_come.proposals import Proposal, propose
from tests.outside.to_come.source import SourceError, importable
from tests.outside.to_come.trial import Outcome, Trial

_SHOWN = 5
"""How many samples are named where many made the same change."""
_ENFORCER = Path(__file__).parents[3] / "enforcer"


def main(words: Sequence[str] | None = None) -> int:
    """Try it as the command line says."""
    arguments = _parse(words)
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        found = importable(arguments.source.resolve(), work)
        trial = Trial(found, work / "samples", arguments.backend)
        version, missing = trial.seams()
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2
    inventory = read(found / "buildstream")
    moves = compare(read(Path(buildstream.__file__).parent), inventory, missing)
    print(f"# BuildStream {version} beside {buildstream.__version__}")
    _print_moves(moves)
    if arguments.seams_only:
        return int(not moves.are_none)
    print(f"\n## Samples on {arguments.backend}\n", flush=True)
    outcomes = _run(trial, arguments.sample or harness.names(), "{right} of {all} samples give what they say.")
    findings = [(outcome.sample, finding) for outcome in outcomes for finding in outcome.unexpected]
    proposals = propose(findings, inventory)
    if proposals:
        _print_proposals(proposals)
        _try(trial, proposals)
    return int(not moves.are_none or any(outcome.differences for outcome in outcomes))


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="directory for what is built, and for the samples")
    parser.add_argument("source", type=Path, help="a checkout or an sdist of BuildStream")
    parser.add_argument("--sample", action="append", choices=harness.names(), metavar="NAME", help="only this sample")
    parser.add_argument("--backend", choices=["threads", "fork", "pool"], default="pool")
    parser.add_argument("--seams-only", action="store_true", help="run no sample")
    return parser.parse_args(words)


def _print_moves(moves: Moves) -> None:
    if moves.are_none:
        print("\nNothing moved, and nothing is new.")
        return
    print("\n## Seams\n")
    _print_list("is missing; it is used in {where}", moves.missing)
    _print_list("has other parameters; see {where}", moves.parameters)
    _print_list("does something else than before: read it; see {where}", moves.texts)
    if not moves.missing and not moves.parameters and not moves.texts:
        print("None moved.")
    print("\n## New\n")
    for place, action in moves.queues.items():
        print(f"- queue `{place}`, jobs `{action}`: name it in bst/judging/verdict.py if they run plugins' code.")
    _print_attributes("callback", moves.callbacks, "if it leads to a queue, name it in bst/replicas/pickling.py.")
    _print_attributes("memo", moves.memos, "it is a core fill if jobs fill it on other elements than their own.")
    _print_attributes("attribute", moves.others, "nothing to do unless samples differ.")
    for place, functions in moves.variables.items():
        print(f"- module variable `{place}`, set by {', '.join(functions)}: a core fill if jobs set it.")


def _print_list(text: str, places: Iterable[str]) -> None:
    for place in places:
        print(f"- `{place}` {text.format(where=', '.join(_users(place)) or 'enforcer/bst/required.py only')}.")


def _print_attributes(what: str, attributes: Mapping[str, Attribute], then: str) -> None:
    for place, attribute in attributes.items():
        setters = ", ".join(attribute.setters) or "__init__ only"
        print(f"- {what} `{place}` ({attribute.line}), set by {setters}: {then}")


def _users(place: str) -> list[str]:
    """The files of the enforcer that have the last name of a place."""
    name = place.replace(":", ".").rpartition(".")[2]
    files = sorted(_ENFORCER.rglob("*.py"))
    used = [file for file in files if file.name != "required.py" and name in file.read_text(encoding="utf-8")]
    return [str(file.relative_to(_ENFORCER.parent)) for file in used]


def _run(trial: Trial, samples: Iterable[str], result: str, fills: Iterable[str] = ()) -> list[Outcome]:
    """Run samples, and print how each differs as soon as it has ended, and the result."""
    runnable = [sample for sample in samples if not harness.missing_needs(harness.load_expected(sample))]
    outcomes = []
    for outcome in trial.run(runnable, fills):
        outcomes.append(outcome)
        for difference in outcome.differences:
            print(f"- {outcome.sample}: {difference}", flush=True)
    right = sum(not outcome.differences for outcome in outcomes)
    print(f"\n{result.format(right=right, all=len(outcomes))}")
    return outcomes


def _print_proposals(proposals: Iterable[Proposal]) -> None:
    print("\n## Core fills to add?\n\nNo line of a plugin was seen to make these changes. One is a core fill only if")
    print("every job would fill in the same: read the method, and say why in the entry.")
    for proposal in proposals:
        more = len(proposal.samples) - _SHOWN
        print(f"\nIn {', '.join(proposal.samples[:_SHOWN])}{f' and {more} more' if more > 0 else ''}:\n")
        for change, count in proposal.changes:
            print(
                f"- {count} times {change.kind} `{change.path}` {change.change}: {change.before} became {change.after}"
            )
        if proposal.entry is None:
            print("\nNo shape of entry fits: it is not a memo that a method without arguments fills.")
        else:
            seams = ", ".join(f"`{seam}`" for seam in proposal.seams)
            print(f"\nTo bst/required.py: {seams}; to bst/judging/core_fills.py:")
            print(f"\n```python\n{proposal.entry}```", flush=True)


def _try(trial: Trial, proposals: Iterable[Proposal]) -> None:
    """Run what differed once more, with the entries in place."""
    entries = {proposal: proposal.entry for proposal in proposals if proposal.entry is not None}
    samples = sorted({sample for proposal in entries for sample in proposal.samples})
    print()
    _run(trial, samples, "With these entries {right} of these {all} samples give what they say.", entries.values())


if __name__ == "__main__":
    sys.exit(main())
