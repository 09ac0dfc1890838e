"""careful - opens much, by itself and through libraries, and nothing is left of it when its job ends"""

import asyncio
import concurrent.futures
import contextlib
import getpass
import importlib.resources
import linecache
import logging
import mimetypes
import mmap
import multiprocessing
import os
import random
import secrets
import select
import selectors
import shutil
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import urllib.request
import uuid
import zoneinfo
from multiprocessing import shared_memory

import grpc
from buildstream import Element


class Circle:
    """An object that holds itself: what it has open is closed when Python looks for such circles."""

    def __init__(self):
        self.circle = self


class CarefulElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.opened_before = open(__file__, encoding="utf-8")  # by the main thread, for the whole session

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        self.stage_sources(sandbox, "/")
        self.stage_dependency_artifacts(sandbox)

    def assemble(self, sandbox):
        self.use_files()
        self.use_temporary_files()
        self.use_sockets()
        self.use_processes()
        self.use_shared_memory()
        self.use_libraries()
        self.use_buildstream(sandbox)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    def use_files(self):
        self.opened_before.read()
        with open(__file__, encoding="utf-8") as file:
            file.read()
        open(__file__, encoding="utf-8").read()  # nobody has it any more
        urllib.request.urlopen(f"file://{__file__}").read()
        for _ in os.fwalk(os.path.dirname(__file__)):
            pass
        sqlite3.connect(":memory:").close()
        circle = Circle()
        circle.file = open(__file__, encoding="utf-8")
        circle.directory = tempfile.TemporaryDirectory()

    def use_temporary_files(self):
        with tempfile.TemporaryFile() as file, tempfile.NamedTemporaryFile(), tempfile.TemporaryDirectory():
            file.write(b"x")
        shutil.rmtree(tempfile.mkdtemp())
        descriptor, name = tempfile.mkstemp()
        os.close(descriptor)
        os.unlink(name)

    def use_sockets(self):
        for end in socket.socketpair():
            end.close()
        for end in multiprocessing.Pipe():
            end.close()
        for end in os.pipe():
            os.close(end)
        os.close(os.eventfd(0))
        select.epoll().close()
        asyncio.run(asyncio.sleep(0))
        loop = asyncio.new_event_loop()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        with grpc.insecure_channel("unix:/nowhere") as channel:
            channel.subscribe(lambda state: None, try_to_connect=True)

    def use_processes(self):
        self.call(["true"])
        self.blocking_activity(len, ([1],), "Counting")
        subprocess.Popen(["echo"], stdout=subprocess.PIPE).communicate()
        queue = multiprocessing.Queue()
        queue.close()
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
            pool.submit(len, "a").result()

    def use_shared_memory(self):
        for method in multiprocessing.get_all_start_methods():
            context = multiprocessing.get_context(method)
            with context.Lock():
                context.Value("i", 0).value += 1
            context.RawArray("i", 5_000)[0] = 1
        memory = shared_memory.SharedMemory(create=True, size=8)
        memory.close()
        memory.unlink()
        mmap.mmap(-1, 8)[0] = 1
        with open(__file__, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            mapped.read(8)

    def use_libraries(self):
        secrets.token_hex(), uuid.uuid4(), random.SystemRandom().random()
        zoneinfo.available_timezones(), mimetypes.guess_type("a.txt"), linecache.getline(__file__, 1)
        importlib.resources.files("email").joinpath("__init__.py").read_text()
        ssl.create_default_context().load_default_certs()
        with contextlib.suppress(KeyError, OSError):
            getpass.getuser()
        logger = logging.FileHandler(os.devnull)
        logger.emit(logging.makeLogRecord({"msg": "hello"}))
        logger.close()
        with selectors.DefaultSelector():
            pass

    def use_buildstream(self, sandbox):
        directory = sandbox.get_virtual_directory()
        with directory.open_file("note", mode="w") as file:
            file.write("x")
        with directory.open_file("note", mode="r") as file:
            file.read()
        with self.timed_activity("Looking"):
            for dep in self.dependencies():
                dep.compute_manifest()


def setup():
    return CarefulElement
