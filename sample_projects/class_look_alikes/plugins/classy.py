"""classy - uses classes as one does, as its element says"""

import abc
import collections
import copy
import dataclasses
import enum
import functools
import inspect
import os
import pickle
import sys
import typing

from buildstream import Element

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "pylib"))

import acme_shapes

Point = dataclasses.make_dataclass("Point", ["x", "y"])
Pair = collections.namedtuple("Pair", "first second")
Item = typing.TypeVar("Item")


@dataclasses.dataclass
class Entry:
    name: str = ""
    lines: list = dataclasses.field(default_factory=list)


class Slotted:
    __slots__ = ("held",)


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Box(typing.Generic[Item]):
    class Lid:
        COLOURS = ["red"]

    @functools.cached_property
    def content(self):
        return []


@typing.runtime_checkable
class Measured(typing.Protocol):
    def area(self): ...


@functools.singledispatch
def show(value):
    return str(value)


@show.register
def _(value: int):
    return hex(value)


def make_kind():
    """A class of its own for each call."""

    class Kind:
        MADE = []

    return Kind


KINDS = {"stamp": make_kind()}


class ClassyElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["use"])
        self.use = getattr(self, node.get_str("use"))
        self.kind = make_kind()

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def defines(self):
        class Better(ClassyElement):
            LEVELS = []

        Better.LEVELS.append(1)
        Better.more = 1

        class Lid(Box.Lid):
            pass

        Lid.extra = 1
        assert issubclass(Lid, Box.Lid)

        @dataclasses.dataclass
        class Note(Entry):
            text: str = ""

        Note("a", [], "b").lines.append(1)
        make_kind().MADE.append(1)

    def asks(self):
        assert isinstance(acme_shapes.Square(), acme_shapes.Shape)
        assert not isinstance(1, acme_shapes.Shape)
        assert isinstance(acme_shapes.Square(), Measured)
        assert isinstance({}, collections.abc.Mapping)

        class Circle(acme_shapes.Shape):
            def area(self):
                return 3

        assert isinstance(Circle(), acme_shapes.Shape)
        acme_shapes.Shape.register(acme_shapes.Square)

    def has_its_own_registry(self):
        class Colour(abc.ABC):
            pass

        Colour.register(Entry)
        assert isinstance(Entry(), Colour)

    def looks_up(self):
        assert Level(1) is Level["LOW"]
        assert [level.name for level in Level] == ["LOW", "HIGH"]
        try:
            Level(7)
        except ValueError:
            pass

    def makes_instances(self):
        Point(1, 2).x = 3
        Pair(1, 2)._replace(first=3)
        entry = Entry("a")
        entry.lines.append("b")
        copy.deepcopy(entry)
        copy.copy(Slotted())
        pickle.dumps(acme_shapes.Square())
        KINDS["stamp"]().mine = 1
        Box[int]().content.append(1)
        show(1), show("a"), show([])

    def inspects(self):
        typing.get_type_hints(Entry)
        inspect.signature(Entry)
        inspect.getmembers(Box)
        assert Slotted.__annotations__ == {}
        assert acme_shapes.Square.__annotations__ == {}
        dataclasses.fields(Entry)
        Box.Lid.__subclasses__()

    def imports(self):
        from ._acme_late import TABLE, Entry as Late

        assert isinstance(TABLE["one"], Late)
        import acme_shapes as again

        assert again.Square is acme_shapes.Square
        import xml.dom.minidom

        xml.dom.minidom.parseString("<a/>")

    def own_class(self):
        self.kind.MADE.append(1)
        self.kind.more = 1

    def changes_back(self):
        colours = Box.Lid.COLOURS
        Box.Lid.COLOURS = ["blue"]
        bases = KINDS["stamp"].__bases__
        name = Box.Lid.__qualname__
        Box.Lid.__qualname__ = "Cover"
        Box.Lid.__qualname__ = name
        Box.Lid.COLOURS = colours
        assert KINDS["stamp"].__bases__ is bases

    def assemble(self, sandbox):
        self.use()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ClassyElement
