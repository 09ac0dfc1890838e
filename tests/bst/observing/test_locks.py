"""A lock that a plugin's module or class holds counts for a job in which a function that names it ran."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from enforcer.results.findings import Owner
from tests.bst.builds import Build

locks = pytest.importorskip("enforcer.bst.observing.locks")

HELPERS = """
import threading
from contextlib import contextmanager
SHARED = threading.Lock()

class Base:
    GUARD = threading.RLock()

@contextmanager
def locked():
    with SHARED:
        yield
"""

PLUGIN = """
import collections, functools, threading
import helpers, library
from helpers import Base, locked

LOCK = threading.Lock()
TABLE = {"a": threading.Lock()}
MADE = collections.defaultdict(threading.Lock)
GATES = [threading.Semaphore()]
EMPTY = {}
NUMBERS = {"a": 1}

def exclusive(function):
    guard = LOCK
    @functools.wraps(function)
    def wrapper(*args):
        with guard:
            return function(*args)
    return wrapper

def synchronized(function):
    lock = threading.Lock()
    @functools.wraps(function)
    def wrapper(*args):
        with lock:
            return function(*args)
    return wrapper

@functools.lru_cache
def lock_for(key): return threading.Lock()

class Keeper:
    def __init__(self): self.lock = threading.Lock()

KEEPER = Keeper()

class Kind(Base):
    OWN = threading.Condition()

    def __init__(self): self.lock = threading.Lock(); self.LOCK = self.lock
    def takes_global(self):
        with LOCK: pass
    def takes_from_table(self): TABLE.get("a")
    def takes_one_made(self): return MADE["b"]
    def takes_a_semaphore(self): return GATES[0]
    def takes_own_class_lock(self):
        with self.OWN: pass
    def takes_by_type(self): return type(self).OWN
    def takes_by_class_name(self): return Kind.OWN
    def takes_inherited(self): self.GUARD.acquire(); self.GUARD.release()
    def takes_by_module(self): return helpers.SHARED
    def takes_by_helper(self):
        with locked(): pass
    def takes_by_class_of_module(self): return helpers.Base.GUARD
    def takes_in_nested(self):
        def inner():
            with self.OWN: pass
        inner()
    @exclusive
    def takes_by_decorator(self): pass
    @classmethod
    def takes_as_classmethod(cls): return cls.OWN
    @property
    def guarded(self): return LOCK
    def takes_by_property(self): self.guarded
    def takes_two(self): return LOCK, TABLE
    def takes_from_an_object(self): return KEEPER
    def takes_from_a_memo(self): return lock_for("a")
    @synchronized
    def takes_its_own(self): pass
    def takes_from_a_library(self): return library.LOCK

    def reads_own(self):
        with self.lock: self.LOCK
    def reads_a_local_of_that_name(self):
        LOCK = 1
        return LOCK
    def reads_no_lock(self): return EMPTY, NUMBERS, threading.Lock()
    def has_one_that_does_not_run(self):
        def inner(): return LOCK
"""


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> list[types.ModuleType]:
    library = types.ModuleType("library")
    library.LOCK = threading.Lock()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "library", library)
    made = []
    for name, text in (("helpers", HELPERS), ("plugin", PLUGIN)):
        module = types.ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(text, f"{name}.py", "exec"), vars(module))
        made.append(module)
    return made


def used_by(modules: list[types.ModuleType], call: Callable[[Any], object]) -> set[tuple[str, str]]:
    kind = modules[1].Kind()
    with locks.SharedLocks(modules).watching(lambda frame: None) as used:
        call(kind)
    return {(use.owner.name, use.name) for use in used}


@pytest.mark.parametrize(
    ("method", "lock"),
    [
        ("takes_global", ("plugin", "LOCK")),
        ("takes_from_table", ("plugin", "TABLE")),
        ("takes_one_made", ("plugin", "MADE")),
        ("takes_a_semaphore", ("plugin", "GATES")),
        ("takes_own_class_lock", ("plugin.Kind", "OWN")),
        ("takes_by_type", ("plugin.Kind", "OWN")),
        ("takes_by_class_name", ("plugin.Kind", "OWN")),
        ("takes_inherited", ("helpers.Base", "GUARD")),
        ("takes_by_module", ("helpers", "SHARED")),
        ("takes_by_helper", ("helpers", "SHARED")),
        ("takes_by_class_of_module", ("helpers.Base", "GUARD")),
        ("takes_in_nested", ("plugin.Kind", "OWN")),
        ("takes_by_decorator", ("plugin", "LOCK")),
        ("takes_as_classmethod", ("plugin.Kind", "OWN")),
        ("takes_by_property", ("plugin", "LOCK")),
        ("takes_from_an_object", ("plugin", "KEEPER")),
        ("takes_from_a_memo", ("plugin", "lock_for")),
        ("takes_its_own", ("plugin", "takes_its_own.lock")),
        ("takes_from_a_library", ("library", "LOCK")),
    ],
)
def test_a_function_that_names_a_shared_lock_and_runs_is_seen(
    modules: list[types.ModuleType], method: str, lock: tuple[str, str]
) -> None:
    assert used_by(modules, lambda kind: getattr(kind, method)()) == {lock}


@pytest.mark.parametrize(
    "method", ["reads_own", "reads_a_local_of_that_name", "reads_no_lock", "has_one_that_does_not_run"]
)
def test_what_shares_no_lock_is_not(modules: list[types.ModuleType], method: str) -> None:
    assert used_by(modules, lambda kind: getattr(kind, method)()) == set()


def test_each_use_has_the_line_that_names_the_lock(modules: list[types.ModuleType]) -> None:
    with locks.SharedLocks(modules).watching(lambda frame: None) as used:
        modules[1].Kind().takes_two()
        modules[1].Kind().takes_two()
    line = next(number for number, text in enumerate(PLUGIN.splitlines(), 1) if "def takes_two" in text)
    assert [(use.owner, use.name, use.place) for use in used] == [
        (Owner("module", "plugin"), "LOCK", ("plugin.py", line, "takes_two")),
        (Owner("module", "plugin"), "TABLE", ("plugin.py", line, "takes_two")),
    ]


def test_a_table_counts_once_a_job_has_put_a_lock_into_it(modules: list[types.ModuleType]) -> None:
    shared = locks.SharedLocks(modules)
    modules[1].EMPTY["a"] = threading.Lock()
    shared.learn(Owner("module", "plugin"), "EMPTY")
    with shared.watching(lambda frame: None) as used:
        modules[1].Kind().reads_no_lock()
    assert [use.name for use in used] == ["EMPTY"]


def test_another_thread_is_not_the_job(modules: list[types.ModuleType]) -> None:
    def in_a_thread(kind: Any) -> None:
        thread = threading.Thread(target=kind.takes_global)
        thread.start()
        thread.join()

    assert used_by(modules, in_a_thread) == set()


@contextmanager
def profiled(profiler: Any) -> Iterator[None]:
    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        yield
    finally:
        sys.setprofile(before)


def test_a_profiler_that_is_installed_goes_on(modules: list[types.ModuleType]) -> None:
    entered: list[str] = []

    def profiler(frame: types.FrameType, event: str, argument: object) -> None:
        if event == "call":
            entered.append(frame.f_code.co_name)

    with profiled(profiler):
        used = used_by(modules, lambda kind: kind.takes_global())
        assert sys.getprofile() is profiler
    assert used == {("plugin", "LOCK")}
    assert entered.count("takes_global") == 1


def test_nothing_is_installed_where_no_module_has_a_lock() -> None:
    module = types.ModuleType("plugin")
    exec("def f(): return 1", vars(module))
    with locks.SharedLocks([module]).watching(lambda frame: None) as used:
        assert sys.getprofile() is None
        module.f()
    assert used == []


def test_everything_is_taken_off_when_the_job_fails(modules: list[types.ModuleType]) -> None:
    with pytest.raises(ZeroDivisionError), locks.SharedLocks(modules).watching(lambda frame: None):
        raise ZeroDivisionError
    assert sys.getprofile() is None
    if sys.version_info >= (3, 12):
        assert "enforcer" not in map(sys.monitoring.get_tool, range(6))


@pytest.mark.parametrize("mode", ["strict", "soft"])
def test_a_warning_fails_no_job_and_is_told_in_every_place(build: Build, mode: str) -> None:
    plugin = build.project / "plugins" / "acts.py"
    plugin.write_text(plugin.read_text() + "\nLOCKS = {}\n")
    build.element("app", "LOCKS['a'] = threading.Lock()", "base")
    ran = build.enforced("build", "app.bst", mode=mode)
    assert ran.status == 0, ran.output
    assert ran.rules == ["process-local-lock"]
    assert (ran.report["verdict"], ran.report["violations"][0]["severity"]) == ("warned", "warning")
    assert f"WARNING enforcement {mode}: process-local-lock" in ran.output
    assert f"enforcement {mode} on threads: warned" in ran.output
    assert build.artifacts_of("app")
