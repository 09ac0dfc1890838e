"""borrower - changes the process for a while and puts it back, or only uses it"""

import asyncio
import codecs
import contextlib
import csv
import decimal
import gc
import gettext
import importlib.util
import io
import json
import locale
import logging
import mimetypes
import multiprocessing
import os
import random
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import warnings
import weakref
from unittest import mock
from xml.etree import ElementTree

from buildstream import Element


def caught_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("x")


def redirected():
    with contextlib.redirect_stdout(io.StringIO()):
        print("x")


def local_context():
    with decimal.localcontext() as context:
        context.prec = 3
        decimal.Decimal(1) / 3


def arithmetic():
    decimal.Decimal(1) / 3
    decimal.getcontext()


def put_back():
    timeout, limit = socket.getdefaulttimeout(), sys.getrecursionlimit()
    socket.setdefaulttimeout(3)
    sys.setrecursionlimit(limit + 1)
    socket.setdefaulttimeout(timeout)
    sys.setrecursionlimit(limit)


def patched_and_put_back():
    real = json.dumps
    json.dumps = str
    json.dumps = real


def mocked():
    with mock.patch("os.path.exists", return_value=True):
        os.path.exists("x")
    with mock.patch.dict(os.environ, {"X": "1"}):
        pass


def imported():
    import colorsys
    import curses
    import fileinput
    import ftplib
    import multiprocessing.pool
    import smtplib
    import wave
    import xmlrpc.client


def guessed_type():
    mimetypes.guess_type("a.html")
    mimetypes.guess_extension("text/html")
    mimetypes.init()


def logged():
    logging.getLogger("acme.sub").info("hello")
    logging.info("hello")


def temporary():
    with tempfile.TemporaryDirectory(), tempfile.NamedTemporaryFile():
        tempfile.gettempdir()


def drawn():
    random.random()
    random.shuffle(list(range(2000)))
    random.randint(1, 5)
    random.choice("abc")
    [random.random() for _ in range(5000)]
    random.gauss(0, 1)


def drawn_bytes():
    random.randbytes(3_000_000)


def own_generator():
    r = random.Random(5)
    r.random()
    r.seed(3)


def compiled():
    [re.compile("a" * n) for n in range(1, 600)]
    re.purge()


def opened():
    urllib.request.urlopen("data:,hello").read()


def own_opener():
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open("data:,hello").read()


def own_ssl_context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE


def connected():
    a, b = socket.socketpair()
    a.settimeout(2)
    a.close()
    b.close()
    socket.getaddrinfo("localhost", 80)
    socket.gethostname()


def started():
    subprocess.run(["true"], check=True, env=dict(os.environ, ACME="1"), cwd="/", umask=0o077)


def looped():
    asyncio.run(asyncio.sleep(0))
    loop = asyncio.new_event_loop()
    loop.close()
    asyncio.get_event_loop_policy()


def start_method_asked():
    multiprocessing.get_context()
    multiprocessing.get_start_method()
    multiprocessing.cpu_count()
    q = multiprocessing.get_context("spawn").Queue()
    q.close()


def collected():
    gc.collect()
    gc.get_objects()
    was = gc.isenabled()
    gc.disable()
    gc.enable()


def traced():
    old = sys.gettrace()
    sys.settrace(None)
    sys.settrace(old)


def descriptors_put_back():
    saved = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(saved, 1)
    os.close(saved)
    os.close(null)


def environment_put_back():
    os.environ["A"] = "1"
    del os.environ["A"]
    os.putenv("B", "1")
    os.unsetenv("B")


def parsed():
    ElementTree.tostring(ElementTree.fromstring("<a xmlns:x='u'><x:b/></a>"))


def read_table():
    list(csv.reader(["a;b"], delimiter=";"))
    csv.list_dialects()
    csv.Sniffer().sniff("a,b\nc,d\n")


def formatted():
    locale.localeconv()
    time.strptime("1 Jan 2020", "%d %b %Y")
    time.tzset()


def translated():
    gettext.translation("acme", fallback=True).gettext("x")
    gettext.gettext("x")


def limits_asked():
    resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
    os.nice(0)
    os.getpriority(os.PRIO_PROCESS, 0)


def encoded():
    "x".encode("utf-16")
    "x".encode("cp1252")
    b"x".decode("latin-1")
    codecs.lookup("koi8-r")
    "x".encode("idna")


def registered_module():
    spec = importlib.util.spec_from_loader("acme_dynamic", loader=None)
    m = importlib.util.module_from_spec(spec)
    sys.modules["acme_dynamic"] = m


def finalized():
    weakref.finalize(threading.Event(), print)


def asked_for_signals():
    signal.setitimer(signal.ITIMER_VIRTUAL, 100)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.getsignal(signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, [])


class BorrowerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.borrow = globals()[self.name.removesuffix(".bst")]

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"name": self.name}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        self.borrow()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return BorrowerElement
