"""The naive way to see what changed: copy what every reachable object holds, look again, compare.

Shares no code with `enforcer.graph`, knows the types of the tests only, and recurses.
"""

from __future__ import annotations

import array
import ast
import contextlib
import dataclasses
import functools
import gc
import io
import queue
import random
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple
from xml.etree import ElementTree

from tests.graph.policies import Held, HeldToo

ATOMS = (type(None), bool, int, float, complex, str, bytes, type(...), range)

Entries = list[tuple[Any, Any]]


class Part(NamedTuple):
    """One side of an object: its items, its attributes, …"""

    name: str
    ordered: bool
    entries: Entries


class Copy(NamedTuple):
    """A stateful object, and what it held."""

    obj: Any
    parts: list[Part]


Snapshot = dict[int, Copy]


def is_class(obj: Any) -> bool:
    return issubclass(type(obj), type)


def _attributes(obj: Any) -> Entries:
    return list(object.__getattribute__(obj, "__dict__").items())


def _slots(obj: Any) -> Entries | None:
    """The filled slots, or None for a class without any."""
    members = [
        (cls, name, member)
        for cls in type(obj).__mro__
        for name, member in list(vars(cls).items())
        # The members of a C type (`partial.func`) are fields, not slots.
        if type(member) is types.MemberDescriptorType and "__slots__" in vars(cls)
    ]
    if not members:
        return None
    found = []
    for cls, name, member in members:
        with contextlib.suppress(AttributeError):
            found.append(((cls, name), member.__get__(obj)))
    return found


def _function(obj: Any) -> list[Part]:
    # Those of a library's functions are not looked into.
    annotations = ("__annotations__",) if obj.__module__.startswith("tests.") else ()
    fields = ("__code__", "__defaults__", "__kwdefaults__", *annotations)
    return [
        Part("fields", False, [(name, getattr(obj, name)) for name in fields]),
        Part("attributes", False, _attributes(obj)),
    ]


def _cell(obj: types.CellType) -> list[Part]:
    try:
        return [Part("cell", False, [("cell_contents", obj.cell_contents)])]
    except ValueError:
        return [Part("cell", False, [])]


def _partial(obj: Any) -> list[Part]:
    fields = [("func", obj.func), ("args", obj.args), ("keywords", obj.keywords)]
    return [Part("fields", False, fields), Part("attributes", False, _attributes(obj))]


def _items(obj: Any) -> list[Part]:
    """What a container holds, by the methods of the type that built it."""
    if isinstance(obj, OrderedDict):
        names = list(OrderedDict.__iter__(obj))
        return [Part("items", True, [(name, dict.__getitem__(obj, name)) for name in names])]
    if isinstance(obj, dict):
        return [Part("items", True, list(dict.items(obj)))]
    if isinstance(obj, list):
        return [Part("places", True, list(enumerate(list.__iter__(obj))))]
    if isinstance(obj, deque):
        return [Part("places", True, list(enumerate(deque.__iter__(obj))))]
    if isinstance(obj, set):
        return [Part("members", False, [(None, value) for value in set.__iter__(obj)])]
    return []


def _in_memory(obj: Any) -> list[Part]:
    if obj.closed:
        return [Part("fields", True, [("closed", True)]), Part("attributes", False, _attributes(obj))]
    return [
        Part("bytes", True, [(None, obj.getvalue())]),
        Part("place", True, [(None, obj.tell())]),
        Part("attributes", False, _attributes(obj)),
    ]


def _random(obj: Any) -> list[Part]:
    return [Part("state", True, [(None, obj.getstate()[1])]), Part("attributes", False, _attributes(obj))]


def _iterator(obj: Any) -> list[Part]:
    _, (items,), place = obj.__reduce__()
    return [Part("bytes", True, [(None, (place, items))])]


def _queue(obj: Any) -> list[Part]:
    items = [obj.get() for _ in range(obj.qsize())]
    for item in items:
        obj.put(item)
    return [Part("bytes", True, [(None, tuple(items))])]


def _element(obj: Any) -> list[Part]:
    fields = ("tag", "text", "tail", "attrib")
    return [
        Part("bytes", True, [(None, tuple(obj))]),
        Part("fields", False, [(name, getattr(obj, name)) for name in fields]),
    ]


def _error(obj: Any) -> list[Part]:
    fields = ("args", "errno", "strerror", "filename")
    return [
        Part("fields", False, [(name, getattr(obj, name)) for name in fields if hasattr(obj, name)]),
        Part("attributes", False, _attributes(obj)),
    ]


_STATELESS = (
    tuple,
    frozenset,
    types.MethodType,
    types.MappingProxyType,
    types.BuiltinFunctionType,
    staticmethod,
)


def parts_of(obj: Any) -> list[Part] | None:
    """What `obj` holds now; None when it has no state of its own."""
    if type(obj) in ATOMS or type(obj) in _STATELESS:
        return None
    if is_class(obj):
        fields = [(name, getattr(obj, name)) for name in ("__bases__", "__name__", "__qualname__")]
        attributes = Part("attributes", False, list(vars(obj).items()))
        return [attributes, Part("fields", False, fields), Part("class", False, [("__class__", type(obj))])]
    parts_of_type = _PARTS.get(type(obj), _in_memory if isinstance(obj, io.StringIO) else _parts_of_instance)
    parts = parts_of_type(obj)
    if parts and (type(obj).__flags__ & (1 << 9) or isinstance(obj, types.ModuleType)):
        # Made by a class statement: another class can be assigned.
        parts.append(Part("class", False, [("__class__", type(obj))]))
    return parts or None


def _parts_of_instance(obj: Any) -> list[Part]:
    parts = _items(obj)
    if isinstance(obj, defaultdict):
        parts.append(Part("fields", False, [("default_factory", obj.default_factory)]))
    if type(obj).__dictoffset__ != 0:
        parts.append(Part("attributes", False, _attributes(obj)))
    slots = _slots(obj)
    if slots is not None:
        parts.append(Part("slots", False, slots))
    return parts


_PARTS: dict[type, Callable[[Any], list[Part]]] = {
    types.FunctionType: _function,
    types.CellType: _cell,
    functools.partial: _partial,
    bytearray: lambda obj: [Part("bytes", True, [(None, bytes(obj))])],
    io.StringIO: _in_memory,
    io.BytesIO: _in_memory,
    array.array: lambda obj: [Part("bytes", True, [(None, obj.tobytes())])],
    random.Random: _random,
    type(iter(())): _iterator,
    queue.SimpleQueue: _queue,
    ElementTree.Element: _element,
    ValueError: _error,
    OSError: _error,
}
_WITHOUT_NAMES = (type(iter(())), queue.SimpleQueue, ElementTree.Element)


def _leads_to(obj: Any) -> list[Any]:
    """The objects below one that has no state of its own (and what a function closes over)."""
    kind = type(obj)
    if issubclass(kind, tuple):
        return list(tuple.__iter__(obj))
    if issubclass(kind, frozenset):
        return list(frozenset.__iter__(obj))
    if kind is types.MethodType:
        return [obj.__self__, obj.__func__]
    if kind is types.BuiltinFunctionType:
        return [obj.__self__]
    if kind is types.MappingProxyType:
        return list(gc.get_referents(obj))
    if kind is staticmethod:
        return [obj.__func__]
    if kind is types.FunctionType:
        return list(obj.__closure__ or ())
    return []


def reach(root: Any, into: Snapshot, skip: frozenset[int] = frozenset(), core: bool | None = None) -> None:
    """Copy everything stateful below `root` into `into`, but not the objects with an id in `skip`.

    With `core`, only what the root's attributes of the framework (or only its others) lead to.
    """
    seen: set[int] = set()

    def visit(obj: Any, *, at_root: bool = False) -> None:
        if type(obj) in ATOMS or id(obj) in seen or (id(obj) in skip and not at_root):
            return
        if not at_root and (isinstance(obj, types.ModuleType) or (is_class(obj) and not _is_held(obj))):
            return
        seen.add(id(obj))
        parts = parts_of(obj)
        if parts:
            into[id(obj)] = Copy(obj, parts)
        for part in parts or ():
            for name, value in part.entries:
                if at_root and core is True and not _is_core_name(name):
                    continue
                if part.name == "items":
                    visit(name)
                visit(value)
        for value in _leads_to(obj):
            visit(value)

    visit(root, at_root=True)


def _is_held(cls: type) -> bool:
    return any(base in (Held, HeldToo) for base in cls.__bases__)


def _is_core_name(name: Any) -> bool:
    return str(name[-1] if isinstance(name, tuple) else name).startswith("core_")


def snapshot(roots: list[Any]) -> Snapshot:
    """Copies of everything that any root leads to."""
    found: Snapshot = {}
    for root in roots:
        reach(root, found, frozenset(map(id, roots)) - {id(root)})
    return found


def token(value: Any, *, as_key: bool = False) -> Any:
    """Something to compare values by: atoms by type and text, containers by identity.

    As a key or as a member of a set NaN is itself alone: there can be two of them.
    """
    kind = type(value)
    if as_key and kind in (float, complex) and value != value:
        return (kind, id(value))
    if kind in ATOMS:
        return (kind, repr(value))
    if kind is tuple:
        return (kind, tuple(token(item, as_key=as_key) for item in value))
    if kind is frozenset:
        return (kind, frozenset(token(item, as_key=True) for item in value))
    if kind is types.MethodType:
        return (kind, id(value.__self__), id(value.__func__))
    if kind is types.BuiltinFunctionType:
        return (kind, id(value.__self__), value.__name__)
    return ("the object", id(value))


def _comparable(part: Part) -> Any:
    members = part.name == "members"
    tokens = [(token(name, as_key=True), token(value, as_key=members)) for name, value in part.entries]
    return (part.name, tokens if part.ordered else frozenset(tokens))


def differs(copy: Copy) -> bool:
    """Whether the object holds something else than when it was copied."""
    return list(map(_comparable, copy.parts)) != list(map(_comparable, parts_of(copy.obj) or []))


def changed(before: Snapshot) -> set[int]:
    """The ids of the objects that hold something else than `before`."""
    return {key for key, copy in before.items() if differs(copy)}


def unequal(before: Snapshot, after: Snapshot) -> list[str]:
    """How two snapshots differ, for an assertion's message."""
    texts = [f"gone: {type(before[key].obj)}" for key in before.keys() - after.keys()]
    texts += [f"new: {type(after[key].obj)}" for key in after.keys() - before.keys()]
    for key in before.keys() & after.keys():
        old, new = (list(map(_comparable, side[key].parts)) for side in (before, after))
        if old != new:
            texts.append(f"differs: {type(before[key].obj)}: {old} {new}")
    return texts


class Nowhere(LookupError):
    """A path does not lead to a value."""


class Unspeakable(Exception):
    """A path goes by an object that no expression names."""


@dataclasses.dataclass
class Trip:
    """Where a path led: the value, and the ids of the stateful objects on the way."""

    value: Any
    way: list[int]


def follow(path: str, root: Any, before: Snapshot | None) -> Trip:
    """Evaluate `path` from `root`, in the copies or (without `before`) in the objects as they are.

    Raises:
        Unspeakable: the path is no Python expression.
        Nowhere: there is no such entry.
    """
    try:
        tree = ast.parse(f"root{path}", mode="eval").body
    except SyntaxError:
        raise Unspeakable from None
    way: list[int] = []

    def evaluate(node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return root
        if isinstance(node, ast.Call):
            raise Unspeakable  # a method that shows a part of what C keeps
        assert isinstance(node, (ast.Attribute, ast.Subscript)), ast.dump(node)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "__dict__":
            obj = evaluate(node.value.value)
            return _entry(obj, "attributes", _literal(node.slice), before)
        obj = evaluate(node.value)
        way.append(id(obj))
        if isinstance(node, ast.Attribute):
            return _attribute(obj, node.attr, before)
        return _item(obj, _literal(node.slice), before)

    value = evaluate(tree)
    return Trip(value, way)


def _literal(node: ast.expr) -> Any:
    text = ast.unparse(node)
    if "nan" in text:
        raise Unspeakable
    try:
        return ast.literal_eval(text)
    except ValueError:
        raise Unspeakable from None


def _parts(obj: Any, before: Snapshot | None) -> list[Part]:
    if before is None:
        return parts_of(obj) or []
    return before[id(obj)].parts if id(obj) in before else []


def behind(obj: Any) -> Any:
    """The mapping that a proxy shows, any other object itself."""
    if type(obj) is types.MappingProxyType:
        (obj,) = gc.get_referents(obj)
    return obj


def _attribute(obj: Any, name: Any, before: Snapshot | None) -> Any:
    obj = behind(obj)
    if type(obj) in _STATELESS:
        with contextlib.suppress(AttributeError):
            return getattr(obj, name)
        raise Nowhere(name)
    if name == "__class__":
        return _entry(obj, "class", name, before)
    if name == "newline" and isinstance(obj, io.StringIO):
        raise Unspeakable
    if type(name) is str:
        slot = next((cls for cls in _class_of(obj, before).__mro__ if name in vars(cls).get("__slots__", ())), None)
        if slot is not None:
            return _entry(obj, "slots", (slot, name), before)
        if type(obj) is types.FunctionType and name in obj.__code__.co_freevars:
            cell = (obj.__closure__ or ())[obj.__code__.co_freevars.index(name)]
            return _entry(cell, "cell", "cell_contents", before)
        if is_class(obj) and name in ("__bases__", "__name__", "__qualname__"):
            return _entry(obj, "fields", name, before)
        if any(cls.__name__ == name for cls in type(obj).__mro__):
            raise Unspeakable  # a slot that a subclass declares again
        with contextlib.suppress(Nowhere):
            return _entry(obj, "fields", name, before)
    return _entry(obj, "attributes", name, before)


def _class_of(obj: Any, before: Snapshot | None) -> type:
    try:
        return _entry(obj, "class", "__class__", before)  # type: ignore[no-any-return]
    except Nowhere:
        return type(obj)


def _item(obj: Any, key: Any, before: Snapshot | None) -> Any:
    obj = behind(obj)
    if isinstance(obj, _WITHOUT_NAMES):
        raise Unspeakable
    if issubclass(type(obj), tuple):
        with contextlib.suppress(IndexError, TypeError):
            return tuple.__getitem__(obj, key)
        raise Nowhere(key)
    return _entry(obj, "places" if isinstance(obj, (list, deque)) else "items", key, before)


def _entry(obj: Any, part_name: str, key: Any, before: Snapshot | None) -> Any:
    for part in _parts(obj, before):
        for name, value in part.entries if part.name == part_name else ():
            if token(name) == token(key):
                return value
    raise Nowhere(key)
