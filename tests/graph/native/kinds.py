"""Objects whose state Python keeps in C: how each is made and changed, what tells its state, and what is seen of it."""

from __future__ import annotations

import array
import bz2
import codecs
import collections
import contextvars
import csv
import ctypes
import datetime
import decimal
import hashlib
import io
import itertools
import lzma
import mmap
import pickle
import queue
import random
import re
import struct
import weakref
import xml.etree.ElementTree as ET
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple
from xml.parsers import expat


class Kind(NamedTuple):
    """One kind.

    Attributes:
        make: makes an object.
        change: changes it in place.
        tell: what a program sees of its state; may change it.
        paths: the rest of the paths of the changes.
        back: whether it can be put back.
        travels: whether other processes can get the change.
    """

    make: Callable[[], Any]
    change: Callable[[Any], Any]
    tell: Callable[[Any], Any]
    paths: tuple[str, ...] = ("",)
    back: bool = True
    travels: bool = True


def _memory(content: bytes) -> mmap.mmap:
    # Not what `BytesIO.getbuffer()` gives: from Python 3.13 on one in a cycle complains when it is collected.
    made = mmap.mmap(-1, len(content), flags=mmap.MAP_PRIVATE)
    made[:] = content
    return made


class Text(io.StringIO):
    """A class of somebody's own."""


class Pair(ctypes.Structure):
    _fields_ = (("a", ctypes.c_int), ("b", ctypes.c_char * 4))


class Either(ctypes.Union):
    _fields_ = (("whole", Pair), ("number", ctypes.c_double))


class Pointing(ctypes.Structure):
    _fields_ = (("number", ctypes.c_int), ("text", ctypes.c_char_p))


def numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


async def numbers_to_wait_for() -> AsyncIterator[int]:
    yield 1
    yield 2


def given(step: Any) -> Any:
    try:
        step.send(None)
    except StopIteration as done:
        return done.value


class Indexed:
    """Is iterated by its indices."""

    def __getitem__(self, index: int) -> str:
        return "abc"[index]


class Zone(datetime.tzinfo):
    """A time zone of somebody's own."""

    hours = 1

    def utcoffset(self, when: datetime.datetime | None) -> datetime.timedelta:
        return datetime.timedelta(hours=self.hours)


def _opened(parser: ET.XMLParser) -> None:
    parser.feed("<a>")


def _closed(parser: ET.XMLParser) -> str:
    parser.feed("</a>")
    return ET.tostring(parser.close(), encoding="unicode")


VARIABLE = contextvars.ContextVar("VARIABLE", default=0)


def moved(make: Callable[[], Any], steps: int) -> Callable[[], Any]:
    def made() -> Any:
        obj = make()
        for _ in range(steps):
            next(obj)
        return obj

    return made


def filled(*items: Any) -> Any:
    made: Any = queue.SimpleQueue()
    for item in items:
        made.put(item)
    return made


def rest(iterator: Any) -> list[Any]:
    return list(itertools.islice(iterator, 4))


def _iterators() -> dict[str, Kind]:
    sequences: dict[str, Callable[[], Any]] = {
        "list": lambda: iter([1, 2, 3]),
        "tuple": lambda: iter((1, 2, 3)),
        "ascii": lambda: iter("abc"),
        "str": lambda: iter("äöü"),
        "bytes": lambda: iter(b"abc"),
        "bytearray": lambda: iter(bytearray(b"abc")),
        "array": lambda: iter(array.array("i", [1, 2, 3])),
        "reversed list": lambda: reversed([1, 2, 3]),
        "reversed tuple": lambda: reversed((1, 2, 3)),
        "indexed": lambda: iter(Indexed()),
        "begun": moved(lambda: iter([1, 2, 3]), 1),
    }
    found = {f"iterator over {name}": Kind(make, next, rest) for name, make in sequences.items()}
    found["iterator at its end"] = Kind(sequences["list"], list, rest, back=False)
    others: dict[str, Callable[[], Any]] = {
        "range": lambda: iter(range(5)),
        "keys": lambda: iter({"a": 1, "b": 2}),
        "values": lambda: iter({"a": 1, "b": 2}.values()),
        "items": lambda: iter({"a": 1, "b": 2}.items()),
        "reversed keys": lambda: reversed({"a": 1, "b": 2}),
        "set": lambda: iter({1, 2}),
    }
    found |= {f"iterator over {name}": Kind(make, next, rest, back=False) for name, make in others.items()}
    stay: dict[str, Callable[[], Any]] = {
        "big range": lambda: iter(range(2**70, 2**70 + 4)),
        "deque": lambda: iter(collections.deque([1, 2, 3])),
        "reversed deque": lambda: reversed(collections.deque([1, 2, 3])),
        "ordered keys": lambda: iter(collections.OrderedDict(a=1, b=2)),
        "enumerate": lambda: enumerate("abc"),
        "generator": numbers,
        "begun generator": moved(numbers, 1),
        "generator expression": lambda: (each for each in [1, 2, 3]),
        "first round": lambda: itertools.cycle([1, 2, 3]),
        "second round": moved(lambda: itertools.cycle([1, 2, 3]), 4),
        "islice": lambda: itertools.islice([1, 2, 3], 2),
        "chain": lambda: itertools.chain([1, 2], [3]),
        "repeat": lambda: itertools.repeat("a", 3),
        "accumulate": lambda: itertools.accumulate([1, 2, 3]),
        "product": lambda: itertools.product("ab", "cd"),
        "permutations": lambda: itertools.permutations("abc"),
        "combinations": lambda: itertools.combinations("abc", 2),
        "grouped": lambda: (key for key, _ in itertools.groupby("aabb")),
        "unpacked": lambda: struct.iter_unpack("B", b"abc"),
        "csv.reader": lambda: csv.reader(["a,b", "c,d"]),
        "matches": lambda: (match[0] for match in re.finditer("a|b", "abab")),
        "xml": lambda: (each.tag for each in ET.fromstring("<a><b/><c/></a>").iter()),
    }
    found |= {name: Kind(make, next, rest, back=False, travels=False) for name, make in stay.items()}
    through: dict[str, Callable[[], Any]] = {
        "zip": lambda: zip([1, 2, 3], (4, 5, 6), strict=False),
        "map": lambda: map(str, [1, 2, 3]),
        "filter": lambda: filter(None, [1, 2, 3]),
        "starmap": lambda: itertools.starmap(max, [(1, 2), (3, 4)]),
        "takewhile": lambda: itertools.takewhile(bool, [1, 2, 3]),
    }
    # What they go through moves on, and has the same path.
    return found | {name: Kind(make, next, rest) for name, make in through.items()}


KINDS: dict[str, Kind] = {
    "text": Kind(lambda: io.StringIO("a"), lambda f: f.write("xyz"), lambda f: f.getvalue(), ("", ".tell()")),
    "own text": Kind(Text, lambda f: f.write("xyz"), lambda f: (f.getvalue(), f.tell()), ("", ".tell()")),
    "text with ends of lines": Kind(
        lambda: io.StringIO("a\r\n", newline=None), lambda f: f.read(), lambda f: (f.getvalue(), f.tell()), (".tell()",)
    ),
    "closed text": Kind(
        lambda: io.StringIO("a"), lambda f: f.close(), lambda f: f.closed, (".closed", "", ".tell()", ".newline")
    ),
    "bytes": Kind(lambda: io.BytesIO(b"abc"), lambda f: f.truncate(1), lambda f: (f.getvalue(), f.tell())),
    "closed bytes": Kind(lambda: io.BytesIO(b"a"), lambda f: f.close(), lambda f: f.closed, (".closed", "", ".tell()")),
    "array": Kind(lambda: array.array("d", [1, 2]), lambda a: a.append(3), list),
    "view of bytes": Kind(lambda: memoryview(bytearray(b"ab")), lambda v: v.__setitem__(0, 1), bytes, (".obj",)),
    "view of array": Kind(lambda: memoryview(array.array("i", [1])), lambda v: v.__setitem__(0, 2), list, (".obj",)),
    "view of another": Kind(lambda: memoryview(_memory(b"ab")), lambda v: v.__setitem__(0, 1), bytes),
    "random": Kind(lambda: random.Random(1), lambda r: r.random(), lambda r: r.random(), (".getstate()",)),
    "map": Kind(lambda: _memory(b"ab"), lambda m: m.__setitem__(0, 1), lambda m: m[:], back=False, travels=False),
    "place in a map": Kind(
        lambda: _memory(b"ab"), lambda m: m.read(1), lambda m: m.tell(), (".tell()",), back=False, travels=False
    ),
    "closed map": Kind(
        lambda: _memory(b"ab"), lambda m: m.close(), lambda m: m.closed, (".closed",), back=False, travels=False
    ),
    "pickler": Kind(
        lambda: pickle.Pickler(io.BytesIO()),
        lambda p: p.dump(["a"]),
        lambda p: len(p.memo.copy()),
        back=False,
        travels=False,
    ),
    "unpickler": Kind(
        lambda: pickle.Unpickler(io.BytesIO(b"(lp0\n.")),
        lambda p: p.load(),
        lambda p: len(p.memo.copy()),
        back=False,
        travels=False,
    ),
    "XML parser": Kind(ET.XMLParser, _opened, _closed, back=False, travels=False),
    "expat parser": Kind(
        expat.ParserCreate,
        lambda p: p.Parse("<a>"),
        lambda p: p.CurrentByteIndex,
        (".CurrentByteIndex",),
        back=False,
        travels=False,
    ),
    "time zone": Kind(
        lambda: datetime.datetime(2031, 5, 6, tzinfo=Zone()),
        lambda when: setattr(when.tzinfo, "hours", 2),
        lambda when: when.utcoffset(),
        (".tzinfo.hours",),
    ),
    "finalizer": Kind(lambda: weakref.finalize(Indexed, print), lambda f: f.detach(), lambda f: f.alive),
    "finalizer's flag": Kind(
        lambda: weakref.finalize(Indexed, print),
        lambda f: setattr(f, "atexit", False),
        lambda f: f.atexit,
        (".atexit",),
    ),
    "context": Kind(lambda: decimal.Context(5), lambda c: setattr(c, "prec", 9), repr, (".prec",)),
    "flags": Kind(lambda: decimal.Context(5), lambda c: c.divide(1, 3), repr, (".flags",)),
    "error": Kind(lambda: ValueError("a"), lambda e: setattr(e, "args", ("b",)), repr, (".args",)),
    "error of C": Kind(lambda: OSError(2, "a"), lambda e: setattr(e, "errno", 3), lambda e: e.errno, (".errno",)),
    "xml text": Kind(lambda: ET.fromstring("<a>b</a>"), lambda e: setattr(e, "text", "c"), ET.tostring, (".text",)),
    "xml below": Kind(lambda: ET.fromstring("<a><b/></a>"), lambda e: e.remove(e[0]), ET.tostring),
    "queue": Kind(lambda: filled("a", "b"), lambda q: q.get(), lambda q: q.get()),
    "C number": Kind(lambda: ctypes.c_int(1), lambda c: setattr(c, "value", 2), lambda c: c.value),
    "C array": Kind(lambda: (ctypes.c_int * 3)(1), lambda a: a.__setitem__(2, 5), list),
    "C text": Kind(lambda: ctypes.create_string_buffer(8), lambda b: setattr(b, "value", b"ab"), lambda b: b.value),
    "structure": Kind(lambda: Pair(1), lambda p: setattr(p, "b", b"ab"), lambda p: (p.a, p.b)),
    "union": Kind(lambda: Either(number=1.0), lambda e: setattr(e.whole, "a", 7), lambda e: e.number),
    "pointing structure": Kind(
        lambda: Pointing(1), lambda p: setattr(p, "text", b"ab"), lambda p: p.text, back=False, travels=False
    ),
    "count": Kind(itertools.count, next, next, back=False),
    "count by": Kind(lambda: itertools.count(0.5, 0.25), next, next, back=False),
    "count of": Kind(lambda: itertools.count(decimal.Decimal(1)), next, next, back=False, travels=False),
    "scanner": Kind(
        lambda: re.compile("a").scanner("aa"), lambda s: s.match(), lambda s: s.match().end(), back=False, travels=False
    ),  # type: ignore[attr-defined]
    **{
        name: Kind(
            lambda name=name: hashlib.new(name, b"a"),
            lambda h: h.update(b"b"),
            lambda h: h.hexdigest(),
            (".hexdigest()",),
            False,
            False,
        )  # type: ignore[misc]
        for name in ("md5", "sha256", "sha3_256", "blake2b")
    },
    "shake": Kind(
        hashlib.shake_128, lambda h: h.update(b"b"), lambda h: h.hexdigest(8), (".hexdigest(32)",), False, False
    ),
    "compressor": Kind(zlib.compressobj, lambda z: z.compress(b"a"), lambda z: z.flush(), back=False, travels=False),
    "bz2": Kind(bz2.BZ2Compressor, lambda z: z.compress(b"a"), lambda z: z.flush(), back=False, travels=False),
    "lzma": Kind(lzma.LZMACompressor, lambda z: z.compress(b"a"), lambda z: z.flush(), back=False, travels=False),
    "decoder": Kind(
        lambda: codecs.getincrementaldecoder("gbk")(),
        lambda d: d.decode(b"\xc4"),
        lambda d: d.getstate(),
        back=False,
        travels=False,
    ),
    "builder of xml": Kind(
        ET.TreeBuilder, lambda b: b.start("a", {}), lambda b: (b.end("a").tag, b.close().tag), back=False, travels=False
    ),
    "asynchronous generator": Kind(
        numbers_to_wait_for, lambda g: given(g.__anext__()), lambda g: given(g.__anext__()), back=False, travels=False
    ),
    "variables": Kind(
        contextvars.Context, lambda c: c.run(VARIABLE.set, 5), lambda c: c.get(VARIABLE), back=False, travels=False
    ),
    **_iterators(),
}
