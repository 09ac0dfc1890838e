"""Which jobs can come to a lock that plugins share: every one that can, and no other where that can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("buildstream")

from buildstream._context import Context
from buildstream._project import Project

from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.observing.lock_users import LockUsers
from enforcer.bst.observing.searches import PluginSearches
from tests.bst.builds import Build

ACTIONS = ("Track", "Fetch", "Build", "Pull")

_SOURCE = """
import collections, functools, threading, weakref
from buildstream import Source, SourceFetcher

class Plain(Source):
    BST_MIN_VERSION = "2.5"
    def configure(self, node): pass
    def preflight(self): pass
    def get_unique_key(self): return {}
    def load_ref(self, node): pass
    def get_ref(self): return None
    def set_ref(self, ref, node): pass
    def is_resolved(self): return True
    def is_cached(self): return True
    def track(self): pass
    def fetch(self): pass
    def stage(self, directory): pass

"""

_ELEMENT = """
import threading
from buildstream import Element

LOCK = threading.Lock()

class Plain(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    def configure(self, node): pass
    def preflight(self): pass
    def get_unique_key(self): return {}
    def configure_sandbox(self, sandbox): pass
    def stage(self, sandbox): pass
    def assemble(self, sandbox): return "/"

"""

_HELPERS = """
import threading
SHARED = threading.Lock()
TABLE = {}
def locked(): return SHARED
def lock_for(key): return TABLE.setdefault(key, threading.Lock())
"""

# Source plugins: their code, what they come to, and in which jobs.
SOURCES = {
    "in_fetch": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def fetch(self):
        with LOCK: pass
""",
        "LOCK",
        "Fetch",
    ),
    "in_track": (
        """
LOCK = threading.RLock()
class Kind(Plain):
    def track(self):
        with LOCK: pass
""",
        "LOCK",
        "Track",
    ),
    "in_stage": (
        """
LOCK = threading.Semaphore(2)
class Kind(Plain):
    def stage(self, directory):
        with LOCK: pass
""",
        "LOCK",
        "Fetch",
    ),
    "fetched_for_others": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    BST_REQUIRES_PREVIOUS_SOURCES_TRACK = True
    def fetch(self):
        with LOCK: pass
""",
        "LOCK",
        "Track Fetch",
    ),
    "in_its_key": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def get_unique_key(self):
        with LOCK: return {}
""",
        "LOCK",
        "Track Fetch Build Pull",
    ),
    "kept_when_configured": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def configure(self, node): self.guard = LOCK
    def fetch(self):
        with self.guard: pass
""",
        "LOCK",
        "Track Fetch Build",
    ),
    "asked_by_others": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def collect_source_info(self):
        with LOCK: return []
""",
        "LOCK",
        "Track Fetch Build",
    ),
    "in_a_helper_method": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def fetch(self): self.ensure()
    def ensure(self):
        with LOCK: pass
""",
        "LOCK",
        "Fetch",
    ),
    "by_a_text": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def fetch(self): getattr(self, "ensure")()
    def ensure(self):
        with LOCK: pass
""",
        "LOCK",
        "Fetch",
    ),
    "in_a_property": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def fetch(self): self.guard
    @property
    def guard(self): return LOCK
""",
        "LOCK",
        "Fetch",
    ),
    "in_a_mixin": (
        """
class Mixin:
    LOCK = threading.Lock()
    def ensure(self):
        with self.LOCK: pass
class Kind(Mixin, Plain):
    def fetch(self): self.ensure()
""",
        "LOCK",
        "Fetch",
    ),
    "in_a_fetcher": (
        """
LOCKS = {}
class Fetcher(SourceFetcher):
    def fetch(self, alias_override=None, **kwargs):
        with LOCKS.setdefault("a", threading.Lock()): pass
class Kind(Plain):
    def load_ref(self, node): self.fetchers = [Fetcher()]
    def get_source_fetchers(self): return self.fetchers
""",
        "LOCKS",
        "Fetch",
    ),
    "in_a_thread": (
        """
LOCK = threading.Lock()
class Download(threading.Thread):
    def run(self):
        with LOCK: pass
class Kind(Plain):
    def fetch(self): Download().start()
""",
        "LOCK",
        "Fetch",
    ),
    "by_a_table_of_classes": (
        """
LOCK = threading.Lock()
class Git:
    def get(self):
        with LOCK: pass
KINDS = {"git": Git}
class Kind(Plain):
    def fetch(self): KINDS["git"]().get()
""",
        "LOCK",
        "Fetch",
    ),
    "table": (
        """
LOCKS = {}
class Kind(Plain):
    def fetch(self):
        if "a" not in LOCKS: LOCKS["a"] = threading.Lock()
        with LOCKS["a"]: pass
""",
        "LOCKS",
        "Fetch",
    ),
    "table_of_another_maker": (
        """
from threading import Lock as Guard
LOCKS = collections.OrderedDict()
def make(): return Guard()
class Kind(Plain):
    def fetch(self):
        with LOCKS.setdefault("a", self.one()): pass
    def one(self): return make()
""",
        "LOCKS",
        "Fetch",
    ),
    "table_of_the_class": (
        """
class Kind(Plain):
    LOCKS = {}
    def fetch(self):
        with self.LOCKS.setdefault("a", threading.Lock()): pass
""",
        "LOCKS",
        "Fetch",
    ),
    "table_that_makes_them": (
        """
LOCKS = collections.defaultdict(threading.Lock)
class Kind(Plain):
    def fetch(self):
        with LOCKS["a"]: pass
""",
        "LOCKS",
        "Fetch",
    ),
    "table_that_makes_them_by_a_function": (
        """
LOCKS = collections.defaultdict(lambda: threading.Lock())
class Kind(Plain):
    def fetch(self):
        with LOCKS["a"]: pass
""",
        "LOCKS",
        "Fetch",
    ),
    "table_that_forgets": (
        """
LOCKS = weakref.WeakValueDictionary()
class Kind(Plain):
    def fetch(self):
        with LOCKS.setdefault("a", threading.Lock()): pass
""",
        "LOCKS",
        "Fetch",
    ),
    "memo": (
        """
@functools.lru_cache(maxsize=None)
def lock_for(key): return threading.Lock()
class Kind(Plain):
    def fetch(self):
        with lock_for("a"): pass
""",
        "lock_for",
        "Fetch",
    ),
    "decorator": (
        """
def synchronized(function):
    lock = threading.Lock()
    @functools.wraps(function)
    def wrapper(*args):
        with lock: return function(*args)
    return wrapper
class Kind(Plain):
    @synchronized
    def fetch(self): pass
""",
        "fetch.lock",
        "Fetch",
    ),
    "default": (
        """
class Kind(Plain):
    def fetch(self): self.get()
    def get(self, lock=threading.Lock()):
        with lock: pass
""",
        "get.lock",
        "Fetch",
    ),
    "helper_object": (
        """
class Mirrors:
    def __init__(self): self.lock = threading.Lock()
    def get(self):
        with self.lock: pass
MIRRORS = Mirrors()
class Kind(Plain):
    def fetch(self): MIRRORS.get()
""",
        "MIRRORS",
        "Fetch",
    ),
    "helper_object_with_a_table": (
        """
class Locks:
    def __init__(self): self.table = {}
    def get(self, key): return self.table.setdefault(key, threading.Lock())
MIRRORS = Locks()
class Kind(Plain):
    def fetch(self):
        with MIRRORS.get("a"): pass
""",
        "MIRRORS",
        "Fetch",
    ),
    "helper_module": (
        """
from ._helpers import SHARED
class Kind(Plain):
    def fetch(self):
        with SHARED: pass
""",
        "SHARED",
        "Fetch",
    ),
    "function_of_a_helper_module": (
        """
from . import _helpers
class Kind(Plain):
    def fetch(self):
        with _helpers.lock_for("a"): pass
""",
        "TABLE",
        "Fetch",
    ),
    "imported_late": (
        """
from . import _helpers as loaded
class Kind(Plain):
    def fetch(self):
        from ._helpers import locked
        with locked(): pass
""",
        "SHARED",
        "Fetch",
    ),
    "lock_of_its_own": (
        """
class Kind(Plain):
    def configure(self, node): self.lock = threading.Lock()
    def fetch(self):
        with self.lock: pass
""",
        "",
        "",
    ),
    "lock_of_the_job": (
        """
SEEN = {}
class Kind(Plain):
    def fetch(self):
        with threading.Lock(): pass
    def track(self): return SEEN.get("a")
""",
        "",
        "",
    ),
    "named_by_no_code_that_runs": (
        """
LOCK = threading.Lock()
class Kind(Plain):
    def unused(self):
        with LOCK: pass
""",
        "",
        "",
    ),
}

# Element plugins: their code, and whose jobs come to it.
ELEMENTS = {
    "assembles": ("class Kind(Plain):\n    def assemble(self, sandbox): return LOCK and '/'", {"own": "Build"}),
    "integrates": (
        "class Kind(Plain):\n    def integrate(self, sandbox): LOCK",
        {"own": "Build", "above": "Build", "far above": "Build"},
    ),
    "has_a_method": (
        "class Kind(Plain):\n    def tell(self): LOCK",
        {"asks": "Build"},
    ),
}


class Plugins(Build):
    """A project with an element for each of the plugins above."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        kinds = [f"  sources: [{', '.join(SOURCES)}, plain]\n", f"  elements: [{', '.join(ELEMENTS)}, asks]\n"]
        self._write("project.conf", _CONF + "".join(kinds))
        self._write("plugins/_helpers.py", _HELPERS)
        self._plugin("plain", _SOURCE, "class Kind(Plain): pass")
        for kind, (code, _, _) in SOURCES.items():
            self._plugin(kind, _SOURCE, code)
            self._write(f"elements/{kind}.bst", f"kind: import\nsources:\n- kind: plain\n- kind: {kind}\n")
        self._plugin("asks", _ELEMENT.replace("LOCK = ", "OTHER = "), _ASKS)
        for kind, (code, _) in ELEMENTS.items():
            self._plugin(kind, _ELEMENT, code)
            self._write(f"elements/{kind}.bst", f"kind: {kind}\n")
            self._write(f"elements/{kind}-above.bst", f"kind: import\nsources:\n- kind: plain\ndepends: [{kind}.bst]\n")
            self._write(f"elements/{kind}-far-above.bst", f"kind: stack\ndepends: [{kind}-above.bst]\n")
            self._write(f"elements/{kind}-asks.bst", f"kind: asks\ndepends: [{kind}.bst]\n")

    def _plugin(self, kind: str, before: str, code: str) -> None:
        self._write(f"plugins/{kind}.py", f"{before}{code}\ndef setup(): return Kind\n")


_ASKS = """
class Kind(Plain):
    def assemble(self, sandbox):
        for dep in self.dependencies(): dep._plugin.tell()
        return "/"
"""
_CONF = """
name: tiny
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
"""

Comes = Callable[[str], dict[str, set[str]]]


@pytest.fixture(scope="module")
def comes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comes]:
    """Which locks the jobs of an element can come to, by action."""
    made = Plugins(tmp_path_factory.mktemp("users"))
    made._arguments()
    # Whatever is asked for a cache starts a casd, which ends with the context.
    with Context(use_casd=False) as context:
        context.load(str(made.directory / "buildstream.conf"))
        context.messenger.set_message_handler(lambda message, is_silenced: None)
        project = Project(str(made.project), context)
        project.ensure_fully_loaded()
        targets = [path.name for path in (made.project / "elements").iterdir()]
        elements = {element.name: element for element in project.load_elements(targets)}
        run_graph = RunGraph(context)
        users = LockUsers(run_graph, PluginSearches(run_graph).locks)

        def found(name: str) -> dict[str, set[str]]:
            jobs = {action: {lock.name for lock in users.locks(elements[f"{name}.bst"], action)} for action in ACTIONS}
            return {action: names for action, names in jobs.items() if names}

        yield found


@pytest.mark.parametrize("kind", SOURCES)
def test_the_jobs_of_an_element_come_to_the_locks_of_its_source(kind: str, comes: Comes) -> None:
    _, lock, actions = SOURCES[kind]
    assert comes(kind) == {action: {lock} for action in actions.split()}


@pytest.mark.parametrize("whose", ["own", "above", "far above", "asks"])
@pytest.mark.parametrize("kind", ELEMENTS)
def test_a_build_comes_to_the_locks_of_what_it_depends_on_where_others_can_ask_for_it(
    kind: str, whose: str, comes: Comes
) -> None:
    actions = ELEMENTS[kind][1].get(whose, "")
    name = kind if whose == "own" else f"{kind}-{whose.replace(' ', '-')}"
    if (kind, whose) == ("integrates", "asks"):
        actions = "Build"
    assert comes(name) == {action: {"LOCK"} for action in actions.split()}
