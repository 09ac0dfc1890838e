"""forger - writes on its dependencies what looks like something that Python remembers"""

import enum
import ipaddress
import typing

from buildstream import Element
from buildstream.types import _Scope


class Mode(enum.Flag):
    READ = 1
    WRITE = 2


class Page:
    pass


PAGES = typing.List["Page"]


def text(dep):
    dep.path._str = "/evil"


def digest(dep):
    dep.path._hash = 5


def broadcast(dep):
    dep.network.__dict__["broadcast_address"] = ipaddress.ip_address("192.0.2.1")


def number(dep):
    dep.network.network_address._ip = 5


def member(dep):
    Mode._value2member_map_[3] = Mode.READ


def label(dep):
    Mode.WRITE.label = "writes"


def hint(dep):
    PAGES.__args__[0].__forward_value__ = int


def annotations(dep):
    Page.__annotations__ = {"number": int}


def cached(dep):
    dep.page.words


def mirror_directory(dep):
    for source in dep.sources():
        source._Source__mirror_directory = "/evil"


class ForgerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["forges"])
        self.forges = node.get_str("forges")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"forges": self.forges}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        for dep in self._dependencies(_Scope.BUILD):
            globals()[self.forges](dep)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ForgerElement
