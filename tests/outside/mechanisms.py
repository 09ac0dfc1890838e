"""Count by mechanism what enforcement finds in the samples, on each backend, under the Python that runs this.

    python -m tests.outside.mechanisms run /tmp/work --json 3.12.json
    python -m tests.outside.mechanisms merge 3.11.json 3.12.json 3.13.json

Both print a table. A mechanism is a way in which state is shared or gets lost. Hazards are the findings that
`expected.json` names, look-alikes the targets of the samples that have to be clean. Exit status: 0 all is found, with
its line, and nothing else is; 1 something differs, and stderr says what.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sample_projects import harness
from tests.contract import writing
from tests.preloaded import programs

_BACKENDS = ("threads", "fork", "pool")
_HEAD = """\
| mechanism | backend | Python | hazards found | with the right line | look-alikes clean | others found |
|---|---|---|---|---|---|---|
"""
_STARTS = threading.Lock()
"""Two threads at once would begin two zygotes."""
_FORMS = "the line of a write, form by form"
_OTHERS = "channels of one write each"
# By how the names of their samples begin.
_MECHANISMS = {
    "who owns a container": ("first_holder",),
    "what only C sees": ("c_state_", "unshippable"),
    "shared Python state": ("class_places", "class_look_alikes", "shared_tables", "function_caches", "lock_"),
    "the process": ("process_state", "process_borrowed", "left_open", "closed_in_time"),
    "threads and processes": ("left_by_library", "late_thread", "leaked_process", "ended_in_time", "joined_threads"),
    "what Python and libraries remember": ("forged_", "library_memos"),
}


class Count(NamedTuple):
    """How many are right, and of how many."""

    right: int = 0
    all: int = 0

    def plus(self, other: Count) -> Count:
        """Both together."""
        return Count(self.right + other.right, self.all + other.all)

    def __str__(self) -> str:
        return f"{self.right} of {self.all}" if self.all else ""


class Numbers(NamedTuple):
    """Hazards found, their lines, look-alikes that are clean; and findings that nobody expects."""

    found: Count = Count()
    lines: Count = Count()
    clean: Count = Count()
    unexpected: int = 0

    def plus(self, other: Numbers) -> Numbers:
        """Both together."""
        return Numbers(
            self.found.plus(other.found),
            self.lines.plus(other.lines),
            self.clean.plus(other.clean),
            self.unexpected + other.unexpected,
        )

    @property
    def is_right(self) -> bool:
        """Whether all is as it is to be."""
        return not self.unexpected and all(count.right == count.all for count in self[:3])


Results = dict[tuple[str, str], Numbers]
"""By mechanism and backend."""


def count_sample(run: harness.Run) -> Numbers:
    """What a run of a sample found of what `expected.json` names, and with which of the lines that it names."""
    wanted = run.expected["findings"]
    sited = [finding for finding in wanted if finding.get("site")]
    found = _matched(run, [{key: value for key, value in finding.items() if key != "site"} for finding in wanted])
    targets = {arg for step in run.expected["steps"] for arg in step if arg.endswith(".bst") and not wanted}
    accused = {example["element"] for violation in run.violations for example in violation["examples"]}
    if run.differences() and not accused:  # it failed for another reason, or has no report
        accused = targets
    return Numbers(
        Count(found, len(wanted)),
        Count(_matched(run, sited), len(sited)),
        Count(len(targets - accused), len(targets)),
        len(run.violations) - found,
    )


def _matched(run: harness.Run, findings: list[dict[str, Any]]) -> int:
    asked = dataclasses.replace(run, expected={**run.expected, "findings": findings})
    return len(run.violations) - len(asked.unexpected)


# --- running -------------------------------------------------------------------------------------------------


def _enforcer(backend: str, *options: str) -> list[str]:
    return ["python", "-m", "enforcer", "run", "--report", "json:{report}", "--backend", backend, *options, "--"]


def _start(*words: Any, **options: Any) -> programs.Popen:
    with _STARTS:
        return programs.Popen(*words, **options)


def run_sample(name: str, backend: str, work: Path) -> Numbers:
    """Run one sample, say on stderr how it differs from what it says, and count."""
    tmp = work / backend / name
    shutil.rmtree(tmp, ignore_errors=True)
    run = harness.run_sample(name, tmp, _enforcer(backend), start=_start)
    for difference in run.differences():
        print(f"{platform.python_version()} {backend} {name}: {difference}", file=sys.stderr, flush=True)
    shutil.rmtree(tmp, ignore_errors=True)
    return count_sample(run)


def run_forms(backend: str, work: Path) -> Numbers:
    """Build an element for each form of a write, say on stderr whose line is another, and count."""
    directory = (work / backend / "forms").resolve()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    project = writing.make_project(directory)
    builds = [f"{form}.bst" for form in writing.SEEN if form != "source_track"]
    steps = [["--on-error", "continue", "build", *builds], ["source", "track", "source_track.bst"]]
    command = _enforcer(backend, "--collect")
    done = harness.run_steps(project, directory, steps, command, stop_on_failure=False, start=_start)
    sites: dict[tuple[str, str | None], set[str | None]] = {}
    for violation in harness.Run("forms", {}, done).violations:
        site = violation["site"]
        for example in violation["examples"]:
            form = example["element"].removesuffix(".bst")
            label = violation["path"] if violation["path"] in writing.MARKS.get(form, ()) else None
            sites.setdefault((form, label), set()).add(site and f"{site['file']}:{site['line']}")
    marks = [(form, label, line) for form in writing.SEEN for label, line in writing.MARKS[form].items()]
    wrong = [(form, line) for form, label, line in marks if sites.get((form, label)) != {line}]
    for form, line in wrong:
        told = [sorted(map(str, lines)) for (other, _), lines in sites.items() if other == form]
        print(f"{platform.python_version()} {backend} {form}: {line} became {told}", file=sys.stderr, flush=True)
    found = sum((form, label) in sites for form, label, _ in marks)
    return Numbers(Count(found, len(marks)), Count(len(marks) - len(wrong), len(marks)))


def run_all(work: Path, backends: Sequence[str], workers: int) -> Results:
    """Run everything, and add up what belongs to one mechanism on one backend."""
    tasks: list[tuple[str, str, Callable[[], Numbers]]] = []
    for backend in backends:
        tasks.append((_FORMS, backend, partial(run_forms, backend, work)))
        for name in harness.names():
            if missing := harness.missing_needs(harness.load_expected(name)):
                print(f"{name} was not run: {'; '.join(missing)}", file=sys.stderr)
            else:
                tasks.append((mechanism_of(name), backend, partial(run_sample, name, backend, work)))
    with ThreadPoolExecutor(workers) as pool:
        counted = list(pool.map(lambda task: task[2](), tasks))
    results: Results = {}
    for (mechanism, backend, _), numbers in zip(tasks, counted, strict=True):
        results[mechanism, backend] = results.get((mechanism, backend), Numbers()).plus(numbers)
    return results


def mechanism_of(sample: str) -> str:
    """The mechanism that a sample belongs to."""
    return next((name for name, starts in _MECHANISMS.items() if sample.startswith(starts)), _OTHERS)


# --- telling -------------------------------------------------------------------------------------------------


def as_json(results: Results, python: str) -> str:
    """The numbers of one version of Python, for `merge`."""
    rows = [{"mechanism": key[0], "backend": key[1], "numbers": numbers} for key, numbers in results.items()]
    return json.dumps({"python": python, "rows": rows}, indent=1) + "\n"


def from_json(text: str) -> tuple[str, Results]:
    """A version of Python and its numbers."""
    read = json.loads(text)
    return read["python"], {(row["mechanism"], row["backend"]): _numbers(*row["numbers"]) for row in read["rows"]}


def _numbers(found: list[int], lines: list[int], clean: list[int], unexpected: int) -> Numbers:
    return Numbers(Count(*found), Count(*lines), Count(*clean), unexpected)


def table(results_of: Mapping[str, Results]) -> str:
    """All of them by version of Python; versions, and backends, with the same numbers share a row."""
    pythons: dict[tuple[str, str, Numbers], list[str]] = {}
    for python, results in results_of.items():
        for (mechanism, backend), numbers in results.items():
            pythons.setdefault((mechanism, backend, numbers), []).append(python)
    backends: dict[tuple[str, Numbers, tuple[str, ...]], list[str]] = {}
    for (mechanism, backend, numbers), versions in pythons.items():
        backends.setdefault((mechanism, numbers, tuple(versions)), []).append(f"`{backend}`")
    order = [*_MECHANISMS, _FORMS, _OTHERS]
    rows = sorted(backends.items(), key=lambda row: order.index(row[0][0]))
    lines = [
        f"| {' | '.join([mechanism, ', '.join(names), ', '.join(versions), *map(str, numbers)])} |\n"
        for (mechanism, numbers, versions), names in rows
    ]
    return "".join([_HEAD, *lines])


def main(words: Sequence[str] | None = None) -> int:
    """Run or merge, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run the samples")
    run.add_argument("work", type=Path, help="directory in which they run")
    run.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    run.add_argument("--backend", action="append", choices=_BACKENDS, help="only this one (repeatable)")
    run.add_argument("--workers", type=int, default=2, help="how many run at the same time (default: 2)")
    merge = commands.add_parser("merge", help="make one table of several Pythons")
    merge.add_argument("files", type=Path, nargs="+", metavar="FILE", help="written by run --json")
    arguments = parser.parse_args(words)
    if arguments.command == "merge":
        results_of = dict(from_json(file.read_text(encoding="utf-8")) for file in arguments.files)
    else:
        results = run_all(arguments.work, arguments.backend or _BACKENDS, arguments.workers)
        results_of = {platform.python_version(): results}
        if arguments.json:
            arguments.json.write_text(as_json(results, platform.python_version()), encoding="utf-8")
    print(table(results_of), end="")
    return int(not all(numbers.is_right for results in results_of.values() for numbers in results.values()))


if __name__ == "__main__":
    sys.exit(main())
