"""A replica with real hooks and a few elements, whose jobs write where they may and, in every known way, where not.

Beside it runs a process that holds what all replicas have in common: it applies every delta at once and never runs a
job that does wrong. Each write writes a token of its own, so that it can be told wherever it turns up.
"""

from __future__ import annotations

import functools
import gc
import itertools
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from buildstream.element import Element
from buildstream.source import Source

from enforcer.blame.reach import Doors, Reach
from enforcer.bst.elements.run_graph import CORE, RunGraph, evading_units
from enforcer.bst.judging.comparison import CompareTouched, Suspected
from enforcer.bst.observing.makers import Makers
from enforcer.bst.observing.touches import Touches
from enforcer.bst.replicas.pending import Pending, addressed
from enforcer.bst.replicas.replication import Replication
from enforcer.graph.compare import ChangedCell, changed_cells
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from enforcer.results.findings import Job
from enforcer.settings.settings import Mode, Settings
from tests.graph import oracle
from tests.graph.forms import Form, form_of_all
from tests.graph.policies import Border, OpenPolicy
from tests.graph.replicas import Child


class Context(Border):
    """What `Plugin.__del__` asks for."""

    log_debug = False


class Box:
    """A helper object of a plugin."""

    def __init__(self) -> None:
        self.inner: dict[str, Any] = {}

    def put(self, key: str, value: str) -> None:
        self.inner[key] = value


class Feeds(Source):
    pass


class Plain(Element):
    SHARED: list[str] = []


class Guarded(Element):
    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, name)


class Careful(Element):
    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


class Table(Element, dict):  # type: ignore[type-arg, misc]
    __hash__ = object.__hash__
    __eq__ = object.__eq__


CLASSES = (Plain, Plain, Guarded, Careful, Table)
CONTEXT = Context()


def make_element(cls: type) -> Any:
    """An element with state of every sort, without loading BuildStream."""
    element, source = object.__new__(cls) if cls is not Table else dict.__new__(cls), object.__new__(Feeds)
    for plugin in (element, source):
        object.__setattr__(plugin, "_Plugin__context", CONTEXT)
    source.ref, source.table = "ref", {}
    values = {"core_env": {"home": cls.__name__}, "items": ["first"], "tags": {"tag"}, "box": Box(), "note": None}
    for name, value in {**values, "keep": {}, "core_source": source}.items():
        object.__setattr__(element, name, value)
    return element


class Hold(NamedTuple):
    """Before the fork, element `holder` gets hold of something of element `owner`."""

    holder: int
    owner: int
    way: str


class LittleWorld:
    """The part of `enforcer.bst.elements.run_graph.RunGraph` that replicas use."""

    def __init__(self, holds: Iterable[Hold]) -> None:
        Plain.SHARED = []
        self.plugin_files = self.third_party_files = {__file__}
        self.module: Any = types.ModuleType("acts")
        self.module.STATE = {}
        self.elements = [make_element(cls) for cls in CLASSES]
        self.stash: dict[str, Any] = {}
        for place, hold in enumerate(holds):
            held = HELD[hold.way](self.elements[hold.owner])
            self.elements[hold.holder].keep[f"hold{place}"] = held
        self.policy = OpenPolicy()
        self.graph = Graph(self.policy)
        self.graph.add(self._units())
        self.evading = evading_units(self.graph)
        self.imported: list[Unit] = []
        self.seldom: tuple[Unit, ...] = ()
        self.reach = self.reach_of_all = Reach([], lambda obj: None, Doors(), tuple, tuple)

    def _units(self) -> Iterator[Unit]:
        yield Unit("module", "acts", [(self.module, "")], shared=True)
        yield Unit("class", CORE, [(Plain, "")], shared=True)
        for number, element in enumerate(self.elements):
            source = object.__getattribute__(element, "core_source")
            yield Unit("element", f"e{number}", [(element, ""), (source, "sources[0]")])

    def take_loaded_aside(self) -> None:
        """Nothing is imported here."""

    @property
    def roots(self) -> list[Any]:
        return [root for unit in self.graph.units for root, _ in unit.roots]

    def modules_of(self, unit: Unit) -> tuple[str, ...]:
        return ()

    held_by = RunGraph.held_by
    _is_core = RunGraph._is_core
    _own_values = RunGraph._own_values
    _shared_root = RunGraph._shared_root

    def unit_of(self, element: Any) -> Unit:
        unit = self.graph.unit_of(element)
        assert unit is not None
        return unit


def _get(element: Any, name: str) -> Any:
    return object.__getattribute__(element, name)


def _writer(container: Any) -> Callable[[str, str], None]:
    def write(key: str, value: str) -> None:
        container[key] = value

    return write


# What a plugin can get hold of while nobody looks.
HELD: dict[str, Callable[[Any], Any]] = {
    "container": lambda element: _get(element, "core_env"),
    "list": lambda element: _get(element, "items"),
    "keep": lambda element: _get(element, "keep"),
    "bound method": lambda element: _get(element, "core_env").update,
    "object's method": lambda element: _get(element, "box").put,
    "closure": lambda element: _writer(_get(element, "core_env")),
    "partial": lambda element: functools.partial(_get(element, "core_env").update),
    "element": lambda element: element,
}


class Write(NamedTuple):
    """A token that a job wrote where it may not, or (not `owned`) into what is new and may be part of anything.

    `firm` ones must be found; others have had something written over them.
    """

    job: Job
    place: tuple[int, Any]
    owned: bool
    firm: bool


class Report(NamedTuple):
    """Tokens that were found, and the jobs that can have written them."""

    tokens: list[str]
    candidates: list[Job]
    when: str


class Replica:
    """One worker. `reports` says what it found."""

    def __init__(self, holds: Iterable[Hold] = (), mode: Mode = Mode.STRICT) -> None:
        self.run_graph = LittleWorld(holds)
        self.graph = self.run_graph.graph
        self.replication = Replication(self.run_graph)  # type: ignore[arg-type]
        self.pending = Pending(self.graph, self.replication)
        stays = mode is Mode.SOFT
        self.comparison = CompareTouched(self.run_graph, self.replication.codec, self.pending, True, stays)  # type: ignore[arg-type]
        self.stays = stays
        self.mode = mode
        self.foreign: dict[str, Write] = {}
        self.reports: list[Report] = []
        self.log: list[str] = []
        self._numbers = itertools.count()
        self._job: Job | None = None
        self.own: Any = None
        self.over = self.dropped = False
        self.threads: list[tuple[threading.Event, threading.Thread]] = []
        self.common = Child(self._do_legally, self._receive, self._form)

    # What jobs do.

    def token(self) -> str:
        return f"{'job' if self._job else 'update'} {next(self._numbers)}"

    def wrote(self, container: Any, key: Any, inside: bool = False) -> str:
        """A new token, which is about to be written into `container`, or `inside` of something new.

        What is new there is the unit's own, where it stays: then it is not looked into.
        """
        self.writes_over(container, key)
        token = self.token()
        owner = self.graph.unit_of(container) or self.graph.registry.owner.get(id(container))
        # A thread that writes when its job is over has no right to anything.
        if self._job is not None and (self.over or owner is not self.run_graph.unit_of(self.own)):
            # After a full compare nobody looks again: the thread is a violation, and its worker's state is dropped.
            self.dropped = self.over and not self.comparison.since_full_compare.jobs
            # What was made by a foreign write that stayed is sent as it is by a job that makes it its own.
            owned = owner is not None and not (self.stays and self._is_new(container))
            firm = owner is not None and not self.dropped and not (inside and self.stays)
            self.foreign[token] = Write(self._job, (id(container), key), owned, firm)
        self.log.append(f"  {token} by {self._job and self._job.element} to {owner} {key}")
        return token

    def _is_new(self, container: Any) -> bool:
        """Whether no other process knows it."""
        return self.replication.codec.references.name_of(container) is None

    def writes_over(self, container: Any, key: Any) -> None:
        """What was written there need not be found any more."""
        for token, write in self.foreign.items():
            if write.place == (id(container), key):
                self.foreign[token] = write._replace(firm=False)

    def take(self, held: Any) -> Any:
        """`held`, which a job takes over as it finds it; what is new in there can be in two places then."""
        for token, write in self.foreign.items():
            if repr(token) in repr(held):
                self.foreign[token] = write._replace(owned=False, firm=False)
        return held

    def job(self, number: int, acts: Iterable[Act], due: bool = False) -> list[Report]:
        """Run one job as it is judged; returns what was found from before it until its end."""
        start = len(self.reports)
        self.own = self.run_graph.elements[number]
        own = self.run_graph.unit_of(self.own)
        job = Job(f"e{number}", "Build", len(self.log), "plain")
        self.log.append(f"job {job.element}{' with a full compare' if due else ''}")
        self._note(Suspected(self.comparison.before(own), self.comparison.since_full_compare.jobs), "before")
        touches = Touches(
            self.run_graph,  # type: ignore[arg-type]
            self.run_graph,  # type: ignore[arg-type]
            own,
            self.comparison.reached,
            Makers(self.own, (), (), "Build", str),
            Settings(),
        )
        self._act(touches, job, acts)
        self.comparison.since_full_compare.due = lambda: due  # type: ignore[method-assign]
        self._judge(own, touches, job)
        return self.reports[start:]

    def _act(self, touches: Touches, job: Job, acts: Iterable[Act]) -> None:
        failed: list[BaseException] = []
        self._job, self.over = job, False

        def run() -> None:
            try:
                for act in acts:
                    self.log.append(f" {act}")
                    ACTS[act.name](self, self.run_graph.elements[act.target], f"k{act.key}")
            except BaseException as error:
                failed.append(error)

        with touches.watching():
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        self.over = True
        if failed:
            raise failed[0]

    def _judge(self, own: Unit, touches: Touches, job: Job) -> None:
        seen = self.comparison.after(own, touches, job)
        mine = [cell for cell in seen.by_job if cell.unit is own]
        foreign = [cell for cell in seen.by_job if cell.unit is not own]
        self.comparison.encode(own, mine)
        self._note(Suspected(foreign, [job]), "at once")
        self._note(seen.by_full_compare, "full compare")
        self._note(seen.found_early, "early")
        older = seen.by_full_compare.changed
        self._take_back(foreign + older)
        if (foreign or older or seen.found_early.changed) and self.mode is Mode.STRICT:
            self.comparison.forget(mine)
        else:
            self.comparison.keep(mine)
        if self.comparison.delta is not None:
            self.publish(own, self.comparison.delta)

    def _take_back(self, foreign: list[ChangedCell]) -> None:
        if foreign:
            assert self.comparison.take_back(foreign) == []
        self._check_stays(foreign)

    def _check_stays(self, foreign: list[ChangedCell]) -> None:
        """Under soft all of this is still where it was written."""
        snapshot = oracle.snapshot(self.run_graph.roots) if foreign and self.stays else {}
        for token in self._tokens_of(foreign):
            copy = snapshot.get(self.foreign[token].place[0]) if token in self.foreign else None
            assert copy is None or repr(token) in repr([part.entries for part in copy.parts])

    def _note(self, suspected: Suspected, when: str) -> None:
        if suspected.changed:
            tokens = self._tokens_of(suspected.changed)
            self.reports.append(Report(tokens, list(suspected.jobs), when))
            self.log.append(f" found {when}: {tokens}")

    def _tokens_of(self, changed: list[ChangedCell]) -> list[str]:
        return [token for cell in changed for change in cell.changes for token in self._tokens(change.after)]

    def _tokens(self, value: Any) -> list[str]:
        """The tokens in `value`, but not in what some unit owns."""
        if type(value) is str:
            return [value] if value.startswith(("job ", "update ")) else []
        if id(value) in self.graph.registry.owner or type(value) not in (dict, list, Box):
            return []
        inside = [value.inner] if type(value) is Box else value.values() if type(value) is dict else value
        return [token for item in inside for token in self._tokens(item)]

    # What other processes do.

    def publish(self, unit: Unit, payload: bytes) -> None:
        """Send a delta to all."""
        self.common.call(self._receive, payload)
        self.pending.add([addressed(unit.roots[0][0], payload)], many=2)

    def update(self, number: int, name: str, key: int) -> None:
        """Some other worker's job does what it may to its own element."""
        self.log.append(f"update of e{number}: {name} k{key}")
        payload = self.common.call(self._do_legally, number, name, key)
        if payload is not None:
            self.publish(self.run_graph.unit_of(self.run_graph.elements[number]), payload)

    def _do_legally(self, number: int, name: str, key: int) -> bytes | None:
        self.own = self.run_graph.elements[number]
        unit = self.run_graph.unit_of(self.own)
        ACTS[name](self, self.own, f"k{key}")
        assert self.graph.undo([cell for cell in self.graph.changed() if cell.unit is not unit]) == []
        changed = changed_cells(unit)
        payload = self.replication.codec.encode(f"common.{next(self._numbers)}", unit, changed).payload
        assert self.graph.undo(changed) == []
        return payload

    def _receive(self, payload: bytes) -> None:
        self.replication.catch_up([payload])

    # How it ends.

    def sweep(self) -> None:
        """The worker retires."""
        if self.comparison.since_full_compare.jobs:
            found = self.comparison.sweep()
            self._note(found, "end")
            self._take_back(found.changed)

    def end(self) -> None:
        """Let all threads and the other process end."""
        for event, thread in self.threads:
            event.set()
            thread.join()
        self.common.end()

    def _form(self) -> Form:
        return form_of_all(self.run_graph.roots, self.replication.codec.references.name_of)

    def up_to_date(self) -> Form:
        """What this replica holds when all updates are applied."""
        self.replication.unattributed.rest()
        self.pending.apply_all()
        return self._form()

    def in_common(self) -> Form:
        """What all replicas have in common."""
        form: Form = self.common.call(self._form)
        return form


class Act(NamedTuple):
    """One thing that a job does: the name of a function below, the element that it does it to, and with which key."""

    name: str
    target: int
    key: int = 0


ACTS: dict[str, Callable[[Replica, Any, str], None]] = {}
OWN: list[str] = []
BYPASSES: list[str] = []


def act(name: str, *lists: list[str]) -> Callable[[Callable[[Replica, Any, str], None]], None]:
    def register(function: Callable[[Replica, Any, str], None]) -> None:
        ACTS[name] = function
        for each in lists:
            each.append(name)

    return register


def put(replica: Replica, container: Any, key: str) -> None:
    if isinstance(container, dict):
        token = replica.wrote(container, key)
        dict.__setitem__(container, key, token)
    elif isinstance(container, list):
        container.append(replica.wrote(container, next(replica._numbers)))
    elif isinstance(container, set):
        container.add(replica.wrote(container, next(replica._numbers)))


# By the element's attributes: legal where it is the job's own.


@act("attribute", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    element.note = replica.wrote(element, "note")


@act("environment", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, element.core_env, key)


@act("list", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, element.items, key)


@act("set", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, element.tags, key)


@act("object", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, element.box.inner, key)


@act("source", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    source = element.core_source
    source.ref = replica.wrote(source, "ref")
    put(replica, source.table, key)


@act("new environment", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    element.core_env = {"home": "new", "made": replica.wrote(element, "core_env", inside=True)}


@act("new object", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    box = Box()
    box.inner = {"made": replica.wrote(element, "box", inside=True)}
    element.box = box


@act("new container in a container", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    keep = element.keep
    keep[key] = [replica.wrote(keep, key, inside=True)]


@act("hold a container", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    keep = object.__getattribute__(replica.own, "keep")
    replica.writes_over(keep, key)
    keep[key] = replica.take(element.core_env)


@act("hold a list by a framework attribute", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    replica.own.core_held = replica.take(element.items)


@act("hold a method", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    keep = object.__getattribute__(replica.own, "keep")
    replica.writes_over(keep, key)
    keep[key] = replica.take(element.core_env).update


@act("let go", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    keep = element.keep
    replica.writes_over(keep, key)
    keep.pop(key, None)


@act("read", OWN)
def _(replica: Replica, element: Any, key: str) -> None:
    assert element.note != 0
    assert element.core_source.ref != 0


# By what is shared.


@act("class")
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, Plain.SHARED, key)


@act("module")
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, replica.run_graph.module.STATE, key)


# Past the hooks.


@act("object.__getattribute__", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, object.__getattribute__(element, "core_env"), key)


@act("object.__setattr__", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    object.__setattr__(element, "note", replica.wrote(element, "note"))


@act("vars", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    attributes = vars(element)
    attributes["note"] = replica.wrote(element, "note")


@act("gc.get_referents", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    found = [held for held in gc.get_referents(element) if type(held) is dict]
    found += [held for inner in found for held in gc.get_referents(inner) if type(held) is dict]
    put(replica, next(held for held in found if "home" in held), key)


@act("dict.__setitem__", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    if type(element) is Table:
        put(replica, element, key)


@act("stash a container", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    replica.run_graph.stash[key] = element.core_env


@act("stash a list", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    replica.run_graph.stash[key] = element.items


@act("write to what is stashed", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    put(replica, replica.run_graph.stash.get(key), key)


@act("write to what is held", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    """Whatever the job's own element has kept."""
    for held in list(object.__getattribute__(replica.own, "keep").values()):
        if isinstance(held, Element):
            held.note = replica.wrote(held, "note")
        else:
            _write_to(replica, held, key)


def _write_to(replica: Replica, held: Any, key: str) -> None:
    called = held.func if isinstance(held, functools.partial) else held
    if isinstance(called, types.MethodType):
        called(key, replica.wrote(called.__self__.inner, key))
    elif isinstance(called, types.FunctionType):
        assert called.__closure__ is not None
        called(key, replica.wrote(called.__closure__[0].cell_contents, key))
    elif callable(held):
        held({key: replica.wrote(called.__self__, key)})
    else:
        put(replica, held, key)


@act("give away", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    """A foreign element gets hold of what is the job's own."""
    keep = object.__getattribute__(element, "keep")
    replica.writes_over(keep, key)
    keep[key] = object.__getattribute__(replica.own, "items")


@act("leave a thread", BYPASSES)
def _(replica: Replica, element: Any, key: str) -> None:
    container, event = object.__getattribute__(element, "core_env"), threading.Event()

    def write() -> None:
        event.wait()
        put(replica, container, key)

    thread = threading.Thread(target=write)
    thread.start()
    replica.threads.append((event, thread))
