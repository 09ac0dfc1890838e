"""keeper - an element with state that Python keeps in C"""

import array
import configparser
import datetime
import decimal
import hashlib
import io
import itertools
import mmap
import queue
import random
import weakref
import xml.etree.ElementTree as ET
import zlib

from buildstream import Element

# What its module and its class keep is state as well.
SHARED_LOG = io.StringIO()


class Thing:
    """Something to refer to."""


def numbers():
    number = 0
    while True:
        number += 1
        yield number


class KeeperElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    NUMBERS = array.array("i", [1])

    def configure(self, node):
        node.validate_keys([])
        self.text = io.StringIO("a log\n")
        self.text.seek(0, io.SEEK_END)
        self.data = io.BytesIO(b"data")
        self.spent = io.StringIO("spent")
        self.sizes = array.array("i", [1, 2])
        self.view = memoryview(bytearray(b"view"))
        self.rng = random.Random(1)
        self.checksum = hashlib.sha256(b"a")
        self.document = ET.fromstring("<a><b>text</b></a>")
        self.config = configparser.ConfigParser()
        self.config.read_string("[section]\nkey = value\n")
        self.thing = Thing()
        self.cache = weakref.WeakValueDictionary(first=self.thing)
        self.notes = weakref.WeakKeyDictionary({self.thing: "first"})
        self.known = weakref.WeakSet([self.thing])
        self.memory = mmap.mmap(-1, 16, flags=mmap.MAP_PRIVATE)
        self.leave = weakref.finalize(self.thing, print, "left")
        self.noon = datetime.time(12, tzinfo=datetime.timezone.utc)
        self.tasks = queue.Queue()
        self.messages = queue.SimpleQueue()
        self.error = ValueError("args")
        self.counter = itertools.count(1)
        self.rounds = itertools.cycle("abc")
        self.items = iter([1, 2, 3])
        self.pairs = zip("abc", [1, 2, 3])
        self.lines = numbers()
        self.context = decimal.Context(prec=5)
        self.packer = zlib.compressobj()

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return KeeperElement
