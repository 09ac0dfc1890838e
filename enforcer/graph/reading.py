"""What an object of a library writes on itself when it is read: which code of its class that is, run on a copy.

A library keeps what it has computed where it will find it again: in an attribute that was not there, or in a table.
Its class has the code that computes it, and reading the object runs it. So a copy of the object as it was before is
read in all ways that can lead to the attribute. A memo is what the copy has then, and what reading it once more leaves
as it is. No code of a plugin runs here: where it would, it is stopped, and nothing is said.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, NamedTuple

from enforcer.graph.compare import ABSENT
from enforcer.graph.kinds import INSTANCE, SLOTS
from enforcer.graph.policy import Policy
from enforcer.graph.twins import Likeness, NoTwin, PlanOf, now, twin
from enforcer.graph.values import class_dict, class_mro, is_class, module_of, same
from enforcer.graph.walk import Registry

CopyReader = Callable[[Any], Any]
"""Reads an object in one way, and returns what that gives."""

Keyed = Callable[[Any, Any], Any]
"""The same for one argument."""


class Stopped(BaseException):
    """Code of a plugin was about to run."""


@contextmanager
def only_libraries(policy: Policy) -> Iterator[None]:
    """Let no code of a plugin begin in the block: `Stopped` is raised in its place.

    Somebody who profiles the job keeps his profiler, and this has to do without.
    """
    if sys.getprofile() is not None:  # perhaps our own, of a block around this one
        yield
        return

    def look(frame: types.FrameType, event: str, _: Any) -> None:
        name = frame.f_globals.get("__name__")
        if event == "call" and type(name) is str and policy.is_plugin(name):
            raise Stopped

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


class Readers(NamedTuple):
    """The ways to read an object that can lead to one attribute.

    Attributes:
        plain: what Python code does without a thought: properties, and what operators and built-in functions call.
        getters: methods without arguments; one that returns what it stored was a way to read it.
        keyed: methods with one argument, as a table's key is one.
    """

    plain: list[CopyReader]
    getters: list[CopyReader]
    keyed: list[Keyed]


def readers_of(cls: type, name: str, policy: Policy) -> Readers:
    """The ways to read an object of `cls` that can lead to its attribute `name`, in code of libraries."""
    members = _members(cls, policy)
    leading = _leading_to(name, _constants_for(name, cls, policy), members)
    readers = Readers([attrgetter(name)], [], [])
    for member_name in leading:
        member = members[member_name]
        if type(member) is types.FunctionType:
            _add_function(readers, member_name, member)
        elif type(member) not in (staticmethod, classmethod):
            readers.plain.append(attrgetter(member_name))
    return readers


def _add_function(readers: Readers, name: str, function: types.FunctionType) -> None:
    if name in _UNARY:
        readers.plain.append(function)
    elif name in _BINARY:
        readers.plain.append(lambda obj: function(obj, obj))
    elif name in _WITH_TEXT:
        readers.plain.append(lambda obj: function(obj, _WITH_TEXT[name]))
    elif not name.startswith("__"):
        needed = _arguments_needed(function)
        if needed == 1:
            readers.getters.append(function)
        elif needed == 2:
            readers.keyed.append(function)


_UNARY = frozenset(
    f"__{name}__"
    for name in (
        *("str", "repr", "hash", "bytes", "fspath", "bool", "len", "int", "float", "complex", "index", "iter"),
        *("neg", "pos", "abs", "invert", "reversed", "dir", "sizeof", "reduce", "getstate", "copy"),
    )
)
_BINARY = frozenset(f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge"))
_WITH_TEXT = {"__contains__": "0", "__format__": ""}


def _arguments_needed(function: types.FunctionType) -> int:
    code = function.__code__
    keywords = code.co_kwonlyargcount - len(function.__kwdefaults__ or ())
    return code.co_argcount - len(function.__defaults__ or ()) if keywords == 0 else -1


def _members(cls: type, policy: Policy) -> dict[str, Any]:
    """What a class has from libraries, and the functions beside these classes, by name."""
    found: dict[str, Any] = {}
    for base in class_mro(cls):
        module = sys.modules.get(module_of(base))
        if type(module) is not types.ModuleType or not policy.is_library(module_of(base)):
            continue
        for name, member in class_dict(base).items():
            found.setdefault(name, member)
        for name, member in vars(module).items():
            if type(member) is types.FunctionType and member.__globals__ is vars(module):
                found.setdefault(name, _Beside(member))
    return found


class _Beside(NamedTuple):
    """A function of a module, which the methods of its classes may call."""

    function: types.FunctionType


def _constants_for(name: str, cls: type, policy: Policy) -> set[str]:
    """What libraries call the text `name` in code beside the class: `setattr(self, Anchor.attrib, ...)`."""
    found: set[str] = set()
    for base in class_mro(cls):
        module = sys.modules.get(module_of(base))
        if type(module) is types.ModuleType and policy.is_library(module_of(base)):
            holders = [vars(module), *(class_dict(each) for each in vars(module).values() if is_class(each))]
            found.update(each for holder in holders for each, value in holder.items() if same(value, name))
    return found


def _leading_to(name: str, constants: Iterable[str], members: dict[str, Any]) -> list[str]:
    """The members of which the code names `name` in one of these ways, or one that leads there; nearest first."""
    named = {each: _names_in(member) for each, member in members.items()}
    found: dict[str, None] = {}
    wanted = {name, *constants}
    while wanted:
        more = [each for each, names in named.items() if each not in found and not names.isdisjoint(wanted)]
        found.update(dict.fromkeys(more))
        wanted = set(more)
    found.update(dict.fromkeys(each for each in members if _stores_under_any_name(members[each], named[each])))
    return [each for each in found if type(members[each]) is not _Beside]


def _stores_under_any_name(member: Any, named: set[str]) -> bool:
    """Whether reading this may store something under a name that its code computes."""
    return type(member) is property and "setattr" in named


def _names_in(member: Any) -> set[str]:
    function = _function_of(member)
    codes = [function.__code__] if type(function) is types.FunctionType else []
    for code in codes:
        codes += [constant for constant in code.co_consts if type(constant) is types.CodeType]
    return {name for code in codes for name in (*code.co_names, *code.co_consts) if type(name) is str}


def _function_of(member: Any) -> Any:
    for kind, name in _HOLDING:
        if type(member) is kind:
            return getattr(member, name)
    return member


_HOLDING = ((_Beside, "function"), (property, "fget"), (functools.cached_property, "func"))


def attribute_in_class(obj: Any, name: str, plan_of: PlanOf) -> Any:
    """What an object keeps in an attribute or slot; `ABSENT` where it keeps nothing there."""
    kinds = (kind for kind in plan_of(type(obj)).cell_kinds if kind is INSTANCE or kind is SLOTS)
    entries = (entry for kind in kinds for entry in kind.contents(obj))
    return next((value for each, value in entries if type(each) is str and each == name), ABSENT)


def call(policy: Policy, function: Callable[..., Any], *args: Any) -> Any:
    """What a function of a library returns; what it raises is nobody's concern, but for `Stopped`.

    Some parse the words that this program was started with, and end it where they make no sense to them.
    """
    try:
        with only_libraries(policy):
            return function(*args)
    except (Exception, SystemExit):
        return None


class Memory:
    """Whether what two objects differ in is only what one of them has remembered, and the other not yet."""

    def __init__(self, registry: Registry, depth: int = 0) -> None:
        self._registry = registry
        self._depth = depth
        self._plan_of = registry.plan
        self._policy = registry.policy

    def settles(self, a: Any, b: Any, attribute: str) -> bool:
        """Whether the attribute holds the same in both, once they were read in a way that leads to it."""
        readers = readers_of(type(a), attribute, self._policy)
        try:
            return any(self._read_alike(a, b, attribute, reader) for reader in (*readers.plain, *readers.getters))
        except (NoTwin, Stopped):
            return False

    def _read_alike(self, a: Any, b: Any, attribute: str, reader: CopyReader) -> bool:
        """Whether the reader fills in what one of them lacks, and it is alike then."""
        copies = [twin(obj, self._plan_of, now) for obj in (a, b)]
        before = [attribute_in_class(copy, attribute, self._plan_of) for copy in copies]
        for copy in copies:
            call(self._policy, reader, copy)
        after = [attribute_in_class(copy, attribute, self._plan_of) for copy in copies]
        filled = any(new is not old for new, old in zip(after, before, strict=True))
        return filled and after[0] is not ABSENT and self._likeness().alike(*after)

    def _likeness(self) -> Likeness:
        if self._depth == _MAX_DEPTH:
            return Likeness(self._plan_of)
        return Likeness(self._plan_of, Memory(self._registry, self._depth + 1).settles)


_MAX_DEPTH = 4
"""How far inside of what is remembered there may be something that remembers."""
