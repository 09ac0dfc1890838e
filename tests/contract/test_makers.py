"""A finding names the plugin whose code did it, on every backend: a source, the element of the job, or another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from enforcer.settings.baseline import Entry
from tests.contract.lab import Lab

_SOURCE = """
import locale, os, subprocess, sys, threading
from buildstream import Source
from . import _shared

LOCK = threading.Lock()


class {name}(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        self.does = node.get_str("does", "pass")
        self.fetched = False
        self.key = 1

    def preflight(self):
        pass

    def get_unique_key(self):
        return {{"does": self.does, "key": self.key}}

    def is_resolved(self):
        return True

    def load_ref(self, node):
        pass

    def get_ref(self):
        return None

    def set_ref(self, ref, node):
        pass

    def is_cached(self):
        return self.fetched

    def fetch(self):
        getattr(self, "do_" + self.does)()
        self.fetched = True

    def stage(self, directory):
        pass

    def do_pass(self):
        pass

    def do_chdir(self):
        os.chdir("/")

    def do_umask(self):
        os.umask(0o77)

    def do_environment(self):
        os.environ["ACME"] = "1"

    def do_path(self):
        sys.path.append("/acme")

    def do_locale(self):
        locale.setlocale(locale.LC_ALL, "C.UTF-8" if locale.setlocale(locale.LC_ALL) == "C" else "C")

    def do_thread(self):
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    def do_process(self):
        subprocess.Popen(["sleep", "60"])

    def do_lock(self):
        with LOCK:
            pass

    def do_state(self):
        self.held = threading.Lock()

    def do_key(self):
        self.key = 2

    def do_project(self):
        self._get_project().base_environment["ACME"] = "1"

    def do_helper(self):
        _shared.write(self._get_project())

    def do_in_thread(self):
        thread = threading.Thread(target=_shared.write_more, args=[self._get_project()])
        thread.start()
        thread.join()


def setup():
    return {name}
"""
_SHARED = """
def write(project):
    project.base_environment["SHARED"] = "1"


def write_more(project):
    project.base_environment["MORE"] = "1"
"""
_ELEMENT = """
from buildstream import Element
from . import _shared


class {name}(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        self.does = node.get_str("does", "pass")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {{"does": self.does}}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def integrate(self, sandbox):
        self._get_project().base_environment["INTEGRATED"] = "1"

    def assemble(self, sandbox):
        if self.does == "write":
            _shared.write(self._get_project())
        if self.does == "integrate":
            for dep in self.dependencies():
                dep.integrate(sandbox)
        if self.does == "ask":
            for dep in self.dependencies():
                for source in dep.sources():
                    source.fetch()
        return "/"


def setup():
    return {name}
"""
_PLUGINS = """
- origin: local
  path: plugins
  elements: [one, two]
  sources: [first, second]
"""

PROCESS = {
    "chdir": "os.getcwd()",
    "umask": "umask",
    "environment": "os.environ['ACME'",
    "path": "sys.path",
    "locale": "locale.setlocale(LC_ALL)",
}
LEFT = {"thread": "leaked-thread", "process": "leaked-process"}
OTHERS = {"lock": "process-local-lock", "state": "unshippable-state", "key": "key-drift", "project": "project-write"}
SEVERAL = ("helper", "in_thread")
FORMS = [*PROCESS, *LEFT, *OTHERS, *SEVERAL]


def prepare(lab: Lab) -> Lab:
    lab.write_project(more=_PLUGINS.removeprefix("\n"))
    for kind in ("first", "second"):
        lab.write(f"plugins/{kind}.py", _SOURCE.format(name=kind.title()))
    for kind in ("one", "two"):
        lab.write(f"plugins/{kind}.py", _ELEMENT.format(name=kind.title()))
    lab.write("plugins/_shared.py", _SHARED)
    return lab


def fed(lab: Lab, name: str, *sources: tuple[str, str]) -> None:
    """Add an element of kind `import` with sources that do something when they are fetched."""
    # Each stages into a place of its own.
    text = "".join(f"- kind: {kind}\n  does: {does}\n  directory: d{at}\n" for at, (kind, does) in enumerate(sources))
    lab.raw_element(name, f"kind: import\nsources:\n{text}")


def built(lab: Lab, name: str, does: str, kind: str = "one", needs: str | None = None) -> None:
    depends = f"\nbuild-depends:\n- {needs}.bst\n" if needs else "\n"
    lab.raw_element(name, f"kind: {kind}\nconfig:\n  does: {does}{depends}")


def found(lab: Lab, *args: str) -> dict[str, list[dict[str, Any]]]:
    """The findings of a run, by their element."""
    lab.bst("--on-error", "continue", *args)
    told: dict[str, list[dict[str, Any]]] = {}
    for violation in lab.report()["violations"]:
        told.setdefault(violation["job"]["element"].removesuffix(".bst"), []).append(violation)
    return told


def made(violation: dict[str, Any]) -> tuple[Any, ...]:
    """Who did it: the name, the kind, the source; and what the baseline has for it."""
    maker = violation["maker"] or {"name": None, "kind": violation["job"]["plugin"], "source": None}
    assert violation["source"] == (
        None if maker["source"] is None else {"index": maker["source"], "kind": maker["kind"]}
    )
    assert Entry.parse(violation["baseline_line"]).kind == maker["kind"]
    return maker["name"], maker["kind"], maker["source"]


def rule_of(form: str) -> str:
    return {**dict.fromkeys(PROCESS, "process-write"), **LEFT, **OTHERS}.get(form, "project-write")


def test_a_source_is_named_with_its_plugin_whatever_it_did(backend: str, lab_of: Callable[..., Lab]) -> None:
    lab = prepare(lab_of(backend))
    for form in FORMS:
        # Two of a kind: which of them it was is told by the object.
        fed(lab, form, ("first", "pass"), ("second", "pass"), ("second", form))
    told = found(lab, "source", "fetch", *(f"{form}.bst" for form in FORMS))
    for form in FORMS:
        rules = {(violation["rule"], *made(violation)) for violation in told[form]}
        assert rules == {(rule_of(form), f"{form}.bst", "second", 2)}, form
    assert {form: told[form][0]["path"].rstrip("[]0123456789") for form in PROCESS} == PROCESS


def test_every_way_to_say_it_names_the_source(backend: str, lab_of: Callable[..., Lab]) -> None:
    lab = prepare(lab_of(backend))
    formats = ("html", "markdown", "sarif", "junit", "github")
    fed(lab, "app", ("first", "pass"), ("second", "chdir"))
    with lab.given(*(f"--report={each}:{lab.directory / each}" for each in formats)):
        step = lab.bst("source", "fetch", "app.bst")
    headline = "app.bst sources[1] (second) changed the process in its Fetch job"
    said = step.stdout + step.stderr
    # As BuildStream reports a failed job, and as the report is printed.
    assert "(by app.bst sources[1] (second))" in said
    assert headline in said
    for name in formats:
        assert headline in (lab.directory / name).read_text(encoding="utf-8"), name
    assert "second: process os.getcwd() set" in (lab.directory / "junit").read_text(encoding="utf-8")


def test_the_same_write_of_another_plugin_is_not_known(backend: str, lab_of: Callable[..., Lab]) -> None:
    lab = prepare(lab_of(backend))
    baseline = lab.directory / "baseline.txt"
    baseline.write_text("project-write second project base_environment[*]\n", encoding="ascii")
    fed(lab, "old", ("second", "project"))
    fed(lab, "new", ("first", "project"))
    with lab.given("--baseline", str(baseline)):
        told = found(lab, "source", "fetch", "old.bst", "new.bst")
    assert [told["old"][0]["known"], told["new"][0]["known"]] == [True, False]


def test_a_helper_that_several_plugins_use_counts_as_the_one_that_runs(
    backend: str, lab_of: Callable[..., Lab]
) -> None:
    lab = prepare(lab_of(backend))
    fed(lab, "fetches", ("first", "pass"), ("first", "helper"))
    built(lab, "writes", "write", kind="two")
    told = found(lab, "build", "fetches.bst", "writes.bst")
    assert [made(violation) for violation in told["fetches"]] == [("fetches.bst", "first", 1)]
    assert [made(violation) for violation in told["writes"]] == [(None, "two", None)]
    assert {violation["site"]["file"] for each in told.values() for violation in each} == {"plugins/_shared.py"}


def test_another_plugin_whose_method_the_job_runs_is_named(backend: str, lab_of: Callable[..., Lab]) -> None:
    lab = prepare(lab_of(backend))
    built(lab, "base", "pass", kind="two")
    built(lab, "integrates", "integrate", needs="base")
    step = lab.bst("build", "integrates.bst")
    (violation,) = lab.report()["violations"]
    assert made(violation) == ("base.bst", "two", None)
    headline = "base.bst (two) changed project tiny in the Build job of integrates.bst (one)"
    assert headline in step.stdout + step.stderr


@pytest.mark.parametrize("blame", ["touch", "off"])
def test_a_source_is_named_without_lines_too_where_nobody_else_can_have_done_it(
    blame: str, backend: str, lab_of: Callable[..., Lab]
) -> None:
    lab = prepare(lab_of(backend))
    forms = ["project", "chdir", "thread", "key", "state"]
    for form in forms:
        fed(lab, form, ("second", form))
    with lab.given("--blame", blame):
        # Beside a thread that is left nobody else's doing is certain.
        told = found(lab, "source", "fetch", *(f"{form}.bst" for form in forms if form != "thread"))
        told |= found(lab, "source", "fetch", "thread.bst")
    assert {form: [made(violation) for violation in told[form]] for form in forms} == {
        form: [(f"{form}.bst", "second", 0)] for form in forms
    }


def test_the_first_reach_tells_which_of_two_sources_it_was(backend: str, lab_of: Callable[..., Lab]) -> None:
    lab = prepare(lab_of(backend))
    fed(lab, "app", ("second", "pass"), ("second", "project"))
    with lab.given("--blame", "touch"):
        told = found(lab, "source", "fetch", "app.bst")
    assert [made(violation) for violation in told["app"]] == [("app.bst", "second", 1)]
