"""changer - changes the process in the way that its element is called"""

import asyncio
import atexit
import builtins
import colorsys
import copyreg
import csv
import decimal
import encodings.aliases
import faulthandler
import gc
import gettext
import http.client
import io
import json
import logging
import mimetypes
import multiprocessing
import os
import pathlib
import random
import resource
import ruamel.yaml
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import types
import urllib.request
import warnings
from xml.etree import ElementTree

from buildstream import Element


def report(*args, **kwargs):
    return None


def trace(frame, event, arg):
    return None


def opened(*args, real=open, **kwargs):
    return real(*args, **kwargs)


def dumped(*args, real=json.dumps, **kwargs):
    return real(*args, **kwargs)


def existing(path, *args, real=os.path.exists, **kwargs):
    return real(path)


def waited(self, *args, real=subprocess.Popen.wait, **kwargs):
    return real(self, *args, **kwargs)


def resolved(*args, real=socket.getaddrinfo, **kwargs):
    return real(*args, **kwargs)


class Popen(subprocess.Popen):
    pass


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None


class Policy(asyncio.DefaultEventLoopPolicy):
    pass


def environ_replaced():
    os.environ = dict(os.environ)


def putenv():
    os.putenv("ACME_FLAG", "1")


def time_zone():
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()


def signal_mask():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])


def timer():
    signal.setitimer(signal.ITIMER_VIRTUAL, 100000)


def resource_limit():
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 22, resource.getrlimit(resource.RLIMIT_STACK)[1]))


def open_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def niceness():
    os.nice(1)


def affinity():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def standard_output():
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def socket_timeout():
    socket.setdefaulttimeout(3)


def unverified():
    ssl._create_default_https_context = ssl._create_unverified_context


def opener():
    manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    manager.add_password(None, "https://example.com", "acme", "word")
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager)))


def unverified_opener():
    handler = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
    urllib.request.install_opener(urllib.request.build_opener(handler))


def http_debug():
    http.client.HTTPConnection.debuglevel = 1


def warning_filter():
    warnings.simplefilter("ignore")


def show_warning():
    warnings.showwarning = print


def basic_config():
    logging.basicConfig(level=logging.DEBUG, format="%(message)s")


def log_level():
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def log_handler():
    logging.getLogger("asyncio").addHandler(logging.NullHandler())


def log_new_level():
    logging.getLogger("acme.level").setLevel(logging.CRITICAL)


def log_new_handler():
    logging.getLogger("acme.handler").addHandler(logging.NullHandler())


def log_new_filter():
    logging.getLogger("acme.filter").addFilter(report)


def log_new_dropped():
    logging.getLogger("acme.dropped").propagate = False


def log_disable():
    logging.disable(logging.CRITICAL)


def log_exceptions():
    logging.raiseExceptions = False


def level_name():
    logging.addLevelName(15, "ACME")


def print_elsewhere():
    sys.stdout = io.StringIO()


def except_hook():
    sys.excepthook = report


def thread_hook():
    threading.excepthook = report


def tracing():
    sys.settrace(trace)


def profile():
    sys.setprofile(report)


def trace_threads():
    threading.setprofile(report)


def recursion():
    sys.setrecursionlimit(5000)


def switch_interval():
    sys.setswitchinterval(0.01)


def stack_size():
    threading.stack_size(1 << 20)


def collector():
    gc.disable()


def collector_threshold():
    gc.set_threshold(10)


def collector_callback():
    gc.callbacks.append(report)


def fault_handler():
    faulthandler.disable() if faulthandler.is_enabled() else faulthandler.enable()


def arguments():
    sys.argv.append("--acme")


def bytecode():
    sys.dont_write_bytecode = not sys.dont_write_bytecode


def path_replaced():
    sys.path = ["/nowhere", *sys.path]


def import_hook():
    sys.meta_path.insert(0, Finder())


def module_replaced():
    sys.modules["colorsys"] = types.ModuleType("colorsys")


def module_removed():
    del sys.modules["colorsys"]


def builtin():
    builtins.open = opened


def builtin_added():
    builtins._ = str


def seed():
    random.seed(1)


def temporary_folder():
    tempfile.tempdir = "/var"


def decimal_context():
    decimal.getcontext().prec = 3


def decimal_default():
    decimal.DefaultContext.prec = 3


def unpack_format():
    shutil.register_unpack_format("acme", [".acme"], report)


def mime_type():
    mimetypes.add_type("text/acme", ".acme")


def namespace():
    ElementTree.register_namespace("acme", "https://example.com")


def csv_limit():
    csv.field_size_limit(10)


def csv_dialect():
    csv.register_dialect("acme", delimiter=";")


def pickling():
    copyreg.pickle(Finder, report)


def encoding():
    encodings.aliases.aliases["acme"] = "latin_1"


def text_domain():
    gettext.textdomain("acme")


def loop_policy():
    asyncio.set_event_loop_policy(Policy())


def start_method():
    multiprocessing.set_start_method("spawn", force=True)


def at_exit():
    atexit.register(report)


def json_function():
    json.dumps = dumped


def path_function():
    os.path.exists = existing


def popen_method():
    subprocess.Popen.wait = waited


def popen():
    subprocess.Popen = Popen


def path_method():
    pathlib.Path.exists = existing


def resolver():
    socket.getaddrinfo = resolved


def clock():
    time.sleep = report


def installed_library():
    ruamel.yaml.YAML.load = report


def class_attribute():
    json.JSONEncoder.acme = 1


def library_attribute():
    ruamel.yaml.YAML.acme = []


def by_setattr():
    setattr(json, "loads", dumped)


class ChangerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.change = globals()[self.name.removesuffix(".bst")]

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"name": self.name}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        self.change()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ChangerElement
