"""Objects of plugins of which every special method raises: nothing of the enforcer runs them, so jobs are judged."""

from __future__ import annotations

import re

import pytest

from tests.bst.builds import Build, Ran

# In front of the plugin `acts`: it arms itself while jobs run, for BuildStream itself may ask classes when it loads.
_HOSTILE = """
def _raising(name):
    def method(*args, **kwargs):
        raise RuntimeError(f"{name} ran")
    return method


_NAMES = [f"__{name}__" for name in (
    "getattribute getattr setattr delattr eq ne lt hash repr str bool len iter contains getitem call format index "
    "dir sizeof reduce reduce_ex getstate copy deepcopy instancecheck subclasscheck").split()]
_BODY = {name: _raising(name) for name in _NAMES}
_CLASS = {"__class__": property(_raising("__class__"))}

HostileMeta = type("HostileMeta", (type,), {**_BODY})
Hostile = type("Hostile", (), {**_BODY, **_CLASS})
HostileByClass = HostileMeta("HostileByClass", (), {**_BODY, **_CLASS, "held": Hostile()})
GLOBAL = Hostile()
BY_CLASS = type.__call__(HostileByClass)
TABLE_OF_HOSTILE = {"a": Hostile(), Hostile.__name__: HostileByClass}
LIST_OF_HOSTILE = [Hostile(), (HostileByClass, BY_CLASS, Hostile())]


def closing(kept=GLOBAL, *, cls=HostileByClass, table=(BY_CLASS,)):
    inside, other = Hostile(), HostileByClass
    def closed():
        return inside, other
    return closed

CLOSED = closing()
CLOSED.note = GLOBAL


"""
_MEMBERS = """
    KEPT = GLOBAL
    KEPT_CLASS = HostileByClass
    KEPT_TABLE = {"a": [GLOBAL], "b": BY_CLASS}
    method_of_hostile = staticmethod(CLOSED)

"""
_ATTRIBUTES = """
        self.hostile = Hostile()
        self.hostile_class = HostileByClass
        self.hostile_table = {"a": [Hostile(), HostileByClass], "b": type.__call__(HostileByClass)}
"""
# Past the proxy, which would only refuse.
_DEP = "object.__getattribute__(dep, '_plugin')"


@pytest.fixture(params=["threads", "pool"])
def backend(request: pytest.FixtureRequest) -> str:
    """`fork` does with a job what `pool` does."""
    backend: str = request.param
    return backend


@pytest.fixture
def hostile(build: Build) -> Build:
    """A project of which the plugin keeps hostile objects wherever something can be kept."""
    plugin = build.project / "plugins" / "acts.py"
    text = plugin.read_text(encoding="utf-8")
    text = text.replace("class Acts(", _HOSTILE + "class Acts(").replace(
        "    SHARED = []\n", "    SHARED = []\n" + _MEMBERS
    )
    text = text.replace("        self.note = None\n", "        self.note = None\n" + _ATTRIBUTES)
    plugin.write_text(text, encoding="utf-8")
    build.element("mid", "pass", "base")
    return build


def _judged(ran: Ran, rules: list[str]) -> None:
    assert ran.report.get("errors") == [], ran.output
    assert ran.rules == rules, ran.output
    assert re.findall(r"__\w+__ ran", ran.output) == []


def test_a_clean_job_beside_hostile_objects_is_clean(hostile: Build, backend: str) -> None:
    hostile.element("app", "self.note = [GLOBAL, HostileByClass, BY_CLASS]", "mid")
    ran = hostile.enforced("build", "app.bst", backend=backend)
    _judged(ran, [])
    assert ran.status == 0, ran.output


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("dep.get_environment()['ONE'] = '1'", "foreign-write"),
        (f"{_DEP}.hostile = Hostile()", "foreign-write"),
        (f"{_DEP}.hostile_table['a'].append(HostileByClass)", "foreign-write"),
        (f"{_DEP}.hostile_class = type.__call__(HostileByClass)", "foreign-write"),
        ("STATE['a'] = Hostile()", "module-write"),
        ("TABLE_OF_HOSTILE['a'] = {'b': HostileByClass}", "module-write"),
        ("LIST_OF_HOSTILE.reverse()", "module-write"),
        ("CLOSED.note = HostileByClass", "module-write"),
        ("Acts.KEPT = Hostile()", "class-write"),
        ("Acts.KEPT_TABLE['a'].clear()", "class-write"),
        ("type.__setattr__(HostileByClass, 'held', 1)", "class-write"),
    ],
)
def test_a_violation_beside_hostile_objects_is_found_and_described(
    hostile: Build, backend: str, line: str, rule: str
) -> None:
    hostile.element("app", line, "mid")
    ran = hostile.enforced("build", "app.bst", backend=backend)
    _judged(ran, [rule])
    assert ran.status == 1, ran.output


def test_a_thread_that_is_left_running_hostile_code_is_named_by_its_class(hostile: Build, backend: str) -> None:
    line = (
        "Late = type('Late', (threading.Thread,), "
        "{'run': lambda self: __import__('time').sleep(5), 'ident': property(_raising('ident'))}); "
        "thread = Late(daemon=True); thread._target = GLOBAL; thread.start()"
    )
    hostile.element("app", line, "mid")
    ran = hostile.enforced("build", "app.bst", backend=backend)
    assert (ran.report["errors"], ran.rules) == ([], ["leaked-thread"]), ran.output


@pytest.mark.parametrize("base", ["Exception", "BaseException"])
def test_what_cannot_be_printed_is_named_by_its_class_where_a_job_ends_with_it(
    hostile: Build, backend: str, base: str
) -> None:
    # Python itself sets and asks attributes of what is raised.
    mute = "{name: _BODY[name] for name in ('__str__', '__repr__', '__eq__', '__hash__', '__bool__', '__len__')}"
    line = f"dep.get_environment()['ONE'] = '1'; raise type('Bad', ({base},), {mute})"
    hostile.element("app", line, "mid")
    ran = hostile.enforced("build", "app.bst", backend=backend)
    _judged(ran, ["foreign-write"])
    assert ran.status == 1, ran.output
    assert "The job itself failed too: acts.Bad, which cannot be printed" in ran.output
