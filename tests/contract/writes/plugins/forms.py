"""Writes on what is not its own, in the way that its element names. A comment marks the line that does it."""

import _thread
import abc
import asyncio
import colorsys
import concurrent.futures
import contextlib
import functools
import gc
import importlib
import locale
import multiprocessing.pool
import operator
import os
import signal
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from email import policy

from buildstream import MappingNode
from buildstream.element import _Scope as Scope  # as the private parts of plugins do

import buildstream.utils

sys.path.insert(0, os.path.dirname(__file__))
try:
    import _forms_base
    import _forms_helper
finally:
    sys.path.pop(0)

STATE = {}
NUMBER = 0


def attribute(self, dep, raw, sandbox):
    raw.opt = 1  # <-


def new_attribute(self, dep, raw, sandbox):
    raw.fresh = 1  # <-


def deleted_attribute(self, dep, raw, sandbox):
    del raw.gone  # <-


def augmented_attribute(self, dep, raw, sandbox):
    raw.count += 1  # <-


def setattr_(self, dep, raw, sandbox):
    setattr(raw, "opt", 2)  # <-


def delattr_(self, dep, raw, sandbox):
    delattr(raw, "gone")  # <-


def vars_(self, dep, raw, sandbox):
    vars(raw)["opt"] = 3  # <-


def dict_of_instance(self, dep, raw, sandbox):
    raw.__dict__.update(opt=4)  # <-


def object_setattr(self, dep, raw, sandbox):
    object.__setattr__(raw, "opt", 5)  # <-


def through_the_proxy(self, dep, raw, sandbox):
    dep.get_environment()["PROXY"] = "1"  # <-


def later_line(self, dep, raw, sandbox):
    env = dep.get_environment()
    value = "1"
    env["LATER"] = value  # <-
    del env, value


def dict_update(self, dep, raw, sandbox):
    raw.table.update(c=1)  # <-


def dict_pop(self, dep, raw, sandbox):
    table = raw.table
    table.pop("b")  # <-


def dict_setdefault(self, dep, raw, sandbox):
    table = raw.table
    table.setdefault("c", 1)  # <-


def dict_merge(self, dep, raw, sandbox):
    table = raw.table
    table |= {"c": 1}  # <-


def dict_del(self, dep, raw, sandbox):
    table = raw.table
    del table["b"]  # <-


def dict_clear(self, dep, raw, sandbox):
    table = raw.table
    table.clear()  # <-


def dict_order(self, dep, raw, sandbox):
    table = raw.table
    table["b"] = table.pop("b")  # <-


def list_append(self, dep, raw, sandbox):
    names = raw.names
    names.append("c")  # <-


def list_sort(self, dep, raw, sandbox):
    names = raw.names
    names.sort()  # <-


def list_slice(self, dep, raw, sandbox):
    names = raw.names
    names[:0] = ["x"]  # <-


def list_extend(self, dep, raw, sandbox):
    names = raw.names
    names += ["x"]  # <-


def set_add(self, dep, raw, sandbox):
    seen = raw.seen
    seen.add("b")  # <-


def nested(self, dep, raw, sandbox):
    inner = raw.index["a"]["b"]
    inner.append(1)  # <-


def node(self, dep, raw, sandbox):
    mapping = raw.config_node
    mapping["acme"] = "1"  # <-


def operator_(self, dep, raw, sandbox):
    table = raw.table
    operator.setitem(table, "c", 1)  # <-


def map_(self, dep, raw, sandbox):
    table = raw.table
    list(map(table.__setitem__, "c", (1,)))  # <-


def partial_(self, dep, raw, sandbox):
    put = functools.partial(raw.table.__setitem__, "c")
    put(1)  # <-


def for_loop(self, dep, raw, sandbox):
    table = raw.table
    for key in ("c", "d"):
        table[key] = 1  # <-


def while_loop(self, dep, raw, sandbox):
    table, key = raw.table, 0
    while key < 2:
        table[key] = 1  # <-
        key += 1


def comprehension(self, dep, raw, sandbox):
    table = raw.table
    [table.__setitem__(key, 1) for key in ("c", "d")]  # <-


def generator_expression(self, dep, raw, sandbox):
    table = raw.table
    any(table.__setitem__(key, 1) for key in ("c", "d"))  # <-


def lambda_(self, dep, raw, sandbox):
    table = raw.table
    put = lambda key: table.__setitem__(key, 1)  # <-
    put("c")


def generator(self, dep, raw, sandbox):
    def keys(table):
        yield "a"
        table["c"] = 1  # <-
        yield "c"

    for key in keys(raw.table):
        str(key)


def nested_function(self, dep, raw, sandbox):
    table = raw.table

    def put():
        table["c"] = 1  # <-

    put()


def with_block(self, dep, raw, sandbox):
    table = raw.table
    with contextlib.suppress(KeyError):
        table["c"] = 1  # <-
        table["missing"]


def with_exit(self, dep, raw, sandbox):
    table = raw.table
    with contextlib.ExitStack() as stack:  # <-
        stack.callback(table.__setitem__, "c", 1)


def try_finally(self, dep, raw, sandbox):
    table = raw.table
    try:
        int("x")
    except ValueError:
        table["c"] = 1  # <-
    finally:
        str(table)


def before_an_exception(self, dep, raw, sandbox):
    def fail(table):
        table["c"] = 1; raise KeyError  # <-

    with contextlib.suppress(KeyError):
        fail(raw.table)


def several_lines_of_one_statement(self, dep, raw, sandbox):
    table = raw.table
    table.update(  # <-
        c=1,
        d=str(
            2,
        ),
    )


def two_on_one_line(self, dep, raw, sandbox):
    raw.table["c"] = 1; raw.names.append("c")  # <-


def the_last_of_two(self, dep, raw, sandbox):
    table = raw.table
    table["c"] = 1
    table["c"] = 2  # <-


def each_its_own(self, dep, raw, sandbox):
    raw.table["c"] = 1  # <- table['c']
    raw.names.append("c")  # <- names[2]
    raw.more.insert(0, "c")  # <- more[0]
    raw.opt = 1  # <- opt
    dep.get_environment()["EACH"] = "1"  # <- environment['EACH']


def one_list_many_lines(self, dep, raw, sandbox):
    names = raw.names
    names.append("last")  # <- names[3]
    names.insert(0, "first")  # <-


def written_and_taken_back_and_written(self, dep, raw, sandbox):
    table = raw.table
    table["c"] = 1
    del table["c"]
    table["c"] = 1  # <-


def replaced_and_filled(self, dep, raw, sandbox):
    raw.table = {}  # <-
    raw.table["c"] = 1


def helper_module(self, dep, raw, sandbox):
    _forms_helper.put(raw.table, "c")


def helper_loop(self, dep, raw, sandbox):
    _forms_helper.put_all(raw.table, "c", "d")


def base_class(self, dep, raw, sandbox):
    self.put(raw.table, "c")


def method_of_victim(self, dep, raw, sandbox):
    raw.poke("x")


def exec_(self, dep, raw, sandbox):
    exec("table['c'] = 1", {"table": raw.table})  # <-


def thread(self, dep, raw, sandbox):
    def put(table):
        table["c"] = 1  # <-

    thread = threading.Thread(target=put, args=(raw.table,))
    thread.start()
    thread.join()


def thread_that_reaches(self, dep, raw, sandbox):
    def put():
        table = raw.table
        table["c"] = 1  # <-

    thread = threading.Thread(target=put)
    thread.start()
    thread.join()


def executor(self, dep, raw, sandbox):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_forms_helper.put, raw.table, "c").result()


def set_public_data(self, dep, raw, sandbox):
    raw.set_public_data("acme", MappingNode.from_dict({"tag": "x"}))  # <-


def integrate(self, dep, raw, sandbox):
    for each in self.dependencies():
        each.integrate(sandbox)


def own_class(self, dep, raw, sandbox):
    type(self).LEVEL = 1  # <-


def own_class_by_name(self, dep, raw, sandbox):
    FormsElement.LEVEL = 1  # <-


def own_class_list(self, dep, raw, sandbox):
    self.SHARED.append("c")  # <-


def own_class_by_dunder(self, dep, raw, sandbox):
    cls = self.__class__
    cls.LEVEL = 1  # <-


def class_setattr(self, dep, raw, sandbox):
    setattr(FormsElement, "LEVEL", 1)  # <-


def class_of_victim(self, dep, raw, sandbox):
    flags = raw.FLAGS
    flags.append("b")  # <-


def class_of_core(self, dep, raw, sandbox):
    _forms_base.Element.acme = 1  # <-


def default_value(self, dep, raw, sandbox, kept=[]):
    kept.append("c")  # <-


def function_attribute(self, dep, raw, sandbox):
    function_attribute.calls = 1  # <-


def global_statement(self, dep, raw, sandbox):
    global NUMBER
    NUMBER += 1  # <-


def module_dict(self, dep, raw, sandbox):
    STATE["c"] = 1  # <-


def globals_(self, dep, raw, sandbox):
    globals()["ACME"] = 1  # <-


def global_of_helper(self, dep, raw, sandbox):
    _forms_helper.COUNT += 1  # <-


def list_of_helper(self, dep, raw, sandbox):
    _forms_helper.SEEN.append("c")  # <-


def module_of_core(self, dep, raw, sandbox):
    buildstream.utils.ACME = 1  # <-


def environ(self, dep, raw, sandbox):
    os.environ["ACME"] = "1"  # <-


def environ_update(self, dep, raw, sandbox):
    os.environ.update(ACME="1")  # <-


def chdir(self, dep, raw, sandbox):
    os.chdir("/")  # <-


def umask(self, dep, raw, sandbox):
    os.umask(0o077)  # <-


def sys_path(self, dep, raw, sandbox):
    sys.path.append("/acme")  # <-


def signal_handler(self, dep, raw, sandbox):
    with contextlib.suppress(ValueError):  # not on the main thread: it stays as it is
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")  # <-


def project(self, dep, raw, sandbox):
    project = self._get_project()
    project.base_environment["ACME"] = "1"  # <-


def context(self, dep, raw, sandbox):
    self._get_context().acme = 1  # <-


def kept_environment(self, dep, raw, sandbox):
    self.kept["KEPT"] = "1"  # <-


def kept_method(self, dep, raw, sandbox):
    self.report(KEPT="1")  # <-


def plain_then_core(self, dep, raw, sandbox):
    raw.table["c"] = 1; raw.set_public_data("acme", MappingNode.from_dict({"tag": "x"}))  # <-


def tracer_taken(self, dep, raw, sandbox):
    table = raw.table
    sys.settrace(None)
    table["c"] = 1  # <-


def nested_class(self, dep, raw, sandbox):
    Outer.Inner().put(raw.table)


class Outer:
    class Inner:
        def put(self, table):
            table["c"] = 1  # <-


def nested_class_of_a_global(self, dep, raw, sandbox):
    Keeper.Inner().put("nested")


class Keeper:
    class Inner:
        def put(self, key):
            STATE[key] = 1  # <-


def lambda_in_a_table(self, dep, raw, sandbox):
    PUTS["c"](raw.table)


PUTS = {"c": lambda table: table.__setitem__("c", 1)}  # <-


def class_in_a_table(self, dep, raw, sandbox):
    KINDS["put"]().put("table")


def make_kind():
    class Local:
        def put(self, key):
            STATE[key] = 1  # <-

    return Local


KINDS = {"put": make_kind()}


def modules(self, dep, raw, sandbox):
    sys.modules[__name__].ACME = 1  # <-


def hidden(self, dep, raw, sandbox):
    self.lists.result().append("c")  # <-


def class_among_ancestors(self, dep, raw, sandbox):
    FormsElement.__mro__[0].LEVEL = 1  # <-


def new_attribute_of_a_class_among_ancestors(self, dep, raw, sandbox):
    FormsElement.__mro__[0].FRESH = 1  # <-


def class_among_subclasses(self, dep, raw, sandbox):
    _forms_base.FormsBase.__subclasses__()[0].FRESH = 1  # <-


def unnamed_class_out_of_a_table(self, dep, raw, sandbox):
    KINDS["put"].FRESH = 1  # <-


def class_in_a_weak_table(self, dep, raw, sandbox):
    WEAK["local"].FRESH = 1  # <-


def class_inside_of_a_class(self, dep, raw, sandbox):
    self.Nested.VALUES.append(1)  # <-


def registered_class(self, dep, raw, sandbox):
    Shape.register(Outer)  # <-


def registered_with_a_library(self, dep, raw, sandbox):
    policy.EmailPolicy.register(Outer)  # <-


class Shape(abc.ABC):
    pass


def import_module(self, dep, raw, sandbox):
    importlib.import_module("_forms_helper").FRESH = 1  # <-


def class_among_bases(self, dep, raw, sandbox):
    (base,) = type(self).__bases__
    base.acme = 1  # <-


def class_out_of_a_table(self, dep, raw, sandbox):
    for cls in CLASSES.values():
        cls.COUNT = 1  # <-


class Counted:
    COUNT = 0


CLASSES = {"counted": Counted}


def kept_table(self, dep, raw, sandbox):
    self.table["c"] = 1  # <-


def kept_class(self, dep, raw, sandbox):
    self.counted.COUNT = 1  # <-


def kept_object(self, dep, raw, sandbox):
    self.tally.add("c")


class Tally:
    def __init__(self):
        self.names = []

    def add(self, name):
        self.names.append(name)  # <-


TALLY = Tally()


def kept_lambda(self, dep, raw, sandbox):
    self.put("c")


def descriptor(self, dep, raw, sandbox):
    self.total = 1


class Total:
    def __init__(self):
        self.last = None

    def __set__(self, instance, value):
        self.last = value  # <-


def property_setter(self, dep, raw, sandbox):
    raw.level = 1


def keyword_defaults(self, dep, raw, sandbox):
    with_defaults.__kwdefaults__["b"] = 1  # <-


def table_of_weak_keys(self, dep, raw, sandbox):
    LOOSE[TALLY] = 1  # <-


def kept_reference(self, dep, raw, sandbox):
    self.reference().names.append("c")  # <-


def kept_proxy(self, dep, raw, sandbox):
    self.proxy.names.append("c")  # <-


def kept_view(self, dep, raw, sandbox):
    for names in self.view:
        names.append("c")  # <-


def after_collections(self, dep, raw, sandbox):
    for _ in range(300):
        gc.isenabled()
    STATE["collected"] = 1  # <-


def library_reloaded(self, dep, raw, sandbox):
    importlib.reload(colorsys)  # <-


def annotations(self, dep, raw, sandbox):
    with_defaults.__annotations__["a"] = int  # <-


def with_defaults(a=0, *, b=0):
    return a, b


def default_values(self, dep, raw, sandbox):
    with_defaults.__defaults__ = (1,)  # <-


def code_of_a_function(self, dep, raw, sandbox):
    replaced.__code__ = (lambda: 2).__code__  # <-


def replaced():
    return 1


def default_values_of_a_method(self, dep, raw, sandbox):
    self.wanted.__func__.__defaults__ = (1,)  # <-


def singledispatch(self, dep, raw, sandbox):
    shown.register(bytes, str)  # <-


@functools.singledispatch
def shown(value):
    return value


def imported_in_the_function(self, dep, raw, sandbox):
    from _forms_helper import SEEN

    SEEN.append("c")  # <-


def module_imported_in_the_function(self, dep, raw, sandbox):
    import os as system

    def put():
        system.environ["ACME"] = "1"  # <-

    put()


def deep_module_imported_in_the_function(self, dep, raw, sandbox):
    import xml.etree.ElementTree as tree

    tree.register_namespace("acme", "https://example.com")  # <-


def deep_module_imported_by_its_name(self, dep, raw, sandbox):
    import xml.etree.ElementTree

    xml.etree.ElementTree.register_namespace("other", "https://example.com/other")  # <-


def module_of_a_package_imported_in_the_function(self, dep, raw, sandbox):
    from xml.etree import ElementTree

    ElementTree.register_namespace("third", "https://example.com/third")  # <-


def getattr_(self, dep, raw, sandbox):
    getattr(self, "SHARED").append("c")  # <-


def getattr_of_a_computed_name(self, dep, raw, sandbox):
    for name in ("SHARED",):
        getattr(type(self), name).append("c")  # <-


def inside_of_a_tuple(self, dep, raw, sandbox):
    PAIR[0].append("c")  # <-


PAIR = ([], 1)


def exec_of_a_global(self, dep, raw, sandbox):
    exec("STATE['c'] = 1")  # <-


def frame_globals(self, dep, raw, sandbox):
    sys._getframe().f_globals["ACME"] = 1  # <-


def module_of_core_by_name(self, dep, raw, sandbox):
    sys.modules["buildstream.utils"].ACME = 1  # <-


def raw_thread(self, dep, raw, sandbox):
    done = threading.Event()

    def put(table):
        table["c"] = 1  # <-
        done.set()

    _thread.start_new_thread(put, (raw.table,))
    done.wait()


def pool_of_threads(self, dep, raw, sandbox):
    def put(table):
        table["c"] = 1  # <-

    with multiprocessing.pool.ThreadPool(1) as pool:
        pool.map(put, [raw.table])


def thread_beside_a_call(self, dep, raw, sandbox):
    def put():
        TALLY.names.append("c")  # <-

    thread = threading.Thread(target=put)
    thread.start()
    thread.join(0 or None)


def for_target(self, dep, raw, sandbox):
    table = raw.table
    for table["c"] in (1, 2):  # <-
        pass


def with_target(self, dep, raw, sandbox):
    table = raw.table
    with contextlib.nullcontext(1) as table["c"]:  # <-
        pass


def starred_target(self, dep, raw, sandbox):
    table = raw.table
    _, *table["c"] = (1, 2, 3)  # <-


def class_body(self, dep, raw, sandbox):
    table = raw.table

    class Local:
        number = 1
        table["c"] = number  # <-


def coroutine(self, dep, raw, sandbox):
    async def put(table):
        await asyncio.sleep(0)
        table["c"] = 1  # <-

    asyncio.run(put(raw.table))


def finalizer(self, dep, raw, sandbox):
    class Last:
        def __init__(self, table):
            self.table = table

        def __del__(self):
            self.table["c"] = 1  # <-

    Last(raw.table)


def closed_generator(self, dep, raw, sandbox):
    def keys(table):
        try:
            yield 1
        finally:
            table["c"] = 1  # <-

    for key in keys(raw.table):
        str(key)
        break


def beyond(self, dep, raw, sandbox):
    table = raw.table
    table["c"] = 1  # <- table['c']
    for _ in range(20_000):
        pass
    table["d"] = 2  # <- table['d']


class FormsElement(_forms_base.FormsBase):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    SHARED = []
    LEVEL = 0
    total = Total()

    def wanted(self, number=0):
        return number

    class Nested:
        VALUES = []

    def configure(self, node):
        self.form = node.get_str("form")
        if self.form == "hidden":
            self.lists = concurrent.futures.Future()
            self.lists.set_result(self.SHARED)
        if self.form == "kept_table":
            self.table = STATE
        if self.form == "kept_class":
            self.counted = Counted
        if self.form == "kept_object":
            self.tally = TALLY
        if self.form == "kept_lambda":
            self.put = _forms_helper.putting(STATE)
        self.write = globals()[self.form]  # here, and in no job, since it would show all names of this module

    def configure_dependencies(self, dependencies):
        for dependency in dependencies:
            if self.form == "kept_environment":
                self.kept = dependency.element.get_environment()
            if self.form in ("kept_reference", "kept_proxy", "kept_view"):
                (shown,) = self._dependencies(Scope.BUILD, recurse=False)
                self.reference = weakref.ref(shown.shown)
                self.proxy = weakref.proxy(shown.shown)
                self.view = shown.named.values()
            if self.form == "kept_method":
                self.report = dependency.element.get_environment().update

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        dep = next(iter(self.dependencies()))
        raw = next(iter(self._dependencies(Scope.BUILD, recurse=False)))
        self.write(self, dep, raw, sandbox)
        return "/"


LOOSE = weakref.WeakKeyDictionary()
WEAK = weakref.WeakValueDictionary(local=KINDS["put"])


def setup():
    return FormsElement
