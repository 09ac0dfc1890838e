"""What the plugins of this project share without naming it as a table."""

import contextvars
import functools
import threading


@functools.lru_cache
def names(kind):
    return [kind]


@functools.cache
def registry():
    return {}


@functools.lru_cache(maxsize=None)
def options(kind, *, strict=False):
    return {"kind": kind}


@functools.lru_cache
def forgotten():
    return []


class Tool:
    @staticmethod
    @functools.lru_cache
    def parsed(text):
        return {"text": text}


@functools.singledispatch
def describe(value):
    return "anything"


LOCAL = threading.local()
CURRENT = contextvars.ContextVar("CURRENT", default="nothing")
COLLECTED = contextvars.ContextVar("COLLECTED", default=[])

names("tool")
forgotten()
registry()["made"] = True
options("tool", strict=True)
Tool.parsed("hello")
