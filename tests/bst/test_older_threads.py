"""Beside a thread that runs since before the jobs, no line is blamed that may only have stood there meanwhile."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.bst.builds import Build

FOLLOWED = sys.version_info >= (3, 12)
"""Whether lines of threads that ran before are seen."""

_PLUGIN = """
def sets_an_attribute(element):
    element.note = 1


def calls_what_sets_it(element):
    act, names = vars(element).__setitem__, ("note", 1)
    act(*names)


class Waits(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.asked, self.done = threading.Event(), threading.Event()
        self.start()

    def run(self):
        self.asked.wait()
        STATE["late"] = 1
        self.done.set()

    def ask(self):
        return self.asked.set() or self.done.wait()


"""
_STARTS = "OLDER = Waits()\n\n\n"


def found(build: Build, line: str, *, older: bool) -> dict[str, Any]:
    """The one finding on a job that runs `line`; `older` is whether its plugin has started a thread before."""
    plugin = build.project / "plugins" / "acts.py"
    text = plugin.read_text(encoding="utf-8")
    added = _PLUGIN + (_STARTS if older else "")
    plugin.write_text(text.replace("class Acts(", added + "class Acts("), encoding="utf-8")
    build.element("first", line, "base")
    ran = build.enforced("build", "first.bst", mode="discard")
    assert ran.report["errors"] == [], ran.output
    [violation] = ran.report["violations"]
    assert violation["job"]["element"] == "first.bst"
    return dict(violation)


_BASE = "next(element for element in Plugin._Plugin__TABLE.values() if element.name == 'base.bst')"


def test_what_an_older_thread_writes_has_its_line_or_none(build: Build) -> None:
    violation = found(build, "OLDER.ask()", older=True)
    assert violation["path"] == "STATE['late']"
    if FOLLOWED:
        assert violation["site"]["code"] == 'STATE["late"] = 1'
    else:
        assert violation["site"] is None
        assert "a thread that ran before the job began" in violation["unblamed"]


@pytest.mark.parametrize(
    ("writes", "code", "older"),
    [
        ("sets_an_attribute", "element.note = 1", True),
        ("sets_an_attribute", "element.note = 1", False),
        ("calls_what_sets_it", "act(*names)" if FOLLOWED else None, True),
        ("calls_what_sets_it", "act(*names)", False),
    ],
)
def test_a_line_of_the_job_is_named_unless_it_only_calls_beside_an_older_thread(
    build: Build, writes: str, code: str | None, older: bool
) -> None:
    violation = found(build, f"{writes}({_BASE})", older=older)
    assert violation["path"] == "note"
    assert (violation["site"] and violation["site"]["code"]) == code
    assert (violation["unblamed"] is None) is (code is not None)
