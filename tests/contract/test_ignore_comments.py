"""A comment beside the code allows what its line does, on every backend alike; what it does not name still fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.lab import Lab

# Each line that is allowed says in its reason which it is.
PLUGIN = """
import threading
from buildstream import Element

LOCK = threading.Lock()
TEXT = "# enforcer: ignore[module-write] in a string"


class Ignores(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    count = 0
    level = 0

    def configure(self, node):
        pass

    def preflight(self):
        pass

    def get_unique_key(self):
        return self.level

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def track(self):
        self.level = 2  # enforcer: ignore[key-drift] no job of this build tracks

    def assemble(self, sandbox):
        dep = next(self.dependencies())
        dep.get_environment().update(
            FOO="X",
            BAR="Y",  # enforcer: ignore[foreign-write] several lines
        )
        dep.get_environment()["N"] = type(self).count = 1  # enforcer: ignore[foreign-write, class-write] two rules
        with LOCK:  # enforcer: ignore[process-local-lock] a warning
            self.level = 1  # enforcer: ignore[key-drift] own state
        self.note = 1  # enforcer: ignore[module-write] not needed
        %s
        return "/"


def setup():
    return Ignores
"""
MORE = "- origin: local\n  path: plugins\n  elements: [ignores]\n"


def build(lab: Lab, line: str = "pass") -> int:
    lab.write_project(more=MORE)
    lab.write("plugins/ignores.py", PLUGIN % line)
    lab.raw_element("app", "kind: ignores\nbuild-depends: [base.bst]\n")
    return lab.bst("build", "app.bst").status


def place_of(text: str) -> str:
    return f"plugins/ignores.py:{next(n for n, line in enumerate(PLUGIN.splitlines(), 1) if text in line)}"


def allowed(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    found = [each for each in report["violations"] if each["allowed"]]
    return {(each["rule"], each["allowed"], each["comment"]) for each in found}


NEEDED = {
    ("foreign-write", "several lines"),
    ("foreign-write", "two rules"),
    ("class-write", "two rules"),
    ("process-local-lock", "a warning"),
    ("key-drift", "own state"),
}


@pytest.mark.parametrize("options", [(), ("--coverage",)])
def test_what_comments_say_is_fine_is_allowed_and_one_that_was_not_needed_is_told(
    options: tuple[str, ...], backend: str, lab_of: Callable[..., Lab]
) -> None:
    lab = lab_of(backend, "strict", *options)
    assert build(lab) == 0, lab.steps[-1].stderr
    report = lab.report()
    assert allowed(report) == {(rule, reason, place_of(reason)) for rule, reason in NEEDED}
    assert (report["verdict"], report["summary"]["violations"]) == ("clean", 0)
    assert report["summary"]["allowed"] == sum(each["count"] for each in report["violations"])
    assert (report["unused_comments"], report["partial"]) == ([f"{place_of('not needed')}: ignore[module-write]"], [])
    assert f"comment that no finding needed: {report['unused_comments'][0]}" in lab.steps[-1].stderr


def test_what_no_comment_names_still_fails_and_the_others_are_not_told_of(
    backend: str, lab_of: Callable[..., Lab]
) -> None:
    lab = lab_of(backend)
    line = 'dep.get_environment()["NEW"] = "Z"  # enforcer: ignore[class-write] another rule'
    assert build(lab, line) == 1
    report = lab.report()
    new = [each for each in report["violations"] if not each["allowed"]]
    assert [(each["rule"], each["path"], each["comment"]) for each in new] == [
        ("foreign-write", "environment['NEW']", None)
    ]
    # A failed job: not all that there is was looked at.
    assert report["unused_comments"] == []


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("ignore[foreign-writ] typed wrong", "unknown rule 'foreign-writ'"),
        ("ignore[foreign-write]", "ignore comment has no reason: "),
        ("ignore this", "ignore comment names no rule: "),
    ],
)
def test_a_wrong_comment_stops_the_build_and_is_named_with_its_line(
    comment: str, said: str, backend: str, lab_of: Callable[..., Lab]
) -> None:
    lab = lab_of(backend)
    assert build(lab, f"pass  # enforcer: {comment}") == 3
    [error] = lab.report()["errors"]
    assert error.startswith(f"{place_of('%s')}: {said}")
    assert f"COULD NOT LOOK: {error}" in lab.steps[-1].stderr
    assert "Traceback" not in lab.steps[-1].stderr


def test_a_wrong_comment_in_an_installed_package_stops_nobody(lab_of: Callable[..., Lab]) -> None:
    lab = lab_of("pool")
    lab.write_project(more=MORE.replace("path: plugins", "path: site-packages"))
    lab.write("site-packages/ignores.py", PLUGIN % "pass  # enforcer: ignore[rule-of-others] fine")
    lab.raw_element("app", "kind: ignores\nbuild-depends: [base.bst]\n")
    assert lab.bst("build", "app.bst").status == 0
    assert {rule for rule, *_ in allowed(lab.report())} == {rule for rule, _ in NEEDED}


def test_sarif_says_what_is_suppressed_beside_the_code(lab_of: Callable[..., Lab]) -> None:
    lab = lab_of("pool")
    with lab.given("--report", f"sarif:{lab.directory / 'report.sarif'}"):
        build(lab)
    [run] = json.loads((lab.directory / "report.sarif").read_text())["runs"]
    suppressions = [each for result in run["results"] for each in result["suppressions"]]
    assert {(each["kind"], each["justification"]) for each in suppressions} == {
        ("inSource", reason) for _, reason in NEEDED
    }
