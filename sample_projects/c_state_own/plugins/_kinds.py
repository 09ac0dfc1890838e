"""Objects whose state Python keeps in C: how each is made, used and read"""

import array
import collections
import csv
import ctypes
import decimal
import functools
import hashlib
import io
import itertools
import queue
import random
import sqlite3
import threading
import xml.etree.ElementTree as ET
import zlib


class Log(io.StringIO):
    """A log with a name."""

    name = "log"


def numbers():
    number = 0
    while True:
        number += 1
        yield number


def table():
    file = io.StringIO()
    return [file, csv.writer(file)]


class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_char * 4)]


def remembering(size):
    function = functools.lru_cache(size)(lambda name: [name])
    function("a")
    return function


def database():
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


# name: made in configure(), used in the Fetch job, read in the Build job, and what a stock bst reads then
TRAVEL = {
    "array": (lambda: array.array("i", [1, 2]), lambda a: a.append(3), list, [1, 2, 3]),
    "bytearray": (lambda: bytearray(b"ab"), lambda b: b.extend(b"c"), bytes, b"abc"),
    "bytes_io": (lambda: io.BytesIO(b"abcd"), lambda f: f.read(2), lambda f: f.read(), b"cd"),
    "c_array": (lambda: (ctypes.c_int * 3)(1), lambda a: a.__setitem__(2, 5), list, [1, 0, 5]),
    "c_buffer": (lambda: ctypes.create_string_buffer(8), lambda b: setattr(b, "value", b"ab"), lambda b: b.value, b"ab"),
    "c_number": (lambda: ctypes.c_int(1), lambda c: setattr(c, "value", 2), lambda c: c.value, 2),
    "c_structure": (lambda: Pair(1), lambda p: setattr(p, "b", b"ab"), lambda p: (p.a, p.b), (1, b"ab")),
    "context": (lambda: decimal.Context(prec=5), lambda c: c.divide(1, 3), lambda c: c.flags[decimal.Inexact], True),
    "count": (itertools.count, lambda c: [next(c), next(c)], next, 2),
    "csv": (table, lambda t: t[1].writerow([1, 2]), lambda t: t[0].getvalue(), "1,2\r\n"),
    "deque": (lambda: collections.deque([1]), lambda d: d.append(2), list, [1, 2]),
    "element": (lambda: ET.fromstring("<a><b/></a>"), lambda e: ET.SubElement(e, "c"), lambda e: e[1].tag, "c"),
    "error": (lambda: OSError(2, "gone", "file"), lambda e: setattr(e, "filename", "other"), str, "[Errno 2] gone: 'other'"),
    "items": (lambda: iter([1, 2, 3]), next, list, [2, 3]),
    "keys": (lambda: iter({"a": 1, "b": 2}), next, list, ["b"]),
    "log": (Log, lambda log: log.write("fetched"), lambda log: log.getvalue(), "fetched"),
    "pairs": (lambda: zip("abc", [1, 2, 3]), next, list, [("b", 2), ("c", 3)]),
    "random": (lambda: random.Random(1), lambda r: r.random(), lambda r: r.random(), 0.8474337369372327),
    "range": (lambda: iter(range(3)), next, list, [1, 2]),
    "remembered": (lambda: remembering(9), lambda f: f("a").append("fetched"), lambda f: f("a"), ["a", "fetched"]),
    "remembered_all": (lambda: remembering(None), lambda f: f("a").append("b"), lambda f: f("a"), ["a", "b"]),
    "simple_queue": (queue.SimpleQueue, lambda q: q.put("a"), lambda q: q.qsize(), 1),
    "string_io": (lambda: io.StringIO("a"), lambda f: f.close(), lambda f: f.closed, True),
    "view": (lambda: memoryview(bytearray(b"ab")), lambda v: v.__setitem__(0, 120), bytes, b"xb"),
}

# The same for what no other process can get: the fourth is what may be read then.
STAY = {
    "checksum": (lambda: hashlib.sha256(b"a"), lambda h: h.update(b"b")),
    "created": (database, lambda d: d.execute("CREATE TABLE books (name)")),
    "cycle": (lambda: itertools.cycle([1, 2]), lambda c: [next(c), next(c), next(c)]),
    "enumeration": (lambda: enumerate("abc"), next),
    "file": (lambda: open("/dev/null", "w"), lambda f: f.write("fetched")),
    "generator": (numbers, next),
    "guard": (threading.Lock, lambda lock: lock.acquire()),
    "zipped": (zlib.compressobj, lambda z: z.compress(b"fetched")),
}
