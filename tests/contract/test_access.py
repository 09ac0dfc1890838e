"""`--access`: which job reads and writes what, by which way and on which line, is the same on every backend."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.lab import Lab

# Each line says what it does, and how often: `unit attribute way reads writes`.
READS = """
import threading

from buildstream import Element
from buildstream.plugin import Plugin

TABLE = {}
COUNT = 0


class Reads(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    SEEN = []

    def configure(self, node):
        self.opt = 1
        self._hidden = 2
        self.__own = 3
        self.rows = []

    def configure_dependencies(self, dependencies):
        for dependency in dependencies:
            self.env = dependency.element.get_environment()

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def mine(self):
        return self.__own

    def assemble(self, sandbox):
        if self.name == "reads.bst":  # reads.bst name public 1 0
            self.reads(sandbox)
        return "/"

    def reads(self, sandbox):
        global COUNT
        dep = next(self.dependencies())
        raw = Plugin._lookup(dep._unique_id)  # base.bst _unique_id underscore 1 0
        source = next(dep.sources())
        dep.get_environment()  # base.bst environment public 1 0
        raw.opt  # base.bst opt public 1 0
        raw._hidden  # base.bst _hidden underscore 1 0
        raw._Reads__own  # base.bst _Reads__own mangled 1 0
        for _ in range(3):
            raw.rows.append(1)  # base.bst rows public 3 0
        len(self.env)  # reads.bst env public 1 0; base.bst environment in-place 1 0
        source.ref  # base.bst sources[0].ref public 1 0
        hasattr(raw, "nothing")  # base.bst nothing public 1 0
        raw.more = 1  # base.bst more public 0 1
        del raw.more  # base.bst more public 0 1
        raw.mine()  # base.bst _Reads__own mangled 1 0
        raw.SEEN  # reads.Reads SEEN class 1 0
        Reads.SEEN.append(1)  # reads.Reads SEEN class 1 0
        TABLE["one"] = COUNT  # reads TABLE module 1 0; reads COUNT module 1 0
        COUNT = 2  # reads COUNT module 0 1
        thread = threading.Thread(target=self.aside, args=(raw,))
        thread.start()
        thread.join()
        self.opt += 1  # reads.bst opt public 1 1
        try:
            raw.get_variable  # a method is no state
            raw.no_such_name  # base.bst no_such_name public 1 0
        except AttributeError:
            pass

    def aside(self, raw):
        raw.opt  # base.bst opt public 1 0


def setup():
    return Reads
"""
_MARK = re.compile(r"(\S+) (\S+) (\w[\w-]*) (\d+) (\d+)")
MORE = "- origin: local\n  path: plugins\n  elements: [reads]\n"


def expected() -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """For each place how often it is read and written, and the first line that does."""
    found: dict[tuple[str, str, str], tuple[int, int, int]] = {}
    for number, line in enumerate(READS.splitlines(), 1):
        for unit, attribute, way, reads, writes in _MARK.findall(line.partition("  # ")[2]):
            before = found.get((unit, attribute, way), (0, 0, number))
            found[unit, attribute, way] = (before[0] + int(reads), before[1] + int(writes), before[2])
    # What no line is seen doing: inside of containers it is counted by entries that differ.
    for place in (("base.bst", "rows", "in-place"), ("reads.Reads", "SEEN", "class"), ("reads", "TABLE", "module")):
        reads, writes, line = found.get(place, (0, 0, 0))
        found[place] = (
            reads,
            writes + (3 if place[1] == "rows" else 1),
            line or found["base.bst", "rows", "public"][2],
        )
    return found


ReportOf = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def report_of(tmp_path_factory: pytest.TempPathFactory) -> ReportOf:
    """The report of a build on a backend with these options; one build for all that ask."""

    @functools.cache
    def run(backend: str, *options: str) -> dict[str, Any]:
        lab = Lab(tmp_path_factory.mktemp(backend), backend, "discard", *options)
        try:
            lab.write_project(more=MORE)
            lab.write("plugins/reads.py", READS)
            lab.raw_element("base", "kind: reads\nsources:\n- kind: marks\n  path: mark\n  ref: '1'\n")
            lab.raw_element("reads", "kind: reads\nbuild-depends:\n- base.bst\n")
            lab.bst("build", "reads.bst")
            return lab.report()
        finally:
            lab.close()

    return run


def of_job(report: dict[str, Any], element: str, action: str) -> list[dict[str, Any]]:
    return [row for row in report["access"] if (row["job"]["element"], row["job"]["action"]) == (element, action)]


def test_each_way_is_counted_with_its_first_line(backend: str, report_of: ReportOf) -> None:
    report = report_of(backend, "--access")
    rows = of_job(report, "reads.bst", "Build")
    found = {
        (row["unit"], row["attribute"], row["way"]): (row["reads"], row["writes"], row["site"]["line"])
        for row in rows
        if row["site"] is not None and row["site"]["file"] == "plugins/reads.py"
    }
    wanted = expected()
    assert {place: found.get(place) for place in wanted} == wanted
    # All else that its lines do they have core do.
    others = [row for row in rows if (row["unit"], row["attribute"], row["way"]) in found.keys() - wanted]
    assert others
    assert [row for row in others if row["core"] is None] == []


def test_core_alone_has_its_own_lines_and_no_plugins(backend: str, report_of: ReportOf) -> None:
    rows = of_job(report_of(backend, "--access"), "base.bst", "Fetch")
    core = [row for row in rows if not row["by_plugin"]]
    assert {row["attribute"] for row in core} >= {"sources", "sources._cached"}
    assert all(row["site"]["file"].startswith("<site-packages>/buildstream/") for row in core)


def test_jobs_read_and_write_the_same_in_processes(process_backend: str, report_of: ReportOf) -> None:
    in_threads, there = (report_of(name, "--access")["access"] for name in ("threads", process_backend))
    assert there == in_threads


def test_what_the_main_thread_writes_between_jobs_is_told_by_phase(backend: str, report_of: ReportOf) -> None:
    rows = report_of(backend, "--access")["access_between_jobs"]
    writes = {(row["phase"], row["job"]["element"], row["unit"], row["attribute"]) for row in rows if row["writes"]}
    assert ("done", "base.bst", "reads.bst", "_Element__build_deps_uncached") in writes
    assert {"done", "scheduling"} == {row["phase"] for row in rows}


def test_without_the_option_nothing_is_recorded(backend: str, report_of: ReportOf) -> None:
    report = report_of(backend)
    assert (report["access"], report["access_between_jobs"]) == ([], [])
