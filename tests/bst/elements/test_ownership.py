"""Whose a container is that several elements hold: the same in all orders of loading."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from buildstream._context import Context
from buildstream._project import Project

from enforcer.bst.attach import attach
from enforcer.bst.elements import acquired, run_graph
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.session import Session
from enforcer.settings.settings import Settings

_CONF = """
name: probe
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
  elements: [acts]
  sources: [feeds]
"""

_ELEMENT = """
from concurrent.futures import Future

from buildstream import Element
from buildstream.types import _Scope

TABLE = {"names": []}

# What it keeps is in no place that anybody walks.
HIDDEN = Future()
HIDDEN.set_result({"first": [], "second": [], "third": []})


class Acts(Element):
    BST_MIN_VERSION = "2.5"
    DEFAULT = []

    def configure(self, node):
        self.role = node.get_str("role")
        self.code = node.get_str("told", "pass")
        exec(node.get_str("made", "pass"), globals(), {"self": self})

    def configure_dependencies(self, dependencies):
        named = {dep.role: dep for dep in self._dependencies(_Scope.ALL) if dep is not self}
        exec(self.code, globals(), {"self": self, **named})

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}


def setup():
    return Acts
"""

_SOURCE = """
from buildstream import Source


class Feeds(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        self.patches = []

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def is_resolved(self):
        return True

    def load_ref(self, node):
        pass

    def get_ref(self):
        return None

    def set_ref(self, ref, node):
        pass


def setup():
    return Feeds
"""

MADE = {
    "base": """
self.own, self.box, self.empty = [], {"a": [[]]}, {}
self.early, self.unseen = HIDDEN.result()["first"], HIDDEN.result()["third"]
self.left = []
self.default, self.names, self.options = self.DEFAULT, TABLE["names"], self._get_project().options
""",
    "app": """
self.pushed, self.entered = [], []
self.default, self.names, self.options = self.DEFAULT, TABLE["names"], self._get_project().options
""",
    "other": """
self.early, self.late = HIDDEN.result()["first"], HIDDEN.result()["second"]
""",
}
TOLD = {
    "mid": """
self.own, self.inner, self.patches = base.own, base.box["a"], next(base.sources()).patches
self.mine = []
self.moved, base.left = base.left, None
""",
    "app": """
self.own, self.deep, self.add = base.own, (1, base.box["a"][0]), mid.mine.append
self.patches = mid.patches
self.late, self.unseen = HIDDEN.result()["second"], HIDDEN.result()["third"]
base.given, base.empty["app"] = self.pushed, self.entered
mid.given = self.given = []
""",
}
NEEDS = {"base": [], "other": [], "mid": ["base"], "app": ["mid", "base"]}
WHOSE = {
    "own": "base",
    "box": "base",
    "inner": "base",
    "deep[1]": "base",
    "patches": "base",
    "mine": "mid",
    "pushed": "app",
    "empty": "base",
    "empty['app']": "app",
    "given": "app",
    "moved": "mid",
    # A known limit: the dependent may have it from its dependency.
    "unseen": "base",
    "early": "several elements",
    "late": "several elements",
    "default": "acts.Acts",
    "names": "acts",
    "options": "probe",
}
"""Who owns what is there, by the way to it from whoever has such an attribute."""


class Loading:
    """A project on disk, loaded anew in another order each time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._write("project.conf", _CONF)
        self._write("plugins/acts.py", _ELEMENT)
        self._write("plugins/feeds.py", _SOURCE)
        (directory / "bst.conf").write_text(f"cachedir: {directory}/cache\n", encoding="utf-8")

    def _write(self, name: str, text: str) -> None:
        path = self.directory / "probe" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def element(self, name: str, role: str, needs: list[str]) -> None:
        config = {"role": role, "made": MADE.get(role, "pass"), "told": TOLD.get(role, "pass")}
        text = ["kind: acts", "config:", *(f"  {key}: {json.dumps(value)}" for key, value in config.items())]
        text += ["sources:", "- kind: feeds"] if role == "base" else []
        text += ["build-depends:", *(f"- {need}" for need in needs)] if needs else []
        self._write(f"elements/{name}.bst", "\n".join([*text, ""]))

    def load(self, *targets: str, noted: bool = True) -> RunGraph:
        # Without a casd there is no gRPC: nothing is built here.
        with Context(use_casd=False) as context:
            self._load(context, targets)
            if not noted:
                acquired.forget()
            return RunGraph(context)

    def _load(self, context: Context, targets: Iterable[str]) -> None:
        context.load(str(self.directory / "bst.conf"))
        context.messenger.set_message_handler(lambda message, is_silenced: None)
        project = Project(str(self.directory / "probe"), context)
        project.ensure_fully_loaded()
        project.load_elements([f"{target}.bst" for target in targets])


@pytest.fixture
def loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    # To walk all of BuildStream's modules takes ten times as long as the rest, and to search all libraries twice.
    monkeypatch.setattr(run_graph, "_is_core_module", lambda name, module: name == "buildstream.source")
    monkeypatch.setattr(run_graph, "library_places", lambda *_: {})
    take_off = attach(Session(Settings()))
    yield Loading(tmp_path)
    take_off()


def whose(loaded: RunGraph) -> dict[str, set[str]]:
    """The owners of what stands at each place of `WHOSE`, in any of the elements that have it; elements by role."""
    roles = {loaded.unit_of(element).name: element.role for element in loaded.elements}
    found: dict[str, set[str]] = {}
    for place in WHOSE:
        for element in loaded.elements:
            try:
                obj = eval(f"element.{place}", {"element": element})
            except (AttributeError, KeyError):
                continue
            name = loaded.graph.registry.owner[id(obj)].name
            found.setdefault(place, set()).add(roles.get(name, name))
    return found


EXPECTED = {place: {owner} for place, owner in WHOSE.items()}


def _orders() -> Iterator[tuple[dict[str, str], bool, list[str]]]:
    """The roles' names, all of them, with all orders of needs and targets; whether needs are listed in reverse."""
    others = itertools.cycle(itertools.product((False, True), itertools.permutations(NEEDS)))
    for names in itertools.permutations("abcd"):
        named = dict(zip(NEEDS, names, strict=True))
        for turned, targets in itertools.islice(others, 2):
            yield named, turned, [named[target] for target in targets]


def test_the_owner_is_who_had_it_first_in_whatever_order_elements_are_named_needed_and_asked_for(
    loading: Loading,
) -> None:
    for named, turned, targets in _orders():
        for role, needs in NEEDS.items():
            loading.element(named[role], role, [f"{named[need]}.bst" for need in needs[:: -1 if turned else 1]])
        assert whose(loading.load(*targets)) == EXPECTED, (named, turned, targets)


def test_where_nobody_looked_the_element_counts_that_needs_no_other_holder(loading: Loading) -> None:
    for role, needs in NEEDS.items():
        loading.element(role, role, [f"{need}.bst" for need in needs])
    found = whose(loading.load("app", "other", noted=False))
    # What a dependent gave away is taken for the dependency's.
    others = {"pushed": {"base"}, "empty['app']": {"base"}, "given": {"base", "mid"}}
    assert found == {**EXPECTED, **others}
