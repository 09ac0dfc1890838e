"""caller - calls functions that remember what they have computed"""

import contextvars
import functools
import threading

from buildstream import Element


@functools.lru_cache
def names(kind):
    return [kind]


@functools.lru_cache(maxsize=2)
def few(number):
    return [number]


@functools.cache
def following(number):
    return number + 1


@functools.lru_cache(maxsize=None)
def options(kind, *, strict=False):
    return {"kind": kind}


@functools.singledispatch
def describe(value):
    return "anything"


class Tool:
    @staticmethod
    @functools.lru_cache
    def parsed(text):
        return {"text": text}


LOCAL = threading.local()
CURRENT = contextvars.ContextVar("CURRENT", default="nothing")

names("tool")
few(1), few(2)
following(1)


def calls(element):
    names(element.name), names("tool"), options("tool"), options("tool", strict=True), Tool.parsed(element.name)


def forgets(element):
    for number in range(5):
        few(number)


def clears(element):
    following.cache_clear()
    following(1)


def method(element):
    element.computed = element.compute(3)
    element.computed.append("own")
    element.made.append("own")


def dispatches(element):
    describe(1.5), describe(element), describe(True)


def thread(element):
    LOCAL.element = element.name
    del LOCAL.element
    CURRENT.reset(CURRENT.set("something"))


def keeps(element):
    element.kept.name = element.name


class CallerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["calls"])
        self.calls = node.get_str("calls")
        self.made = self.compute(1)
        self.kept = threading.local()

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"calls": self.calls, "name": names("key"), "few": few(len(self.calls)), "parsed": Tool.parsed("key")}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        globals()[self.calls](self)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    @functools.lru_cache(maxsize=None)
    def compute(self, number):
        return [self.name] * number


def setup():
    return CallerElement
