"""State of every kind that jobs share, or that is an element's own: how each is read and written, without the enforcer.

Beside a graph of all of it: three elements, a plugin's module, and the process, row by row.
"""

from __future__ import annotations

import array
import ast
import asyncio
import collections
import colorsys
import copyreg
import csv
import decimal
import encodings.aliases
import functools
import gc
import gettext
import http.client
import io
import itertools
import locale
import logging
import math
import mimetypes
import multiprocessing
import os
import queue
import random
import resource
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import textwrap
import threading
import time
import types
import urllib.request
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple
from xml.etree import ElementTree

from enforcer.blame.reach import Doors, Reach
from enforcer.bst.elements.process.patched import Patched
from enforcer.bst.elements.process.units import Process
from enforcer.bst.elements.run_graph import evading_units, module_units
from enforcer.bst.elements.walk_policy import BstPolicy
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from tests.bst.gating import CONTEXT, LittleWorld, Plain

PROCESS, MODULE, ELEMENT, COMMON = "process", "module", "element", "several elements"
Reader = Callable[[Any], Any]
Writer = Callable[[Any, Any], object]


class State(NamedTuple):
    """One piece of state.

    Attributes:
        told: the rows, or the first names of the ways, under which a change of it is told.
        where: whose it is.
        read: what it is now, of the world's elements, module and so on, as plain data.
        put: make it that.
        values: what it may be, by a number.
    """

    told: tuple[str, ...]
    where: str
    read: Reader
    put: Writer
    values: Callable[[int], Any]


def _either(*values: Any) -> Callable[[int], Any]:
    return lambda number: values[number % len(values)]


def _row(
    name: str, read: Callable[[], Any], put: Callable[[Any], object], values: Callable[[int], Any], *more: str
) -> State:
    return State((name, *more), PROCESS, lambda _: read(), lambda _, value: put(value), values)


def _attribute(name: str, owner: Any, attribute: str, *values: Any) -> State:
    return _row(
        name, lambda: getattr(owner, attribute), lambda value: setattr(owner, attribute, value), _either(*values)
    )


def _entry(name: str, table: Any, key: Any, values: Callable[[int], Any], put: Callable[[Any], object]) -> State:
    """An entry of a table that is not there in the beginning."""

    def set_(value: Any) -> None:
        if value is None:
            table.pop(key, None)
        else:
            put(value)

    return _row(name, lambda: table.get(key), set_, values)


def _listed(name: str, find: Callable[[], list[Any]], *values: Any, after: Callable[[], object] = str) -> State:
    """A list of the process, with another first entry or as it is."""

    def put(value: Any) -> None:
        find()[:] = value
        after()

    before = tuple(find())
    return _row(name, lambda: tuple(find()), put, _either(*((value, *before) for value in values)))


class _Policy(asyncio.DefaultEventLoopPolicy):
    pass


class _Finder:
    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        return None


def _nothing(*args: Any, **keywords: Any) -> None:
    return None


def _nothing_else(*args: Any, **keywords: Any) -> None:
    return None


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def _set_zone(zone: str | None) -> None:
    os.environ.pop("TZ", None)
    if zone is not None:
        os.environ["TZ"] = zone
    time.tzset()


def _set_level_name(name: str) -> None:
    for table in (logging._levelToName, logging._nameToLevel):
        for key in [key for key, value in table.items() if 15 in (key, value)]:
            del table[key]  # type: ignore[arg-type]
    if name != "Level 15":
        logging.addLevelName(15, name)


def _has_format() -> bool:
    return "acme" in [name for name, *_ in shutil.get_unpack_formats()]


def _set_format(there: bool) -> None:
    if _has_format() and not there:
        shutil.unregister_unpack_format("acme")
    if there and not _has_format():
        shutil.register_unpack_format("acme", [".acme"], _nothing)


def _set_type(name: str | None) -> None:
    if name is not None:
        mimetypes.add_type(name, ".acme")
        return
    types_, extensions = (table[True] for table in (mimetypes._db.types_map, mimetypes._db.types_map_inv))  # type: ignore[union-attr]
    extensions.pop(types_.pop(".acme", ""), None)


def _limit(soft: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def _random_state(seed: int) -> Any:
    return random.Random(seed).getstate()


def _openers(number: int) -> Any:
    return _OPENERS[number % 2]


_OPENERS = [urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler()) for _ in range(2)]
_MODULES = [types.ModuleType(colorsys.__name__) for _ in range(2)]
_ENTERED = [types.ModuleType("acme") for _ in range(2)]


def rows() -> list[State]:
    """What belongs to the process; not before a test runs, which has streams and filters of its own."""
    return [
        _entry("os.environ", os.environ, "ACME", str, lambda value: os.environ.update(ACME=value)),
        _row("os.chdir()", os.getcwd, os.chdir, _either("/", "/usr")),
        _row("os.umask()", _umask, os.umask, _either(0o71, 0o72)),
        _row(
            "locale.setlocale()",
            lambda: locale.setlocale(locale.LC_NUMERIC),
            lambda value: locale.setlocale(locale.LC_NUMERIC, value),
            _either("C", "C.UTF-8"),
        ),
        _row(
            "time.tzset()", lambda: os.environ.get("TZ"), _set_zone, _either("Asia/Tokyo", "Asia/Dubai"), "os.environ"
        ),
        _row(
            "signal.pthread_sigmask()",
            lambda: frozenset(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            lambda value: signal.pthread_sigmask(signal.SIG_SETMASK, value),
            _either(frozenset({signal.SIGUSR1}), frozenset({signal.SIGUSR2})),
        ),
        _row(
            "signal.setitimer(), signal.alarm()",
            lambda: math.ceil(signal.getitimer(signal.ITIMER_VIRTUAL)[0] / 10000),
            lambda value: signal.setitimer(signal.ITIMER_VIRTUAL, value * 10000),
            _either(1),
        ),
        _row("resource.setrlimit()", lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0], _limit, _either(900, 901)),
        _row("socket.setdefaulttimeout()", socket.getdefaulttimeout, socket.setdefaulttimeout, float),
        _attribute("ssl._create_default_https_context", ssl, "_create_default_https_context", _nothing, _nothing_else),
        _row(
            "urllib.request.install_opener()",
            lambda: urllib.request._opener,  # type: ignore[attr-defined]
            urllib.request.install_opener,  # type: ignore[arg-type]
            _openers,
        ),
        _attribute("http.client.HTTPConnection.debuglevel", http.client.HTTPConnection, "debuglevel", 1, 2),
        _listed(
            "warnings.filters",
            lambda: warnings.filters,  # type: ignore[arg-type, return-value]
            ("ignore", None, Warning, None, 1),
            ("ignore", None, Warning, None, 2),
            after=warnings._filters_mutated,  # type: ignore[attr-defined]
        ),
        _attribute("warnings.showwarning", warnings, "showwarning", _nothing, _nothing_else),
        _attribute(
            "logging.basicConfig(), levels and handlers of loggers", logging.getLogger("asyncio"), "level", 41, 42
        ),
        _row("logging.disable()", lambda: logging.root.manager.disable, logging.disable, _either(41, 42)),
        _row(
            "logging.setLoggerClass(), logging.addLevelName(), logging.raiseExceptions",
            lambda: logging.getLevelName(15),
            _set_level_name,
            _either("ACME", "MORE"),
        ),
        _attribute("sys.stdout, sys.stderr, sys.stdin", sys, "stdout", io.StringIO(), io.StringIO()),
        _attribute(
            "sys.excepthook, sys.unraisablehook, sys.displayhook, sys.breakpointhook, threading.excepthook",
            sys,
            "displayhook",
            _nothing,
            _nothing_else,
        ),
        _row(
            "sys.settrace(), sys.setprofile(), threading.settrace(), threading.setprofile()",
            lambda: threading._profile_hook,  # type: ignore[attr-defined]
            threading.setprofile,
            _either(_nothing, _nothing_else),
        ),
        _row("sys.setrecursionlimit()", sys.getrecursionlimit, sys.setrecursionlimit, lambda number: 5000 + number),
        _row("sys.setswitchinterval()", sys.getswitchinterval, sys.setswitchinterval, _either(0.25, 0.125)),
        _row("threading.stack_size()", _stack_size, threading.stack_size, _either(1 << 21, 1 << 22)),
        _row(
            "gc.disable(), gc.set_threshold(), gc.set_debug()",
            gc.get_threshold,
            lambda value: gc.set_threshold(*value),
            _either((701, 10, 10), (702, 10, 10)),
        ),
        _listed("gc.callbacks", lambda: gc.callbacks, _nothing, _nothing_else),
        _listed("sys.argv", lambda: sys.argv, "--acme", "--more"),
        _attribute("sys.executable, sys.prefix, sys.dont_write_bytecode", sys, "pycache_prefix", "/acme", "/more"),
        _listed("sys.path", lambda: sys.path, "/acme", "/more"),
        _listed("sys.meta_path, sys.path_hooks", lambda: sys.meta_path, _Finder, _Finder()),
        _row(
            "sys.modules",
            lambda: sys.modules["colorsys"],
            lambda value: sys.modules.__setitem__("colorsys", value),
            _either(*_MODULES),
        ),
        _entry("builtins", vars(_builtins()), "acme", str, lambda value: vars(_builtins()).__setitem__("acme", value)),
        _row("random.seed()", random.getstate, random.setstate, _random_state),
        _row(
            "tempfile.tempdir",
            tempfile.gettempdir,  # which fills it
            lambda value: setattr(tempfile, "tempdir", value),
            _either("/usr", "/etc"),
        ),
        _attribute("tempfile.template", tempfile, "template", "acme", "more"),
        _row(
            "decimal.getcontext(), decimal.DefaultContext",
            lambda: decimal.DefaultContext.prec,
            lambda value: setattr(decimal.DefaultContext, "prec", value),
            _either(3, 4),
        ),
        _row(
            "shutil.register_unpack_format(), shutil.register_archive_format()",
            _has_format,
            _set_format,
            _either(True),
        ),
        _row("mimetypes.add_type()", lambda: mimetypes.guess_type("a.acme")[0], _set_type, _either("a/acme", "b/acme")),
        _entry(
            "xml.etree.ElementTree.register_namespace()",
            ElementTree._namespace_map,  # type: ignore[attr-defined]
            "https://acme",
            _either("acme", "more"),
            lambda value: ElementTree.register_namespace(value, "https://acme"),
        ),
        _row(
            "csv.field_size_limit(), csv.register_dialect()",
            csv.field_size_limit,
            csv.field_size_limit,
            lambda number: 99999 + number,
        ),
        _entry(
            "copyreg.pickle()",
            copyreg.dispatch_table,
            _Finder,
            _either(_nothing, _nothing_else),
            lambda value: copyreg.pickle(_Finder, value),
        ),
        _entry(
            "encodings.aliases",
            encodings.aliases.aliases,
            "acme",
            _either("latin_1", "utf_8"),
            lambda value: encodings.aliases.aliases.__setitem__("acme", value),
        ),
        _row("gettext.textdomain(), gettext.bindtextdomain()", gettext.textdomain, gettext.textdomain, str),
        _row(
            "asyncio.set_event_loop_policy()",
            asyncio.get_event_loop_policy,
            asyncio.set_event_loop_policy,
            _either(_Policy(), _Policy()),
        ),
        _row(
            "multiprocessing.set_start_method()",
            # The first one is what is used where none was set, as soon as one is needed.
            lambda: multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0],
            lambda value: multiprocessing.set_start_method(value, force=True),
            _either("spawn", "forkserver"),
        ),
        State(
            ("textwrap",),
            PROCESS,
            lambda _: textwrap.dedent,
            lambda _, value: setattr(textwrap, "dedent", value),
            _either(_nothing, _nothing_else),
        ),
    ]


LEFT_OUT = {
    "os.putenv()": "no program of Python reads it back: tests/bst/elements/test_process_units.py",
    "signal.signal()": "only the main thread may, and jobs have another",
    "os.nice(), os.setpriority()": "not everybody may take it back",
    "os.sched_setaffinity()": "not every machine has two processors",
    "the descriptors 0 to 2": "pytest has them",
    "faulthandler.enable(), faulthandler.disable()": "pytest has it",
    "atexit.register()": "cannot be put back",
}
"""The rows that no program writes to, with the reason."""


def _stack_size() -> int:
    now = threading.stack_size()
    threading.stack_size(now)
    return now


def _builtins() -> types.ModuleType:
    import builtins

    return builtins


MODULE_NAME = "shared_acts"
MODULE_TEXT = """
import array, collections, contextvars, functools, io, random, threading

TABLE = {}
TEXT = io.StringIO("text")
NUMBERS = array.array("i", [1])
DRAWS = random.Random(1)
LOCAL = threading.local()
CURRENT = contextvars.ContextVar("CURRENT", default="nothing")


@functools.lru_cache
def computed(kind):
    return [kind]


@functools.cache
def unbounded(kind):
    return {"kind": kind}


def counted(number, kept=[]):
    return kept


class Keeper:
    VALUES = []

    class Inner:
        NAMES = {}

        class Deep:
            LEVEL = 0


KINDS = {"local": type("Local", (), {"__module__": __name__, "SEEN": []})}
computed("known"), unbounded("known")
"""


def _text(obj: Any, value: tuple[Any, int]) -> None:
    text, place = value
    obj.seek(0)
    obj.truncate()
    obj.write(text)
    obj.seek(place)


def _text_of(obj: Any) -> tuple[Any, int]:
    return obj.getvalue(), obj.tell()


def _fill(obj: Any, value: Any) -> None:
    obj.clear()
    obj.update(value)


def _refill(obj: Any, value: Any) -> None:
    while obj.qsize():
        obj.get()
    for each in value:
        obj.put(each)


def _queued(obj: Any) -> list[Any]:
    found = [obj.get() for _ in range(obj.qsize())]
    _refill(obj, found)
    return found


class Sort(NamedTuple):
    """A sort of object: how it is made, read and written."""

    make: Callable[[], Any]
    read: Reader
    put: Writer
    values: Callable[[int], Any]


SORTS = {
    "text": Sort(lambda: io.StringIO("text"), _text_of, _text, lambda number: (str(number), 0)),
    "raw": Sort(lambda: io.BytesIO(b"raw"), _text_of, _text, lambda number: (str(number).encode(), 1)),
    "numbers": Sort(
        lambda: array.array("i", [1]),
        list,
        lambda obj, value: obj.__setitem__(slice(None), array.array("i", value)),
        lambda number: [number, number],
    ),
    "draws": Sort(
        lambda: random.Random(1), lambda obj: obj.getstate(), lambda obj, value: obj.setstate(value), _random_state
    ),
    "octets": Sort(
        lambda: bytearray(b"a"),
        bytes,
        lambda obj, value: obj.__setitem__(slice(None), value),
        lambda number: str(number).encode(),
    ),
    "jobs": Sort(queue.SimpleQueue, _queued, _refill, lambda number: [number]),
    "ends": Sort(
        lambda: collections.deque([1]),
        list,
        lambda obj, value: (obj.clear(), obj.extend(value)),
        lambda number: [number, 1],
    ),
    "tree": Sort(
        lambda: ElementTree.Element("a"),
        lambda obj: obj.text,
        lambda obj, value: setattr(obj, "text", value),
        str,
    ),
    "failure": Sort(
        lambda: OSError(2, "gone"), lambda obj: obj.args, lambda obj, value: setattr(obj, "args", value), lambda n: (n,)
    ),
    "counts": Sort(
        itertools.count,
        # Its copies and pickles are deprecated from Python 3.12 on; `count(3)` is what it shows of itself.
        lambda obj: ast.literal_eval(repr(obj).removeprefix("count")),
        lambda obj, value: [next(obj) for _ in range(value)],  # it only goes forward
        lambda number: number,
    ),
    "table": Sort(dict, dict, _fill, lambda number: {"number": number}),
    "names": Sort(list, list, lambda obj, value: obj.__setitem__(slice(None), value), lambda number: [number]),
}
"""What elements and modules hold."""


def _of_element(name: str, sort: Sort) -> State:
    return State(
        (name,),
        ELEMENT,
        lambda element: sort.read(getattr(element, name)),
        lambda element, value: sort.put(getattr(element, name), value),
        sort.values,
    )


def _of_module(name: str, find: Callable[[Any], Any], sort: Sort | None = None, put: Writer | None = None) -> State:
    sort = sort or SORTS["names"]
    found = sort
    return State(
        (name,),
        MODULE,
        lambda module: found.read(find(module)),
        put or (lambda module, value: found.put(find(module), value)),
        found.values,
    )


def _set_local(module: Any, value: Any) -> None:
    vars(module.LOCAL).clear()
    vars(module.LOCAL).update(value)


OF_ELEMENTS = [_of_element(name, sort) for name, sort in SORTS.items()]
COUNTS = OF_ELEMENTS[list(SORTS).index("counts")]
"""Cannot be taken back."""
OF_MODULES = [
    _of_module("TABLE", lambda module: module.TABLE, SORTS["table"]),
    _of_module("TEXT", lambda module: module.TEXT, SORTS["text"]),
    _of_module("NUMBERS", lambda module: module.NUMBERS, SORTS["numbers"]),
    _of_module("DRAWS", lambda module: module.DRAWS, SORTS["draws"]),
    _of_module("LOCAL", lambda module: vars(module.LOCAL), SORTS["table"], _set_local),
    State(
        ("CURRENT",),
        MODULE,
        lambda module: module.CURRENT.get(),
        lambda module, value: module.CURRENT.set(value),
        str,
    ),
    _of_module("computed", lambda module: module.computed("known")),
    _of_module("unbounded", lambda module: module.unbounded("known"), SORTS["table"]),
    _of_module("counted", lambda module: module.counted(1)),
    _of_module("VALUES", lambda module: module.Keeper.VALUES),
    _of_module("NAMES", lambda module: module.Keeper.Inner.NAMES, SORTS["table"]),
    State(
        ("LEVEL",),
        MODULE,
        lambda module: module.Keeper.Inner.Deep.LEVEL,
        lambda module, value: setattr(module.Keeper.Inner.Deep, "LEVEL", value),
        lambda number: number,
    ),
    _of_module("SEEN", lambda module: module.KINDS["local"].SEEN),
]

# Two elements have this list; it was the first one's.
LENT = State(
    ("mine",),
    ELEMENT,
    lambda element: list(element.mine),
    lambda element, value: element.mine.__setitem__(slice(None), value),
    lambda number: [number],
)
# And this one, which none of them had first.
SHARED = State(
    ("shared",),
    COMMON,
    lambda element: list(element.shared),
    lambda element, value: element.shared.__setitem__(slice(None), value),
    lambda number: [number],
)


def make_element(lent: list[Any], shared: list[Any]) -> Any:
    """An element that holds an object of each sort, without loading BuildStream."""
    element = object.__new__(Plain)
    for name, value in {"_Plugin__context": CONTEXT, "mine": lent, "shared": shared}.items():
        object.__setattr__(element, name, value)
    for name, sort in SORTS.items():
        object.__setattr__(element, name, sort.make())
    return element


@functools.cache
def _process() -> Process:
    return Process({MODULE_NAME})


def process_anew() -> Process:
    """The process as it is now. To find all functions of libraries would take most of the time of a program."""
    process = _process()
    process.state, process.libraries = (
        Unit("process", "process", [([], "")], shared=True, fixed=unit.fixed)
        for unit in (process.state, process.libraries)
    )
    process.patched = Patched(process.libraries)
    return process


class World(LittleWorld):
    """The part of `enforcer.bst.elements.run_graph.RunGraph` that comparisons use."""

    def __init__(self) -> None:
        self.plugin_files = self.third_party_files = {__file__}
        self.module: Any = types.ModuleType(MODULE_NAME)
        exec(compile(MODULE_TEXT, __file__, "exec"), vars(self.module))
        lent: list[Any] = []
        shared: list[Any] = []
        self.elements = [make_element(lent, shared), make_element(lent, shared), make_element([], [])]
        self.process = process_anew()
        self.policy = BstPolicy(
            self.unit_of,
            lambda name: name == MODULE_NAME,
            owner_among=lambda obj, holders: self.unit_of(self.elements[0]) if obj is lent else None,
        )
        self.graph = Graph(self.policy)
        self.graph.add(self.process.units())
        self.graph.add(module_units(self.module))
        self.graph.add(Unit("element", f"e{number}", [(each, "")]) for number, each in enumerate(self.elements))
        self.evading = evading_units(self.graph)
        self.imported: list[Unit] = []
        self.seldom = ()
        self.reach = self.reach_of_all = Reach([], lambda obj: None, Doors(), tuple, tuple)
