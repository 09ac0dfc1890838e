"""Which lines of plugin code may change something shared: no more than those, or jobs would be followed for nothing."""

from __future__ import annotations

import os
import sys
import textwrap
import types
from typing import Any

import pytest

from enforcer.blame.reach import Doors, Reach, Reached
from enforcer.graph.unit import Unit
from enforcer.graph.values import is_class

PROCESS = Unit("process", "process", [], shared=True)
CLASS = Unit("class", "plug.Plug", [], shared=True)
MODULE = Unit("module", "plug", [], shared=True)

_MODULE = """
import functools, gc, inspect, os, sys, types
from unittest import mock
from os.path import join
TABLE = {{}}
NUMBER = 0

class Problem(Exception):
    pass

class Counter:
    def count(self):
        self.number = 1

KINDS = {{"plug": None, "list": []}}
PAIR = ([], {{}})

def helper(*args):
    return args

add = KINDS["list"].append
put = functools.partial(helper, PAIR)

class Plug:
    SHARED = []
    NAME = "plug"
    total = Counter()

    def act(self, dep, kept=TABLE):
        pass
{body}

    @classmethod
    def make(cls):
        return cls()

    def configure(self, node):
        TABLE["a"] = 1
"""


_LIBRARY = """
import functools
import os

library_partial = functools.partial(functools.partial(os.chdir), "/")

def through_a_library(where):
    _go(where)

def _go(where):
    os.chdir(where)

def library_that_reads():
    return os.environ.get("A"), os.getcwd()

class library_class:
    def __enter__(self):
        os.environ["A"] = "1"

    def run(self):
        pass
"""


def library() -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "library"}
    exec(compile(_LIBRARY, "library.py", "exec"), space)
    return space


def process_doors() -> Doors:
    """Some of what changes the process."""
    doors, process = Doors(), Reached(PROCESS)
    doors.objects = {id(door): (door, process) for door in (os.chdir, os.environ)}
    doors.attributes = {id(os): {"environ": process}}
    doors.everywhere = {id(sys): process}
    doors.methods = {"set_level": [process]}
    return doors


def reached(line: str) -> set[str]:
    """The units that one line in a method may change."""
    module: Any = types.ModuleType("plug")
    text = _MODULE.format(body=textwrap.indent(line, " " * 8))
    vars(module).update({name: value for name, value in library().items() if "library" in name})
    exec(compile(text, "plug.py", "exec"), vars(module))
    for value in (module.Problem, module.Plug, module.helper):
        value.__module__ = "plug"
    module.Plug.act.__module__ = "plug"
    module.KINDS["plug"] = module.Plug
    held = {id(module.TABLE): MODULE, id(module): MODULE, id(module.Plug): CLASS, id(module.Plug.SHARED): CLASS}
    held |= {id(module.Problem): CLASS, id(module.helper): MODULE, id(module.Plug.act): CLASS}
    held |= {id(module.Plug.total): CLASS, id(module.KINDS["list"]): MODULE, id(module.PAIR[0]): MODULE}
    sys.modules["plug"] = module
    try:
        reach = Reach(
            [module],
            lambda obj: held.get(id(obj)),
            process_doors(),
            lambda: [CLASS, MODULE],
            lambda: [PROCESS],
            classes=lambda: [CLASS],
            holding=lambda cls: [CLASS] if cls is module.Counter else (),
        )
    finally:
        del sys.modules["plug"]
    code = module.Plug.act.__code__
    first = code.co_firstlineno + 2
    count = len(line.splitlines())
    return {each.unit.kind for number in range(first, first + count) for each in reach.at(code, number)}


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("TABLE['a'] = 1", {"module"}),
        ("kept['a'] = 1", {"module"}),
        ("kept[dep] = 1", {"module"}),
        ("global NUMBER\nNUMBER = 1", {"module"}),
        ("helper.calls = 1", {"module"}),
        ("self.SHARED.append(1)", {"class"}),
        ("dep.SHARED.append(1)", {"class"}),
        ("Plug.NAME = 'x'", {"class"}),
        ("del Plug.NAME", {"class"}),
        ("dep.find().NAME = 'x'", {"class"}),
        ("Plug.register(dep)", {"class"}),
        ("Plug.NAME += 'x'", {"class"}),
        ("type(self).NAME = 'x'", {"class"}),
        ("self.__class__.NAME = 'x'", {"class"}),
        ("type(dep).NAME = 'x'", {"class"}),
        ("cls = Plug\ncls.NAME = 'x'", {"class"}),
        ("setattr(Plug, 'NAME', 'x')", {"class", "module"}),
        ("globals()['NUMBER'] = 1", {"class", "module"}),
        ("sys.modules['plug'].NUMBER = 1", {"class", "module"}),
        ("os.chdir('/')", {"process"}),
        ("os.environ['A'] = '1'", {"process"}),
        ("os.environ = {}", {"process"}),
        ("setattr(os, 'environ', {})", {"process", "class", "module"}),
        ("sys.anything = 1", {"process"}),
        ("dep.log.set_level(1)", {"process"}),
        ("object.__setattr__(dep, 'opt', 1)", {"process"}),
        ("inspect.getmodule(type(dep)).NUMBER = 1", {"class", "process"}),
        ("sys._getframe().f_globals['NUMBER'] = 1", {"class", "module", "process"}),
        ("from os import chdir\nchdir('/')", {"process"}),
        ("getattr(os, 'chdir')('/')", {"process"}),
        ("import os as system\nsystem.environ['A'] = '1'", {"process"}),
        ("import os\nos.chdir('/')", {"process"}),
        ("import plug\nplug.NUMBER = 1", {"module"}),
        ("from plug import TABLE as table\ntable['a'] = 1", {"module"}),
        ("sys.modules[__name__].NUMBER = 1", {"class", "module"}),
        ("KINDS['plug'].NAME = 'x'", {"class", "module"}),
        ("for kind in KINDS.values():\n    kind.NAME = 'x'", {"class", "module"}),
        ("PAIR[0].append(1)", {"module"}),
        ("add(1)", {"module"}),
        ("put()", {"module"}),
        ("helper.__kwdefaults__['a'] = 1", {"class", "module"}),
        ("helper.__dict__['calls'] = 1", {"module"}),
        ("helper.register(int)", {"module"}),
        ("self.act.__func__.__defaults__ = ()", {"class", "module"}),
        ("dep.poke.__func__.calls = 1", {"class", "module"}),
        ("self.total = 1", {"class"}),
        ("dep.total = 1", {"class"}),
        ("del dep.total", {"class"}),
        ("getattr(dep, 'SHARED').append(1)", {"class"}),
        ("getattr(self, 'SHARED').append(1)", {"class"}),
        ("getattr(dep, dep.name).append(1)", {"class", "module"}),
        ("exec('NUMBER = 1')", {"class", "module"}),
        ("type(self).__mro__[0].NAME = 'x'", {"class"}),
        ("base, = dep.kind.__bases__\nbase.NAME = 'x'", {"class"}),
        ("gc.get_referents(dep)", {"process"}),
        ("through_a_library('/')", {"process"}),
        ("library_class().run()", {"process"}),
        ("library_partial()", {"process"}),
        ("mock.patch.dict('os.environ', A='1').start()", {"class", "module", "process"}),
        ("mock.patch('os.environ').start()", {"class", "module", "process"}),
    ],
)
def test_a_line_that_can_change_something_shared_reaches_it(line: str, kinds: set[str]) -> None:
    assert reached(line) == kinds


def test_a_line_that_names_a_container_reaches_nothing_else_of_what_holds_it() -> None:
    module: Any = types.ModuleType("plug")
    exec(compile("TABLE = {}\nOTHER = ()\ndef put():\n    return TABLE\n", "plug.py", "exec"), vars(module))
    reach = Reach([module], lambda obj: MODULE, Doors(), tuple, tuple)
    (reached,) = (each for each in reach.at(module.put.__code__, 4) if each.only is not None)
    assert reached.unit is MODULE
    assert reached.only is module.TABLE


@pytest.mark.parametrize(
    "line",
    [
        "self.note = 1",
        "self.note = Plug",
        "return Plug()",
        "raise Problem('no')",
        "try:\n    pass\nexcept Problem:\n    pass",
        "isinstance(dep, Plug)",
        "super().act(dep)",
        "helper(self, 1)",
        "str(self)",
        "self.make()",
        "self.act(dep)",
        "os.path.join('a', 'b')",
        "os.name = 'other'",
        "join(self.NAME, str(NUMBER))",
        "dep.opt = 1",
        "[Problem(name) for name in self.NAME]",
        "getattr(dep, 'note', None)",
        "self.number = len(dep.names)",
        "import json\njson.dumps({})",
        "from os.path import split\nsplit('a')",
        "{}['plug']",
        "Counter().count()",
        "library_that_reads()",
        "functools.wraps(helper)(helper)",
    ],
)
def test_a_line_that_cannot_reaches_nothing(line: str) -> None:
    assert reached(line) == set()


def test_what_an_object_of_a_class_is_kept_in_is_reached_where_its_methods_name_it() -> None:
    module: Any = types.ModuleType("plug")
    text = "class Kept:\n    def count(self):\n        other = 1\n        self.number = other\n"
    exec(compile(text, "plug.py", "exec"), vars(module))
    module.Kept.__module__ = "plug"
    reach = Reach([module], lambda obj: None, Doors(), tuple, tuple, holding=lambda cls: [MODULE])
    reached = {line: [each.unit for each in reach.at(module.Kept.count.__code__, line)] for line in (3, 4)}
    assert reached == {3: [], 4: [MODULE]}


def test_a_function_of_many_names_is_followed_like_any_other() -> None:
    module: Any = types.ModuleType("plug")
    many = "\n".join(f"    name_{number}" for number in range(300))
    exec(compile(f"import os\ndef put():\n{many}\n    os.chdir('/')\n", "plug.py", "exec"), vars(module))
    reach = Reach([module], lambda obj: None, process_doors(), tuple, tuple)
    assert [each.unit for each in reach.at(module.put.__code__, 303)] == [PROCESS]


def test_a_function_with_more_default_values_than_parameters_is_searched() -> None:
    module: Any = types.ModuleType("plug")
    exec(compile("TABLE = {}\ndef put(table):\n    table['a'] = 1\n", "plug.py", "exec"), vars(module))
    module.put.__defaults__ = (1, 2, module.TABLE)
    reach = Reach([module], lambda obj: MODULE if obj is module.TABLE else None, Doors(), tuple, tuple)
    assert [each.unit for each in reach.at(module.put.__code__, 3)] == [MODULE]


def test_a_class_method_of_a_library_may_store_on_the_class_that_it_is_called_on() -> None:
    module: Any = types.ModuleType("plug")

    class Loader:
        known: tuple[str, ...] = ()

        @classmethod
        def add(cls, name: str) -> None:
            cls.known = (*cls.known, name)

        def read(self) -> None:
            pass

    vars(module)["Loader"] = Loader
    exec(compile("def put():\n    Loader.add('a')\n    Loader.read\n", "plug.py", "exec"), vars(module))
    doors = Doors()
    doors.attributes = {id(Loader): {"known": Reached(PROCESS)}}
    reach = Reach([module], lambda obj: None, doors, tuple, tuple)
    assert [each.unit for each in reach.at(module.put.__code__, 2)] == [PROCESS]
    assert not list(reach.at(module.put.__code__, 3))


def test_what_runs_in_no_job_has_no_job_followed() -> None:
    module: Any = types.ModuleType("plug")
    core = type("Element", (), {"__module__": "buildstream.element"})
    text = "class Plug(Element):\n    def configure(self):\n        TABLE['a'] = 1\n"
    vars(module).update(Element=core, TABLE={})
    exec(compile(text, "plug.py", "exec"), vars(module))
    reach = Reach([module], lambda obj: MODULE if obj is module.TABLE else None, Doors(), tuple, tuple)
    assert not reach.may_change(("plug",))


@pytest.mark.parametrize(
    "text",
    [
        "def configure():\n    TABLE['a'] = 1\n",
        "class Settings:\n    def configure(self):\n        TABLE['a'] = 1\n",
    ],
)
def test_what_a_library_calls_configure_may_run_in_a_job(text: str) -> None:
    module: Any = types.ModuleType("plug")
    vars(module)["TABLE"] = {}
    exec(compile(text, "plug.py", "exec"), vars(module))
    function = module.configure if "configure" in vars(module) else module.Settings.configure
    function.__module__ = "plug"
    reach = Reach([module], lambda obj: MODULE if obj is module.TABLE else None, Doors(), tuple, tuple)
    assert reach.may_change(("plug",))


def test_a_function_that_was_made_where_no_job_runs_may_run_in_one() -> None:
    module: Any = types.ModuleType("plug")
    text = "TABLE = {}\ndef configure(self):\n    self.put = lambda: TABLE.clear()\n"
    exec(compile(text, "plug.py", "exec"), vars(module))
    module.configure.__module__ = "plug"
    reach = Reach([module], lambda obj: MODULE if obj is module.TABLE else None, Doors(), tuple, tuple)
    assert reach.may_change(("plug",))


def test_what_a_function_imports_is_known_in_those_inside_of_it() -> None:
    module: Any = types.ModuleType("plug")
    text = "def put():\n    import os\n    def inside():\n        os.chdir('/')\n    inside()\n"
    exec(compile(text, "plug.py", "exec"), vars(module))
    reach = Reach([module], lambda obj: None, process_doors(), tuple, tuple)
    (inside,) = (code for code in reach.codes() if code.co_name == "inside")
    assert [each.unit for each in reach.at(inside, 4)] == [PROCESS]


def test_what_a_module_imports_counts_for_it() -> None:
    helper: Any = types.ModuleType("helper")
    exec(compile("TABLE = {}\ndef put():\n    TABLE['a'] = 1\n", "helper.py", "exec"), vars(helper))
    helper.put.__module__ = "helper"
    module: Any = types.ModuleType("plug")
    module.put = helper.put
    reach = Reach([module, helper], lambda obj: MODULE if obj is helper.TABLE else None, Doors(), tuple, tuple)
    assert reach.may_change(("plug",))
    assert not reach.may_change(("other",))


def test_a_class_is_told_without_running_its_code() -> None:
    class Liar:
        @property
        def __class__(self) -> type:  # type: ignore[override]
            raise AssertionError("asked")

    assert not is_class(Liar())
