"""Random object graphs and random programs that change them, both spelt by bytes.

Each byte picks among what is possible at that point, so every sequence of bytes is a program and
a shorter one is a simpler one.
"""

from __future__ import annotations

import array
import collections
import contextlib
import dataclasses
import functools
import io
import math
import queue
import random
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

from enforcer.graph.unit import Unit
from tests.graph import oracle
from tests.graph.hostile import (
    Hostile,
    HostileByClass,
    HostileDeque,
    HostileDict,
    HostileList,
    HostileOrderedDict,
    HostileSet,
    HostileSlots,
)
from tests.graph.policies import Held, HeldToo


class Tape:
    """Bytes to decide by; zeros once they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, limit: int) -> int:
        value = self._data[self._at] if self._at < len(self._data) else 0
        self._at += 1
        return value % limit

    def pick(self, options: Any) -> Any:
        return options[self.below(len(options))]

    def ended(self) -> bool:
        return self._at >= len(self._data)


class Plain:
    shared_default: list[Any] = []

    def method(self) -> None:
        """Something to bind."""


class PlainToo(Plain):
    """What a `Plain` can become."""


class ModuleToo(types.ModuleType):
    """What a module can become."""


class Slotted:
    __slots__ = ("a", "b")


class SlottedToo:
    __slots__ = ("a", "b")


class SlottedAndDict(Slotted):
    """Slots of its base, and a dictionary."""


class SlottedTwice(Slotted):
    __slots__ = ("a", "c")


@dataclasses.dataclass
class Data:
    a: Any = None
    b: Any = None


@dataclasses.dataclass(frozen=True, eq=False)
class Frozen:
    a: Any = None


class DictWithAttributes(dict): ...


class ListWithAttributes(list): ...


class SetWithAttributes(set):
    __hash__ = object.__hash__  # type: ignore[assignment]


class DequeWithAttributes(deque): ...


class OrderedWithAttributes(OrderedDict): ...


class TupleWithAttributes(tuple): ...


class TextWithAttributes(io.StringIO): ...


Pair = collections.namedtuple("Pair", "first second")


def closing_over(first: Any, second: Any) -> Callable[[], Any]:
    captured, kept = first, second

    def closure() -> Any:
        return captured, kept

    return closure


def with_defaults(value: Any, keyword: Any) -> Callable[[], Any]:
    def function(a: Any = None, *, key: Any = None) -> Any:
        return a, key

    function.__defaults__ = (value,)
    function.__kwdefaults__ = {"key": keyword}
    return function


ATTRIBUTES = ("a", "b", "core_c", "d")
ATOMS = (None, True, False, 0, 1, 1.0, 0.0, -0.0, math.nan, "a", "longer text", b"a", 10**30, 1j, ...)


def fresh(atom: Any) -> Any:
    """An equal object, newly made where Python does not keep one only."""
    if type(atom) is str:
        return "".join(list(atom))
    if type(atom) is float:
        return float(repr(atom))
    if type(atom) is int and atom > 256:
        return int(str(atom))
    return atom


class World:
    """Three elements, a class and a module, and the objects that they lead to."""

    def __init__(self, data: bytes) -> None:
        self.elements = [Plain(), SlottedAndDict(), Hostile()]
        self.cls = type("Kept", (Held,), {"attribute": None, "__doc__": None})
        self.module = types.ModuleType("kept")
        self.roots: list[Any] = [self.cls, self.module, *self.elements]
        self.nodes: list[Any] = []
        self.log: list[str] = []
        tape = Tape(data)
        while not tape.ended() and len(self.nodes) < 60:
            if tape.below(4) or not self.nodes:
                self.make(tape)
            else:
                self.change(tape)
        for root in self.roots:
            for name in ATTRIBUTES:
                if tape.below(4):
                    set_attribute(root, name, self.value(tape))

    def units(self) -> list[Unit]:
        shared = [
            Unit("class", "Kept", [(self.cls, "")], shared=True),
            Unit("module", "kept", [(self.module, "")], shared=True),
        ]
        elements = [Unit("element", f"{index}.bst", [(obj, "")]) for index, obj in enumerate(self.elements)]
        return elements[:1] + shared + elements[1:]

    def value(self, tape: Tape) -> Any:
        choice = tape.below(8)
        if choice < 5 and self.nodes:
            return self.node(tape)
        return fresh(tape.pick(ATOMS))

    def node(self, tape: Tape) -> Any:
        return tape.pick(self.nodes) if self.nodes else None

    def key(self, tape: Tape) -> Any:
        choice = tape.below(8)
        if choice == 0:
            return (fresh(tape.pick(ATOMS)), "a")
        if choice == 1:
            candidates = [node for node in self.nodes if hashable(node)]
            if candidates:
                return tape.pick(candidates)
        return fresh(tape.pick(ATOMS))

    def plain_key(self, tape: Tape) -> Any:
        return fresh(tape.pick(ATOMS)) if tape.below(4) else (fresh(tape.pick(ATOMS)), 1)

    def make(self, tape: Tape) -> Any:
        maker = tape.pick(MAKERS)
        node = maker(self, tape)
        self.nodes.append(node)
        self.log.append(f"{len(self.nodes) - 1} = {maker.__name__}")
        return node

    def change(self, tape: Tape) -> None:
        target = tape.pick([*self.nodes, *self.roots])
        options = list(changes_of(target))
        if options:
            change = tape.pick(options)
            change(self, target, tape)
            number = next((index for index, node in enumerate(self.nodes) if node is target), "root")
            self.log.append(f"{change.__name__} {number} ({type(target).__name__})")

    def mutate(self, tape: Tape, most: int = 25) -> None:
        for _ in range(most):
            if tape.ended():
                break
            self.change(tape)


def hashable(obj: Any) -> bool:
    """Whether `obj` may be a key: its hash must not depend on what a program changes."""
    if type(obj) in (tuple, frozenset, Pair, TupleWithAttributes):
        return all(map(hashable, obj))
    if type(obj) is types.MethodType:
        return hashable(obj.__self__)
    return type(obj).__hash__ is not None and type(obj) is not types.MappingProxyType


# Makers of nodes.


def plain(world: World, tape: Tape) -> Any:
    node = Plain()
    node.a, node.b = world.value(tape), world.value(tape)
    return node


def slotted(world: World, tape: Tape) -> Any:
    node = Slotted()
    node.a = world.value(tape)
    return node


def slotted_and_dict(world: World, tape: Tape) -> Any:
    node = SlottedAndDict()
    node.a, node.d = world.value(tape), world.value(tape)
    return node


def slotted_twice(world: World, tape: Tape) -> Any:
    node = SlottedTwice()
    node.c = world.value(tape)
    Slotted.a.__set__(node, world.value(tape))
    return node


def data(world: World, tape: Tape) -> Any:
    return Data(world.value(tape), world.value(tape))


def frozen(world: World, tape: Tape) -> Any:
    return Frozen(world.value(tape))


def namespace(world: World, tape: Tape) -> Any:
    return types.SimpleNamespace(a=world.value(tape))


def hostile(world: World, tape: Tape) -> Any:
    return Hostile(a=world.value(tape))


def hostile_slots(world: World, tape: Tape) -> Any:
    node = tape.pick((HostileSlots, HostileByClass))()
    node.a = world.value(tape)
    return node


def _filled_dict(node: Any, world: World, tape: Tape) -> Any:
    for _ in range(tape.below(4)):
        node[world.key(tape)] = world.value(tape)
    return node


def _filled_order(node: Any, world: World, tape: Tape) -> Any:
    for _ in range(tape.below(4)):
        node[world.plain_key(tape)] = world.value(tape)
    return node


def _filled_list(node: Any, world: World, tape: Tape) -> Any:
    for _ in range(tape.below(4)):
        node.append(world.value(tape))
    return node


def _filled_set(node: Any, world: World, tape: Tape) -> Any:
    for _ in range(tape.below(4)):
        node.add(world.key(tape))
    return node


def dict_(world: World, tape: Tape) -> Any:
    return _filled_dict({}, world, tape)


def dict_with_attributes(world: World, tape: Tape) -> Any:
    return _filled_dict(tape.pick((DictWithAttributes, HostileDict))(), world, tape)


def default_dict(world: World, tape: Tape) -> Any:
    factory = closing_over(world.value(tape), None) if tape.below(2) else list
    return _filled_dict(defaultdict(factory), world, tape)


def counter(world: World, tape: Tape) -> Any:
    return Counter(tape.pick(("a", "aab", "")))


def ordered(world: World, tape: Tape) -> Any:
    return _filled_order(tape.pick((OrderedDict, OrderedWithAttributes, HostileOrderedDict))(), world, tape)


def list_(world: World, tape: Tape) -> Any:
    return _filled_list([], world, tape)


def list_with_attributes(world: World, tape: Tape) -> Any:
    return _filled_list(tape.pick((ListWithAttributes, HostileList))(), world, tape)


def set_(world: World, tape: Tape) -> Any:
    return _filled_set(set(), world, tape)


def set_with_attributes(world: World, tape: Tape) -> Any:
    return _filled_set(tape.pick((SetWithAttributes, HostileSet))(), world, tape)


def deque_(world: World, tape: Tape) -> Any:
    return _filled_list(deque(maxlen=tape.pick((None, 2, 0))), world, tape)


def deque_with_attributes(world: World, tape: Tape) -> Any:
    return _filled_list(tape.pick((DequeWithAttributes, HostileDeque))(), world, tape)


def tuple_(world: World, tape: Tape) -> Any:
    return tuple(world.value(tape) for _ in range(1 + tape.below(3)))


def tuple_with_attributes(world: World, tape: Tape) -> Any:
    node = TupleWithAttributes((world.value(tape),))
    node.a = world.value(tape)
    return node


def pair(world: World, tape: Tape) -> Any:
    return Pair(world.value(tape), world.value(tape))


def frozenset_(world: World, tape: Tape) -> Any:
    return frozenset(world.key(tape) for _ in range(tape.below(4)))


def method(world: World, tape: Tape) -> Any:
    owners = [node for node in world.nodes if type(node) is Plain] or [Plain()]
    return tape.pick(owners).method


def builtin_method(world: World, tape: Tape) -> Any:
    owners = [node for node in world.nodes if type(node) is list] or [[]]
    return tape.pick(owners).append


def closure(world: World, tape: Tape) -> Any:
    return closing_over(world.value(tape), world.value(tape))


def function(world: World, tape: Tape) -> Any:
    return with_defaults(world.value(tape), world.value(tape))


def cached(world: World, tape: Tape) -> Any:
    return functools.lru_cache(closing_over(world.value(tape), None))


def partial(world: World, tape: Tape) -> Any:
    return functools.partial(closing_over(None, world.value(tape)), world.value(tape), a=world.value(tape))


def held_class(world: World, tape: Tape) -> Any:
    return type("Local", (Held,), {"a": world.value(tape)})


def byte_array(world: World, tape: Tape) -> Any:
    return bytearray(b"ab")


def text_in_memory(world: World, tape: Tape) -> Any:
    return tape.pick((io.StringIO, TextWithAttributes))("text")


def bytes_in_memory(world: World, tape: Tape) -> Any:
    return io.BytesIO(b"bytes")


def numbers(world: World, tape: Tape) -> Any:
    return array.array(tape.pick("id"), [1, 2])


def randoms(world: World, tape: Tape) -> Any:
    return random.Random(tape.below(3))


def iterator(world: World, tape: Tape) -> Any:
    return iter((world.value(tape), 2, world.value(tape)))


def queue_(world: World, tape: Tape) -> Any:
    node: Any = queue.SimpleQueue()
    for _ in range(tape.below(3)):
        node.put(world.value(tape))
    return node


def xml_element(world: World, tape: Tape) -> Any:
    node = ElementTree.Element("tag", {"a": "b"})
    node.text = world.value(tape)
    return node


def error(world: World, tape: Tape) -> Any:
    return tape.pick((ValueError, OSError))(world.value(tape), "more")


def kept_in_c(world: World, tape: Tape) -> Any:
    return tape.pick(IN_C)(world, tape)


def proxy(world: World, tape: Tape) -> Any:
    owners = [node for node in world.nodes if type(node) in (dict, defaultdict)] or [{}]
    return types.MappingProxyType(tape.pick(owners))


IN_C: tuple[Callable[[World, Tape], Any], ...] = (
    *(byte_array,) * 4,
    *(text_in_memory, bytes_in_memory, numbers),
    *(randoms, iterator, queue_, xml_element, error),
)
MAKERS: tuple[Callable[[World, Tape], Any], ...] = (
    *(plain, dict_, list_, set_) * 3,
    *(ordered,) * 2,
    slotted,
    slotted_and_dict,
    slotted_twice,
    data,
    frozen,
    namespace,
    hostile,
    hostile_slots,
    dict_with_attributes,
    default_dict,
    counter,
    ordered,
    list_with_attributes,
    set_with_attributes,
    deque_,
    deque_with_attributes,
    tuple_,
    tuple_with_attributes,
    pair,
    frozenset_,
    method,
    builtin_method,
    closure,
    function,
    cached,
    partial,
    kept_in_c,
    proxy,
    held_class,
)


# Changes of objects.

Change = Callable[[World, Any, Tape], None]


def set_attribute(obj: Any, name: str, value: Any) -> None:
    if oracle.is_class(obj):
        type.__setattr__(obj, name, value)
    elif isinstance(obj, types.ModuleType):
        setattr(obj, name, value)
    else:
        object.__setattr__(obj, name, value)


def attribute_set(world: World, obj: Any, tape: Tape) -> None:
    set_attribute(obj, tape.pick(ATTRIBUTES), world.value(tape))


def attribute_new(world: World, obj: Any, tape: Tape) -> None:
    set_attribute(obj, tape.pick(ATTRIBUTES), world.make(tape))


def attribute_deleted(world: World, obj: Any, tape: Tape) -> None:
    name = tape.pick(ATTRIBUTES)
    if oracle.is_class(obj):
        if name in vars(obj):
            type.__delattr__(obj, name)
    else:
        object.__getattribute__(obj, "__dict__").pop(name, None)


def attribute_equal(world: World, obj: Any, tape: Tape) -> None:
    """Another object that is equal: no change for atoms and tuples, one for containers."""
    attributes = vars(obj) if oracle.is_class(obj) else object.__getattribute__(obj, "__dict__")
    for name in ATTRIBUTES:
        value = attributes.get(name)
        if type(value) in (dict, list, set, deque, OrderedDict):
            set_attribute(obj, name, value.copy())
        elif type(value) is tuple:
            set_attribute(obj, name, (*value,))
        elif type(value) is frozenset:
            set_attribute(obj, name, frozenset(list(value)))
        elif type(value) is types.MethodType:
            set_attribute(obj, name, types.MethodType(value.__func__, value.__self__))
        elif type(value) is types.BuiltinFunctionType:
            set_attribute(obj, name, value.__self__.append)
        elif name in attributes:
            set_attribute(obj, name, fresh(value))


def attribute_and_back(world: World, obj: Any, tape: Tape) -> None:
    attributes = vars(obj) if oracle.is_class(obj) else object.__getattribute__(obj, "__dict__")
    for name in ATTRIBUTES:
        if name in attributes:
            old = attributes[name]
            set_attribute(obj, name, world.value(tape))
            set_attribute(obj, name, old)


def dict_replaced(world: World, obj: Any, tape: Tape) -> None:
    attributes = dict(object.__getattribute__(obj, "__dict__"))
    if tape.below(2):
        attributes[tape.pick(ATTRIBUTES)] = world.value(tape)
    object.__setattr__(obj, "__dict__", attributes)


def odd_attribute(world: World, obj: Any, tape: Tape) -> None:
    """A name that only the dictionary itself can take."""
    object.__getattribute__(obj, "__dict__")[tape.pick((1, ("a", 1)))] = world.value(tape)


def slot_set(world: World, obj: Any, tape: Tape) -> None:
    object.__setattr__(obj, tape.pick("ab"), world.value(tape))


def slot_deleted(world: World, obj: Any, tape: Tape) -> None:
    name = tape.pick("ab")
    if any(key[1] == name for part in oracle.parts_of(obj) or () if part.name == "slots" for key, _ in part.entries):
        with_missing = type(obj).__mro__
        descriptor = next(vars(cls)[name] for cls in with_missing if name in vars(cls))
        if hasattr(descriptor, "__delete__") and _filled(descriptor, obj):
            descriptor.__delete__(obj)


def _filled(descriptor: Any, obj: Any) -> bool:
    try:
        descriptor.__get__(obj)
    except AttributeError:
        return False
    return True


def shadowed_slot_set(world: World, obj: Any, tape: Tape) -> None:
    Slotted.a.__set__(obj, world.value(tape))


def item_set(world: World, obj: Any, tape: Tape) -> None:
    keys = list(dict.keys(obj))
    key = tape.pick(keys) if keys and tape.below(2) else _key_for(world, obj, tape)
    _base(obj).__setitem__(obj, key, world.value(tape))


def _key_for(world: World, obj: Any, tape: Tape) -> Any:
    return world.plain_key(tape) if isinstance(obj, OrderedDict) else world.key(tape)


def _base(obj: Any) -> Any:
    return next(base for base in (OrderedDict, dict, list, set, deque) if isinstance(obj, base))


def item_deleted(world: World, obj: Any, tape: Tape) -> None:
    keys = list(dict.keys(obj))
    if keys:
        _base(obj).__delitem__(obj, tape.pick(keys))


def item_moved_to_end(world: World, obj: Any, tape: Tape) -> None:
    keys = list(dict.keys(obj))
    if keys:
        key = tape.pick(keys)
        value = dict.__getitem__(obj, key)
        _base(obj).__delitem__(obj, key)
        _base(obj).__setitem__(obj, key, value)


def item_equal(world: World, obj: Any, tape: Tape) -> None:
    """Equal atoms for all values, and equal keys that are put in anew."""
    for key in list(dict.keys(obj)):
        value = dict.__getitem__(obj, key)
        _base(obj).__delitem__(obj, key)
        again = key if key != key else fresh(key)  # another NaN is another key
        _base(obj).__setitem__(obj, again, fresh(value))


def item_and_back(world: World, obj: Any, tape: Tape) -> None:
    keys = list(dict.keys(obj))
    if keys:
        key = tape.pick(keys)
        value = dict.__getitem__(obj, key)
        _base(obj).__setitem__(obj, key, world.value(tape))
        _base(obj).__setitem__(obj, key, value)


def items_cleared(world: World, obj: Any, tape: Tape) -> None:
    _base(obj).clear(obj)


def keys_other_type(world: World, obj: Any, tape: Tape) -> None:
    """True for 1 and the like, in the same place."""
    items = [(key, dict.__getitem__(obj, key)) for key in list(dict.keys(obj))]
    other = {(bool, True): 1, (int, 1): 1.0, (float, 1.0): True, (int, 0): False}
    _base(obj).clear(obj)
    for key, value in items:
        wanted = other.get((type(key), key), key) if type(key) in oracle.ATOMS else key
        _base(obj).__setitem__(obj, wanted, value)


def moved_to_end(world: World, obj: Any, tape: Tape) -> None:
    if obj:
        OrderedDict.move_to_end(obj, tape.pick(list(OrderedDict.__iter__(obj))), last=bool(tape.below(2)))


def appended(world: World, obj: Any, tape: Tape) -> None:
    _base(obj).append(obj, world.value(tape))


def inserted(world: World, obj: Any, tape: Tape) -> None:
    if getattr_safely(obj, "maxlen") is None:
        _base(obj).insert(obj, tape.below(4), world.value(tape))


def getattr_safely(obj: Any, name: str) -> Any:
    return deque.maxlen.__get__(obj) if isinstance(obj, deque) and name == "maxlen" else None


def popped(world: World, obj: Any, tape: Tape) -> None:
    if _base(obj).__len__(obj):
        _base(obj).pop(obj)


def reversed_(world: World, obj: Any, tape: Tape) -> None:
    _base(obj).reverse(obj)


def sorted_(world: World, obj: Any, tape: Tape) -> None:
    list.sort(obj, key=lambda value: type(value).__name__)


def place_set(world: World, obj: Any, tape: Tape) -> None:
    length = _base(obj).__len__(obj)
    if length:
        _base(obj).__setitem__(obj, tape.below(length), world.value(tape))


def places_equal(world: World, obj: Any, tape: Tape) -> None:
    for index in range(_base(obj).__len__(obj)):
        _base(obj).__setitem__(obj, index, fresh(_base(obj).__getitem__(obj, index)))


def places_swapped(world: World, obj: Any, tape: Tape) -> None:
    length = _base(obj).__len__(obj)
    if length > 1:
        one, other = tape.below(length), tape.below(length)
        values = [_base(obj).__getitem__(obj, place) for place in (one, other)]
        _base(obj).__setitem__(obj, other, values[0])
        _base(obj).__setitem__(obj, one, values[1])


def slice_set(world: World, obj: Any, tape: Tape) -> None:
    list.__setitem__(obj, slice(tape.below(3), tape.below(4)), [world.value(tape) for _ in range(tape.below(3))])


def rotated(world: World, obj: Any, tape: Tape) -> None:
    deque.rotate(obj, tape.below(5) - 2)


def appended_left(world: World, obj: Any, tape: Tape) -> None:
    deque.appendleft(obj, world.value(tape))


def added(world: World, obj: Any, tape: Tape) -> None:
    set.add(obj, world.key(tape))


def discarded(world: World, obj: Any, tape: Tape) -> None:
    members = list(set.__iter__(obj))
    if members:
        set.discard(obj, tape.pick(members))


def set_made_anew(world: World, obj: Any, tape: Tape) -> None:
    """The same members, taken out and put back."""
    members = list(set.__iter__(obj))
    set.clear(obj)
    for member in reversed(members):
        set.add(obj, member)


def nonlocal_written(world: World, obj: Any, tape: Tape) -> None:
    if obj.__closure__:
        tape.pick(obj.__closure__).cell_contents = world.value(tape)


def nonlocal_deleted(world: World, obj: Any, tape: Tape) -> None:
    if obj.__closure__:
        cell = tape.pick(obj.__closure__)
        if oracle.parts_of(cell)[0].entries:  # type: ignore[index]
            del cell.cell_contents


def defaults_set(world: World, obj: Any, tape: Tape) -> None:
    obj.__defaults__ = tape.pick((None, (world.value(tape),), obj.__defaults__))


def keyword_defaults_set(world: World, obj: Any, tape: Tape) -> None:
    obj.__kwdefaults__ = tape.pick((None, {"key": world.value(tape)}, obj.__kwdefaults__))


def keyword_default_set(world: World, obj: Any, tape: Tape) -> None:
    if obj.__kwdefaults__:
        obj.__kwdefaults__["key"] = world.value(tape)


def annotation_set(world: World, obj: Any, tape: Tape) -> None:
    obj.__annotations__["key"] = world.value(tape)


def code_replaced(world: World, obj: Any, tape: Tape) -> None:
    other = with_defaults(None, None) if obj.__closure__ is None else closing_over(None, None)
    obj.__code__ = other.__code__.replace(co_name="other") if tape.below(2) else obj.__code__


def partial_replaced(world: World, obj: Any, tape: Tape) -> None:
    keywords = tape.pick((obj.keywords, {"a": world.value(tape)}))
    obj.__setstate__((obj.func, (world.value(tape),), keywords, vars(obj)))


def keyword_set(world: World, obj: Any, tape: Tape) -> None:
    obj.keywords["a"] = world.value(tape)


def factory_set(world: World, obj: Any, tape: Tape) -> None:
    obj.default_factory = tape.pick((None, list, closing_over(world.value(tape), None)))


def counted(world: World, obj: Any, tape: Tape) -> None:
    with contextlib.suppress(TypeError):  # something else than a number is counted by now
        obj.update(tape.pick(("a", "b", "")))


def class_assigned(world: World, obj: Any, tape: Tape) -> None:
    other = {Plain: PlainToo, PlainToo: Plain, Slotted: SlottedToo, SlottedToo: Slotted}
    object.__setattr__(obj, "__class__", other[type(obj)])


def module_class_assigned(world: World, obj: Any, tape: Tape) -> None:
    obj.__class__ = tape.pick((types.ModuleType, ModuleToo))


def class_renamed(world: World, obj: Any, tape: Tape) -> None:
    obj.__name__ = tape.pick(("Renamed", fresh("Renamed")))


def bases_assigned(world: World, obj: Any, tape: Tape) -> None:
    obj.__bases__ = tape.pick(((Held,), (HeldToo,)))


def bytes_changed(world: World, obj: Any, tape: Tape) -> None:
    tape.pick((lambda: obj.append(1), obj.clear, obj.reverse, lambda: obj.extend(b"")))()


def written(world: World, obj: Any, tape: Tape) -> None:
    if obj.closed:
        return
    part = "new" if isinstance(obj, io.StringIO) else b"new"
    tape.pick((lambda: obj.write(part), lambda: obj.write(part[:0]), obj.read, lambda: obj.seek(0), obj.truncate))()


def file_closed(world: World, obj: Any, tape: Tape) -> None:
    if not obj.closed:
        obj.close()


def numbers_changed(world: World, obj: Any, tape: Tape) -> None:
    tape.pick((lambda: obj.append(1), lambda: obj.extend(obj), obj.reverse, lambda: obj.__delitem__(slice(1, None))))()


def drawn(world: World, obj: Any, tape: Tape) -> None:
    tape.pick((obj.random, lambda: obj.gauss(0, 1), lambda: obj.setstate(obj.getstate())))()


def advanced(world: World, obj: Any, tape: Tape) -> None:
    if obj.__length_hint__() > 1:
        next(obj)


def queued(world: World, obj: Any, tape: Tape) -> None:
    obj.put(world.value(tape))


def unqueued(world: World, obj: Any, tape: Tape) -> None:
    if obj.qsize():
        obj.get()


def xml_changed(world: World, obj: Any, tape: Tape) -> None:
    value = world.value(tape)
    below = ElementTree.Element("below")
    tape.pick(
        (
            lambda: setattr(obj, "text", value),
            lambda: setattr(obj, "tail", value),
            lambda: obj.attrib.update(new="new"),
            lambda: obj.insert(0, below),
            lambda: obj.remove(obj[0]) if len(obj) else None,
            lambda: setattr(obj, "attrib", dict(obj.attrib)),
        )
    )()


def error_changed(world: World, obj: Any, tape: Tape) -> None:
    obj.args = (world.value(tape), *obj.args[1:])


ON_ATTRIBUTES = (attribute_set, attribute_new, attribute_deleted, attribute_equal, attribute_and_back)
ON_DICTS: tuple[Change, ...] = (
    item_set,
    item_set,
    item_deleted,
    item_moved_to_end,
    item_equal,
    item_and_back,
    items_cleared,
    keys_other_type,
)
ON_SEQUENCES: tuple[Change, ...] = (
    appended,
    inserted,
    popped,
    reversed_,
    place_set,
    places_equal,
    places_swapped,
    items_cleared,
)
ON_TYPES: tuple[tuple[type | tuple[type, ...], tuple[Change, ...]], ...] = (
    (Counter, (counted,)),
    (defaultdict, (factory_set,)),
    (OrderedDict, (moved_to_end,)),
    (dict, ON_DICTS),
    (list, (*ON_SEQUENCES, sorted_, slice_set)),
    (deque, (*ON_SEQUENCES, rotated, appended_left)),
    (set, (added, discarded, set_made_anew, items_cleared)),
    ((Slotted, SlottedToo, HostileSlots, HostileByClass), (slot_set, slot_deleted)),
    (SlottedTwice, (shadowed_slot_set,)),
    (
        types.FunctionType,
        (
            nonlocal_written,
            nonlocal_deleted,
            defaults_set,
            keyword_defaults_set,
            keyword_default_set,
            annotation_set,
            code_replaced,
        ),
    ),
    (functools.partial, (partial_replaced, keyword_set)),
    (bytearray, (bytes_changed,)),
    ((io.StringIO, io.BytesIO), (written, file_closed)),
    (array.array, (numbers_changed,)),
    (random.Random, (drawn,)),
    (type(iter(())), (advanced,)),
    (queue.SimpleQueue, (queued, unqueued)),
    (ElementTree.Element, (xml_changed,)),
    (BaseException, (error_changed,)),
)
_OWN_DICT = (
    *(types.FunctionType, functools.partial, types.SimpleNamespace, OrderedDict),
    *(io.StringIO, io.BytesIO, random.Random, BaseException),
)


def changes_of(obj: Any) -> Iterator[Change]:
    """What can be done to `obj`."""
    if oracle.is_class(obj) or isinstance(obj, types.ModuleType):
        yield from ON_ATTRIBUTES
        yield from (class_renamed, bases_assigned) if oracle.is_class(obj) else (module_class_assigned,)
        return
    if type(obj) in (Plain, PlainToo, Slotted, SlottedToo):
        yield class_assigned
    for types_, changes in ON_TYPES:
        if isinstance(obj, types_):
            yield from changes
    if type(obj).__dictoffset__ != 0 and type(obj) is not types.BuiltinFunctionType:
        yield from ON_ATTRIBUTES
        if not isinstance(obj, _OWN_DICT):
            yield dict_replaced
        if not isinstance(obj, types.FunctionType):
            yield odd_attribute
