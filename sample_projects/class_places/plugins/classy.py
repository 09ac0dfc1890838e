"""classy - writes on one class or module, wherever it is, as its element says"""

import abc
import dataclasses
import enum
import importlib
import os
import sys

from buildstream.types import CoreWarnings, _Scope

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "pylib"))

import acme_base

from . import _acme_reloaded


def make_kind():
    """A class of its own for each call."""

    class Kind:
        MADE = []

    return Kind


KINDS = {"stamp": make_kind()}
Point = dataclasses.make_dataclass("Point", ["x", "y"])
Plain = type("Plain", (), {"COUNTS": {}})


class Twice:
    NAMES = []


_first = Twice


class Twice:  # noqa: F811
    NAMES = []


class Moved:
    NAMES = []


Moved.__module__ = "acme.api"


class Level(enum.Enum):
    LOW = 1


class Greeter:
    pass


class Polite(Greeter):
    pass


class Rude:
    pass


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self):
        """How large it is."""


class ClassyElement(acme_base.AcmeElement):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    class Config:
        VALUES = []

        class Inner:
            TABLE = {}

    def configure(self, node):
        node.validate_keys(["write"])
        self.write = getattr(self, node.get_str("write"))

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    # The hazards: each class and module belongs to the process, wherever it is kept.

    def nested(self):
        self.Config.VALUES.append(1)

    def nested_twice(self):
        self.Config.Inner.TABLE["x"] = 1

    def in_table(self):
        KINDS["stamp"].MADE.append(1)

    def made_by_library(self):
        Point.scale = 2

    def made_by_type(self):
        Plain.COUNTS["x"] = 1

    def one_name_first(self):
        _first.NAMES.append("first")

    def one_name_second(self):
        Twice.NAMES.append("second")

    def other_module(self):
        Moved.NAMES.append("moved")

    def enum_member(self):
        Level.LOW.note = "seen"

    def bases(self):
        Polite.__bases__ = (Rude,)

    def qualified_name(self):
        Greeter.__qualname__ = "Welcomer"

    def annotations(self):
        Greeter.__annotations__ = {"name": str}

    def registered(self):
        Shape.register(Rude)

    def base_elsewhere(self):
        self.Limits.SIZES.append(1)

    def module_elsewhere(self):
        acme_base.SEEN["x"] = 1

    def core_enum(self):
        _Scope.ALL.note = "seen"

    def core_warning(self):
        CoreWarnings.ACME = "acme"

    def imported_by_job(self):
        from . import _acme_late

        _acme_late.SEEN.append(1)

    def reloaded(self):
        importlib.reload(_acme_reloaded)

    def assemble(self, sandbox):
        self.write()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ClassyElement
