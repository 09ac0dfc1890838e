"""`--coverage`: which plugin code ran in checked jobs is the same on every backend, and what had no turn is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.lab import Lab

# Each line in a function says whether a checked job of the second build runs it.
PLUGIN = """
from buildstream import Element, ElementError


class Covers(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        pass  # outside

    def preflight(self):
        pass  # outside

    def get_unique_key(self):
        return {}  # outside

    def configure_sandbox(self, sandbox):
        pass  # ran

    def stage(self, sandbox):
        pass  # ran

    def generate_script(self):
        return ""  # outside

    def assemble(self, sandbox):
        if self.name == "cached.bst":  # ran
            self.note = 1  # never
        if self.name == "fails.bst":  # ran
            raise ElementError("as told")  # ran
        for dep in self.dependencies():  # ran
            dep.get_environment()["FOO"] = "bar"  # ran
        return "/"  # ran


class Unused(Element):
    def assemble(self, sandbox):
        return "/"  # never


def setup():
    return Covers
"""
MORE = "- origin: local\n  path: plugins\n  elements: [covers]\n"
ELEMENTS = {"cached": [], "fails": [], "skipped": ["fails"], "changes": ["cached"], "all": ["skipped", "changes"]}


def marked(mark: str) -> list[int]:
    return [number for number, line in enumerate(PLUGIN.splitlines(), 1) if line.endswith(f"# {mark}")]


def lines(spans: list[list[int]]) -> list[int]:
    return [line for first, last in spans for line in range(first, last + 1)]


def build(lab: Lab) -> dict[str, Any]:
    """The report of a build in which one element is cached, one fails, one is skipped, and one changes another."""
    lab.write_project(more=MORE)
    lab.write("plugins/covers.py", PLUGIN)
    for name, needs in ELEMENTS.items():
        kind = "stack" if name == "all" else "covers"
        depends = "".join(f"\n- {need}.bst" for need in needs)
        lab.raw_element(name, f"kind: {kind}\n" + (f"depends:{depends}\n" if needs else ""))
    assert lab.bst("build", "cached.bst").status == 0
    lab.bst("--on-error", "continue", "build", "all.bst")
    return lab.report()


def test_what_checked_jobs_ran_and_what_had_no_turn_is_told(backend: str, lab_of: Callable[..., Lab]) -> None:
    report = build(lab_of(backend, "discard", "--coverage"))
    own = [each for each in report["coverage"]["plugins"] if each["file"] == "plugins/covers.py"]
    found = {name: sorted(line for each in own for line in lines(each[name])) for name in ("ran", "never", "outside")}
    assert found == {name: marked(name) for name in found}
    (covers,) = (each for each in own if each["type"])
    assert (covers["name"], covers["type"], covers["kind"]) == ("covers.Covers", "element", "covers")
    assert {method["name"]: method["state"] for method in covers["methods"]} == {
        **dict.fromkeys(("assemble", "configure_sandbox", "stage"), "ran"),
        **dict.fromkeys(("configure", "generate_script", "get_unique_key", "preflight"), "outside"),
    }
    assert report["coverage"]["skipped"] == ["all.bst", "skipped.bst"]
    assert report["summary"]["cached"] == ["cached.bst"]
    # Both follow lines.
    (violation,) = report["violations"]
    assert 'dep.get_environment()["FOO"]' in violation["site"]["code"]
