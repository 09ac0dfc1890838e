"""Does what its element is called: what enforcement does not see, or not as one may expect.

`tests/contract/test_known_limits.py` says which sentence each shows.
"""

import atexit
import codecs
import contextvars
import ctypes
import functools
import gc
import importlib
import keyword
import mmap
import optparse
import os
import select
import sys
import threading
from concurrent.futures import Future

from buildstream import Element, ElementError
from buildstream.types import _Scope as Scope

STATE = {}
LEFT = []
OLDER = {}
OPTIONS = optparse.Values()
LOCAL = threading.local()
CURRENT = contextvars.ContextVar("CURRENT", default="nothing")
UNSET = contextvars.ContextVar("UNSET")
RUNG = threading.Event()
HANDED_AROUND = threading.Lock()


class Derived(threading.local):
    value = None


DERIVED = Derived()


def promised():
    future = Future()
    future.set_result([])
    return future


OF_ONE, OF_TWO, OF_JOBS = promised(), promised(), promised()


@functools.lru_cache
def computed(kind):
    return [kind]


class Unnamed:
    pass


class Older:
    """A thread that runs before any job, and does something when one asks it to."""

    def __init__(self, does):
        self.does = does
        self.asked, self.done = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        self.asked.wait()
        self.does()
        self.done.set()

    def ask(self):
        """One line, at which the job is whenever the thread does it."""
        return self.asked.set() or self.done.wait()


def writes():
    STATE["late"] = 1


def tell(element, *what):
    """Have the test know what the job has seen."""
    with open(os.path.join(element._get_project().directory, "told", element.does), "x") as file:
        print(*what, file=file)


# What is done while elements are loaded, by the name of the element.


def configure_before_jobs(element):
    STATE["configured"] = True


def configure_from_a_future(element):
    element.lists = OF_ONE.result()


def configure_lends(element):
    element.lent = OF_TWO.result()


def configure_handed_around(element):
    element.guard = HANDED_AROUND


def configure_number_taken_again(element):
    element.number = os.open(os.devnull, os.O_RDONLY)


def configure_container_of_main(element):
    element.written = []


def configure_attribute_of_main(element):
    element.times = 0


def configure_own_container(element):
    element.table = {}


def configure_older_thread_reads(element):
    OLDER["reads"] = Older(lambda: LEFT.append(object.__getattribute__(LEFT.pop(), "opt")))


def configure_older_thread_writes(element):
    OLDER["writes"] = Older(writes)


def configure_has_older_thread(element):
    OLDER["waits"] = Older(str)


def configure_another_process(element):
    element.loaded_in = os.getsid(0), os.getpid()


# What a job does.


def before_jobs(self, dep, raw, sandbox):
    pass


def at_exit(self, dep, raw, sandbox):
    atexit.register(str)


def foreign_lock(self, dep, raw, sandbox):
    raw.lock.acquire()


def foreign_database(self, dep, raw, sandbox):
    raw.database.execute("create table names (name text)")


def foreign_future(self, dep, raw, sandbox):
    raw.future.set_result(1)


def foreign_listing(self, dep, raw, sandbox):
    next(raw.listing)


def shared_memory(self, dep, raw, sandbox):
    raw.shared[:4] = b"more"


def foreign_logger(self, dep, raw, sandbox):
    raw.logger.setLevel(10)


def configure_own_future(element):
    element.promised = Future()


def own_future(self, dep, raw, sandbox):
    self.promised.set_result(1)


def own_memory(self, dep, raw, sandbox):
    self.memory = mmap.mmap(-1, 1)


def first_result(self, dep, raw, sandbox):
    computed("new").append("more")


def next_result(self, dep, raw, sandbox):
    computed("new").append("more")


def other_thread(self, dep, raw, sandbox):
    def put():
        LOCAL.name = self.name
        CURRENT.set(self.name)

    thread = threading.Thread(target=put)
    thread.start()
    thread.join()


def derived_local(self, dep, raw, sandbox):
    DERIVED.value = self.name


def unset_variable(self, dep, raw, sandbox):
    UNSET.set(self.name)


def raised(self, dep, raw, sandbox):
    try:
        raise raw.error
    except ValueError:
        pass


def computing(self, dep, raw, sandbox):
    raw.context.divide(1, 3)


def variables(self, dep, raw, sandbox):
    inside, *_ = (held for held in gc.get_referents(raw._Element__variables) if type(held) is dict)
    inside["acme"] = inside["max-jobs"]


def object_of_a_library(self, dep, raw, sandbox):
    OPTIONS.acme = 1


def data_of_a_library(self, dep, raw, sandbox):
    keyword.kwlist.append("acme")


def class_registered_elsewhere(self, dep, raw, sandbox):
    importlib.import_module("email.policy").EmailPolicy.register(Unnamed)


def registrations(self, dep, raw, sandbox):
    codecs.register(lambda name: None)
    codecs.register_error("acme", codecs.strict_errors)
    os.register_at_fork(before=lambda: None)


def entered_beside_an_import(self, dep, raw, sandbox):
    assert "wave" not in sys.modules
    import wave

    gc.callbacks.append(ignores)


def ignores(phase, info):
    pass


def from_a_future(self, dep, raw, sandbox):
    self.lists.append("own")


def lends(self, dep, raw, sandbox):
    pass


def two_of_a_future(self, dep, raw, sandbox):
    self.lists.append("more")


def taken_first(self, dep, raw, sandbox):
    self.taken = OF_JOBS.result()
    self.taken.append("first")


def taken_next(self, dep, raw, sandbox):
    self.taken = OF_JOBS.result()
    self.taken.append("next")


def file(self, dep, raw, sandbox):
    with open(os.path.join(self._get_project().directory, "acme"), "w") as file:
        file.write("acme")


def number_taken_again(self, dep, raw, sandbox):
    os.close(self.number)
    LEFT.append(os.open(os.devnull, os.O_RDONLY))
    assert LEFT.pop() == self.number


def unnamed_epoll(self, dep, raw, sandbox):
    vars(self)["kept"] = getattr(select, "llope"[::-1])()


def opened_by_c(self, dep, raw, sandbox):
    assert ctypes.CDLL(None).open(os.fsencode(os.path.join(self._get_project().directory, "project.conf")), 0) > 2


def opened_by_core(self, dep, raw, sandbox):
    directory = sandbox.get_virtual_directory().open_directory("opened", create=True)
    before = len(os.listdir("/proc/self/fd"))
    vars(self)["file"] = directory.open_file("file", mode="w")
    self.file.__enter__()
    assert len(os.listdir("/proc/self/fd")) > before


def failing(self, dep, raw, sandbox):
    self.opened = open(os.devnull)
    raise ElementError("fails by itself")


def handed_around(self, dep, raw, sandbox):
    with self.guard:
        pass


def own_attribute(self, dep, raw, sandbox):
    self.file = None
    self.file = threading.Lock()


def own_container(self, dep, raw, sandbox):
    self.table["lock"] = threading.Lock()


def older_thread_reads(self, dep, raw, sandbox):
    raw.opt = "foreign"
    LEFT.append(raw)
    OLDER["reads"].ask()
    tell(self, LEFT.pop())


def older_thread_writes(self, dep, raw, sandbox):
    OLDER["writes"].ask()


def has_older_thread(self, dep, raw, sandbox):
    tell(self, OLDER["waits"].thread.is_alive())


def rings(self, dep, raw, sandbox):
    RUNG.set()


def hears(self, dep, raw, sandbox):
    tell(self, RUNG.is_set())


def rings_main(self, dep, raw, sandbox):
    RUNG.set()


def container_of_main(self, dep, raw, sandbox):
    tell(self, len(self.written))


def attribute_of_main(self, dep, raw, sandbox):
    tell(self, self.times)


def class_of_main(self, dep, raw, sandbox):
    tell(self, self.COUNT)


def another_process(self, dep, raw, sandbox):
    tell(self, os.getsid(0) == self.loaded_in[0], os.getpid() == self.loaded_in[1])


class LimitsElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    COUNT = 0

    def configure(self, node):
        self.does = node.get_str("does")
        globals().get("configure_" + self.does, str)(self)

    def configure_dependencies(self, dependencies):
        if self.does == "before_jobs":
            next(iter(self._dependencies(Scope.BUILD, recurse=False))).configured = self.name
        if self.does == "two_of_a_future":
            self.lists = OF_TWO.result()

    def preflight(self):
        if self.does == "before_jobs":
            sys.path.append("/acme")

    def _fetch_done(self, fetched_original):
        """Runs on the main thread, between jobs."""
        super()._fetch_done(fetched_original)
        if self.does == "container_of_main":
            self.written.append("between jobs")
        if self.does == "attribute_of_main":
            self.times += 1
        if self.does == "class_of_main":
            LimitsElement.COUNT += 1

    def _assemble_done(self, successful):
        """Runs there, too."""
        super()._assemble_done(successful)
        if self.does == "rings_main":
            tell(self, RUNG.is_set())

    def get_unique_key(self):
        return {"does": self.does}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        dep = next(iter(self.dependencies()))
        raw = next(iter(self._dependencies(Scope.BUILD, recurse=False)))
        globals()[self.does](self, dep, raw, sandbox)
        open(os.path.join(self._get_project().directory, "done", self.does), "x").close()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return LimitsElement
