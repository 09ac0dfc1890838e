"""Try plugins of public projects: enforced builds of each beside stock ones.

    python -m tests.outside.zoo /tmp/work                       clones all projects of the catalogue
    python -m tests.outside.zoo /tmp/work NAME=DIRECTORY ...    takes these checkouts, and no others

Of each plugin a small project is built stock and on each of `--backends`, each time from empty caches. They must end
alike and make the same cache keys and artifacts, and nothing may be found. Nothing of these projects is in this
repository: see plugins.yaml for where they are, their licences and how each plugin is exercised.

Exit status: 0 all that could be run is as in stock and nothing was found, 1 something differs, was found, or does not
work in stock either, 2 a checkout could not be had.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.outside.third_party_plugins import prepare
from tests.outside.zoo import catalogue, small_project, trial
from tests.outside.zoo.catalogue import Plugin, Project
from tests.outside.zoo.small_project import CheckoutError


@dataclass(frozen=True)
class Row:
    """One line of the table; `trouble` is what follows below it."""

    project: str
    kind: str
    how: str
    checked: str
    artifacts: str
    verdict: str
    trouble: tuple[str, ...] = ()

    def text(self) -> str:
        """The line of the table, and what follows it."""
        counts = f"{self.checked:>7}  {self.artifacts:>9}"
        first = f"{self.project:26}  {self.kind:36}  {self.how:8}  {counts}  {self.verdict}"
        return "\n".join([first.rstrip(), *(f"    {line}" for line in self.trouble)])


_SAID = 12
"""Of how many lines the end of what `bst` said is shown."""
TITLE = Row("project", "kind", "jobs on", "checked", "artifacts", "verdict")


def main(words: Sequence[str] | None = None) -> int:
    """Try what the command line says."""
    arguments = _parse(words)
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    projects = list(catalogue.read(arguments.catalogue))
    try:
        checkouts = _checkouts(arguments.checkouts, projects, work / "checkouts")
        rows = []
        print(TITLE.text())
        for row in _try_all(projects, checkouts, work, arguments):
            rows.append(row)
            print(row.text(), flush=True)
    except CheckoutError as error:
        print(error, file=sys.stderr)
        return 2
    return int(any(row.trouble for row in rows))


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="directory for clones and for the small projects")
    parser.add_argument("checkouts", nargs="*", metavar="NAME=DIRECTORY", help="a checkout of a project")
    parser.add_argument("--backends", nargs="+", choices=["threads", "fork", "pool"], default=["threads", "pool"])
    parser.add_argument("--only", nargs="+", metavar="KIND", help="only these plugins")
    parser.add_argument(
        "--enforce-option", action="append", default=[], metavar="OPTION", help="pass to enforcer run: --blame=full"
    )
    parser.add_argument("--catalogue", type=Path, default=catalogue.CATALOGUE, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def _checkouts(given: Iterable[str], projects: Iterable[Project], folder: Path) -> dict[str, Path]:
    known = {project.name: project for project in projects}
    if not given:
        return {name: _clone(project, folder / name) for name, project in known.items()}
    found = {}
    for word in given:
        name, _, directory = word.partition("=")
        if name not in known or not Path(directory).is_dir():
            raise CheckoutError(f"{word}: give NAME=DIRECTORY, with one of these names: {', '.join(known)}")
        found[name] = Path(directory).resolve()
    return found


def _clone(project: Project, target: Path) -> Path:
    if not target.exists():
        done = subprocess.run(["git", "clone", "--quiet", "--no-checkout", project.url, target], check=False)
        if done.returncode != 0:
            raise CheckoutError(f"{project.url} could not be cloned")
    return target


def _try_all(
    projects: Iterable[Project], checkouts: dict[str, Path], work: Path, arguments: argparse.Namespace
) -> Iterator[Row]:
    base = small_project.make_base(work / "base")
    with prepare.serve(base):
        for project in projects:
            if project.name not in checkouts:
                continue
            for plugin in project.plugins:
                if not arguments.only or plugin.kind in arguments.only:
                    yield from _try(project, plugin, checkouts[project.name], work, arguments)


def _try(project: Project, plugin: Plugin, checkout: Path, work: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    obstacle = plugin.obstacle()
    if obstacle:
        yield Row(project.name, plugin.kind, "", "", "", f"not run: {obstacle}")
        return
    stock = _outcome(plugin, checkout, work, trial.STOCK)
    if not stock.succeeded:
        yield Row(project.name, plugin.kind, "stock", "", "", "fails in stock", tuple(stock.said.splitlines()[-_SAID:]))
        return
    for backend in arguments.backends:
        enforced = _outcome(plugin, checkout, work, backend, arguments.enforce_option)
        yield _row(project, plugin, backend, stock, enforced)


def _row(project: Project, plugin: Plugin, backend: str, stock: trial.Outcome, enforced: trial.Outcome) -> Row:
    differences = trial.differences(stock, enforced)
    verdict = "differs from stock" if differences else "as in stock"
    if enforced.findings or enforced.expected:
        verdict += f", {len(enforced.findings)} found, {enforced.expected} as expected"
    trouble = [*differences, *enforced.findings]
    if not enforced.succeeded:
        trouble += enforced.said.splitlines()[-_SAID:]
    counts = (f"{enforced.checked}", f"{len(enforced.made)}")
    return Row(project.name, plugin.kind, backend, *counts, verdict, tuple(trouble))


def _outcome(plugin: Plugin, checkout: Path, work: Path, backend: str, options: Sequence[str] = ()) -> trial.Outcome:
    directory = work / "trial"
    shutil.rmtree(directory, ignore_errors=True)
    return trial.run(directory, work / "base", plugin, checkout, backend, options)


if __name__ == "__main__":
    sys.exit(main())
