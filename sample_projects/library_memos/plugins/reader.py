"""reader - reads what its dependencies keep, in one of many ways"""

import copy
import dataclasses
import enum
import functools
import io
import ipaddress
import logging
import pathlib
import ruamel.yaml
import sys
import typing

import ruamel.yaml
from buildstream import Element
from buildstream.types import _Scope


class Mode(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Bits(enum.IntFlag):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Page:
    number: "int" = 0
    next: "typing.Optional[Page]" = None


class Slotted:
    __slots__ = ("text",)


PAGES = typing.List["Page"]
HOME = pathlib.Path("/home/acme")
NETWORK = ipaddress.ip_network("192.168.0.0/16")
LOGGER = logging.getLogger("acme")


def turn(page: "Page", pages: PAGES) -> "Mode":
    return Mode.READ


@functools.singledispatch
def describe(value):
    return "anything"


@describe.register(int)
def _(value):
    return "number"


def read_path(path):
    return str(path), hash(path), path.parts, path.name, path.suffix, path.parent, path == HOME, path < path, path / "x"


def read_network(network):
    return network.broadcast_address, network.hostmask, network.is_private, network.num_addresses, str(network)


def paths(dep):
    for path in (dep.path, dep.relative, dep.folder, HOME):
        read_path(path)
    str(dep.windows), hash(dep.windows), dep.windows.parts


def addresses(dep):
    for network in (dep.network, dep.interface.network, NETWORK):
        read_network(network)
    str(dep.interface), dep.interface.ip.is_link_local


def loggers(dep):
    for logger in (dep.logger, LOGGER, logging.getLogger("acme.made.on.demand")):
        logger.debug("not shown")
        logger.isEnabledFor(logging.ERROR)
        logger.getChild("below")
    logging.getLogger("acme.made")


def flags(dep):
    Mode.READ | Mode.RUN, ~Mode.READ, Mode(0), Mode(7), Bits.LOW | Bits.HIGH, Bits(8), ~Bits(3)


def hints(dep):
    for thing in (Page, turn, sys.modules[__name__], type(dep)):
        typing.get_type_hints(thing)
    for cls in (Slotted, Mode, ReaderElement):
        cls.__annotations__


def others(dep):
    dep.matcher.ratio(), dep.matcher.get_opcodes()
    hash(dep.fraction), str(dep.uuid), dep.message.as_string(), dep.template.substitute(name="x")
    dep.parser.parse_args([]), dep.url.hostname, describe(1.5), describe(True)
    ruamel.yaml.YAML().dump(dep.document, io.StringIO())
    ruamel.yaml.YAML().dump(dep.comments, io.StringIO())
    copy.copy(Slotted()), copy.deepcopy(dep.fraction), dataclasses.asdict(Page())


def mirror_directory(dep):
    for source in dep.sources():
        source.get_mirror_directory()


class ReaderElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["reads"])
        self.reads = node.get_str("reads")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"reads": self.reads, "mode": (Mode.READ | Mode.WRITE).value}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        for dep in self._dependencies(_Scope.BUILD):
            globals()[self.reads](dep)
        self.mode = Mode.READ | Mode.RUN
        self.path = pathlib.Path("/") / self.reads
        read_path(self.path)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ReaderElement
