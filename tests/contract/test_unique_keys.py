"""To ask for unique keys once more is nothing that anybody notices, on every backend; and drift is found by it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.contract.lab import Lab, Step

_ASKED = """
    def get_unique_key(self):
        print("printed {name}")
        sys.stderr.write("written {name}\\n")
        self.info("informed {name}")
        self.warn("warned {name}")
        with self.timed_activity("timed {name}"):
            warnings.warn("cautioned {name}")
        logging.getLogger("acme").warning("logged {name}")
        self.calls += 1
        self.seen.append(self.calls)
        self.late = self.calls
        STATE["calls"] = STATE.get("calls", 0) + 1
        type(self).CALLS.append(self.calls)
        self._get_project().base_environment["CALLS"] = str(len(type(self).CALLS))
        os.environ["CALLS_{name}"] = str(len(type(self).CALLS))
        return {{"path": self.path}}

    def told(self):
        return repr((self.calls, self.seen, self.late, STATE, type(self).CALLS, os.environ["CALLS_{name}"],
                     self._get_project().base_environment.get_str("CALLS")))
"""
_ELEMENT = (
    """
import logging, os, sys, warnings
from buildstream import Element

STATE = {}


class Asked(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    CALLS = []

    def configure(self, node):
        self.path = node.get_str("path", "")
        self.calls, self.seen = 0, []

    def preflight(self):
        pass

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass
"""
    + _ASKED.format(name="element")
    + """
    def assemble(self, sandbox):
        self.info("element " + self.told())
        for source in self.sources():
            self.info("source " + source.told())
        if self.path == "drifts":
            self.path = "elsewhere"
        return "/"


def setup():
    return Asked
"""
)
_SOURCE = (
    """
import logging, os, sys, warnings
from buildstream import Source

STATE = {}


class Feeds(Source):
    BST_MIN_VERSION = "2.5"
    CALLS = []

    def configure(self, node):
        self.path = node.get_str("path", "")
        self.calls, self.seen, self.fetched = 0, [], False

    def preflight(self):
        pass

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

    def stage(self, directory):
        pass
"""
    + _ASKED.format(name="source")
    + """
    def fetch(self):
        self.info("fetching " + self.told())
        self.fetched = True
        if self.path == "drifts":
            self.path = "elsewhere"


def setup():
    return Feeds
"""
)
_PLUGINS = "- origin: local\n  path: plugins\n  elements: [asked]\n"
_SAID = re.compile(
    r"(?:printed|written|informed|warned|timed|cautioned|logged|element|source|fetching) (?:element|source|\().*"
)


def build(lab: Lab, path: str = "") -> Step:
    """Build two elements, each with a source."""
    lab.write_project(more=_PLUGINS)
    lab.write("plugins/asked.py", _ELEMENT)
    lab.write("plugins/feeds.py", _SOURCE)
    for name, needs in (("base", ""), ("app", "build-depends:\n- base.bst\n")):
        # Each has a source of its own, to be fetched.
        own = path or name
        lab.raw_element(name, f"kind: asked\nconfig:\n  path: {own}\n{needs}sources:\n- kind: feeds\n  path: {own}\n")
    return lab.bst("--on-error", "continue", "build", "app.bst", PYTHONWARNINGS="always")


def said(step: Step) -> Counter[str]:
    """What plugins said, and how often."""
    return Counter(line for text in (step.stdout, step.stderr, step.log) for line in _SAID.findall(text))


@pytest.fixture(scope="module")
def in_stock(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    lab = Lab(tmp_path_factory.mktemp("stock"))
    try:
        return said(build(lab))
    finally:
        lab.close()


def test_nobody_hears_or_sees_that_it_was_asked_again(
    backend: str, lab_of: Callable[..., Lab], in_stock: Counter[str]
) -> None:
    lab = lab_of(backend)
    step = build(lab)
    assert lab.report()["violations"] == []
    assert step.status == 0
    assert said(step) == in_stock
    assert {line.split()[0] for line in in_stock} == {
        *("printed", "written", "informed", "warned", "cautioned", "logged"),
        *("element", "source", "fetching"),
    }


def test_drift_is_found_and_nothing_else_of_the_call(backend: str, lab_of: Callable[..., Lab]) -> None:
    lab = lab_of(backend, "discard")
    build(lab, "drifts")
    found = {(each["rule"], each["owner"]["kind"], each["path"]) for each in lab.report()["violations"]}
    assert found == {
        ("key-drift", "element", "get_unique_key()"),
        ("key-drift", "source", "sources[0].get_unique_key()"),
    }
