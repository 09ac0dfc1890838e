"""An element that holds what a job of another one does not own."""

import decimal
import logging
import mmap
import os
import sqlite3
import threading
from concurrent.futures import Future

from buildstream import Element


class KeepsElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        self.opt = None
        self.configured = None
        self.note = "configured"
        self.lock = threading.Lock()
        self.future = Future()
        self.listing = os.scandir("/")
        self.shared = mmap.mmap(-1, 16)
        self.logger = logging.Logger("of nobody's")
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.context = decimal.Context(prec=5)
        self.error = ValueError("kept")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        self.note = "built"
        return "/"


def setup():
    return KeepsElement
