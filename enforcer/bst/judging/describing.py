"""Turn what the graph saw into the plain evidence that rules judge."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from typing import Any, NamedTuple

from buildstream.element import Element

from enforcer.blame.live import Where
from enforcer.blame.mentions import first_mention
from enforcer.blame.place import Place
from enforcer.bst.elements import names
from enforcer.bst.elements.parts import sources_of
from enforcer.bst.elements.run_graph import RunGraph, root_of
from enforcer.bst.judging.core_fills import is_lock_in_table, may_be_memo
from enforcer.bst.judging.whose import whose
from enforcer.bst.observing.locks import SharedLocks, Use
from enforcer.bst.observing.makers import Makers
from enforcer.bst.observing.touches import Touches
from enforcer.graph.apart import show_apart, with_code
from enforcer.graph.compare import ABSENT, REORDERED, ChangedCell, EntryChange
from enforcer.graph.delta import Refused
from enforcer.graph.difference import explain_difference
from enforcer.graph.kinds import NATIVE
from enforcer.graph.show import show
from enforcer.graph.some_entries import PartOf
from enforcer.graph.unit import Cell, first_step
from enforcer.graph.values import module_of, vars_of
from enforcer.results.findings import Job, Owner, Site
from enforcer.rules import evidence as rules

_BY_UNFOLLOWED = (
    "a thread that ran before the job began can have made the change, and before Python 3.12 its lines are not seen"
)
_UNSEEN = "no line of the job's plugin code was seen changing it"

_PROCESS_NAMES = {"os.getcwd()": "chdir", "locale.setlocale(LC_ALL)": "setlocale", "sys.path": "path"}


class Described(NamedTuple):
    """A change as evidence, and whether it is the job's: nobody else can have made it, or a line was seen doing it."""

    change: rules.Change
    proven: bool


class Describer:
    """Describes the changes of one job; must run before they are undone.

    `alone` says that nothing of an earlier job runs that could have made them, `unfollowed` that a thread of no job
    does of which no line may be seen.
    """

    def __init__(
        self, run_graph: RunGraph, element: Any, touches: Touches, blame: str, alone: bool, unfollowed: bool
    ) -> None:
        self._run_graph = run_graph
        self._touches = touches
        self._blame = blame
        self._modules = [*modules_of(element), *run_graph.plugin_modules]
        self._own = run_graph.unit_of(element)
        self._alone = alone
        self._unfollowed = unfollowed
        self._describe = with_code(names.describe, self._place)

    def _place(self, code: types.CodeType) -> str:
        return f"{self._run_graph.file_names.shown(code.co_filename)}:{code.co_firstlineno}"

    def changes(self, changed: ChangedCell) -> Iterator[Described]:
        """The changes of one cell, values as text; `undone` is set later."""
        reload = next(filter(_is_reload, changed.changes), None)
        if reload is None:
            yield from (self._change(changed, change) for change in changed.changes)
            return
        others = sorted(str(change.name) for change in changed.changes if str(change.name) not in _SET_BY_IMPORTS)
        found = _module_in(changed.cell.obj)
        module = show(found)
        again = f"{module} executed again" + (f": {', '.join(others)}" if others else "")
        described = self._change(changed, reload)
        library = "" if found is changed.cell.obj else changed.cell.name
        change = replace(described.change, path=f"importlib.reload({library})", before=module, after=again)
        yield described._replace(change=change)

    def _change(self, changed: ChangedCell, change: EntryChange) -> Described:
        found = whose(self._run_graph, self._own, change)
        seen = self._written(change)
        # The job may only have stood at that line while the other thread made the change.
        doubted = self._unfollowed and not self._is_proof(seen, change)
        written = None if doubted else seen
        where = written if self._touches.live else None
        obtained = self._obtained(changed, change)
        before, after = self._texts(change)
        readable = _special_text(change, change.after) is None
        described = rules.Change(
            owner=found.owner,
            unit_kind=found.unit_kind,
            path=names.public_path(found.path),
            change=change.change,
            before=before,
            after=after,
            aliases=tuple(map(str, found.holders)),
            explanation=explain_difference(change.before, change.after, self._describe) if readable else (),
            obtained=self._site(obtained and obtained.plugin),
            dependents=_dependents(found.root),
            site=self._site(where and where.plugin),
            core=self._site(where and where.core),
            unblamed=None if where and where.plugin else self._why_unblamed(doubted and seen is not None),
            maker=(written and written.maker) or (obtained and obtained.maker) or self._touches.makers.only(),
        )
        return Described(described, self._alone or self._is_proof(written, change))

    def _is_proof(self, written: Where | None, change: EntryChange) -> bool:
        """Whether the line can have made the change: it was seen assigning, or fits what was seen after it."""
        if written is None:
            return False
        assigned, live = self._touches.written(change.cell.obj, str(change.name)), self._touches.live
        return written is assigned or (live is not None and live.fits(written, change))

    def _texts(self, change: EntryChange) -> tuple[str | None, str | None]:
        """What the entry held and holds, in texts that tell the two apart."""
        special = _special_text(change, change.before), _special_text(change, change.after)
        if special != (None, None):
            return special
        if change.before is ABSENT or change.after is ABSENT:
            before, after = (
                None if side is ABSENT else show(side, self._describe) for side in (change.before, change.after)
            )
            return before, after
        before, after = show_apart(change.before, change.after, self._describe, self._place)
        in_another_order = change.change == REORDERED and after.startswith("another ")
        return before, "the same in another order" if in_another_order else after

    def _written(self, change: EntryChange) -> Where | None:
        """The line that made the change, if it was seen."""
        live = self._touches.live
        if live is not None and may_be_memo(change):
            # Core put it in by right, and a later line made something else of it.
            edited = live.edited(change)
            if edited is not None:
                return edited
        return self._touches.written(change.cell.obj, str(change.name)) or (live.blamed(change) if live else None)

    def _why_unblamed(self, doubted: bool) -> str:
        if self._touches.live is None:
            return f"blame is {self._blame}"
        if doubted:
            return _BY_UNFOLLOWED
        if self._touches.live.trouble:
            return self._touches.live.trouble
        # Where it is `rerun`, what that shows is added.
        return f"{_UNSEEN}; blame rerun would look at every line" if self._blame == "live" else _UNSEEN

    def _obtained(self, changed: ChangedCell, change: EntryChange) -> Where | None:
        touched = self._touches.obtained(changed.unit)
        if touched is not None or self._blame == "off":
            return touched
        place = self._mention(changed, change)
        return Where(place, maker=self._touches.makers.by_file(place))

    def _mention(self, changed: ChangedCell, change: EntryChange) -> Place | None:
        if changed.unit.kind in ("class", "module", "process"):
            return first_mention(self._modules, _first_name(changed, change))
        # Not by way of the unit: the job's own element held the container already.
        holders = self._run_graph.graph.holders(changed.cell)
        held = [_root_name(alias.name, alias.parent) for unit, alias in holders if unit is self._own]
        return next(filter(None, (first_mention(self._modules, name) for name in held)), None)

    def _site(self, place: Place | None) -> Site | None:
        return self._run_graph.file_names.site_of(place)


def _is_reload(change: EntryChange) -> bool:
    """Whether a module has another specification of its import than before."""
    found = type(change.name) is str and change.name == "__spec__"
    return (
        found
        and type(_module_in(change.cell.obj)) is types.ModuleType
        and type(change.before) is type(change.after) is ModuleSpec
    )


def _module_in(obj: Any) -> Any:
    """What a cell is about, of a library's module of which only some entries are compared."""
    return obj.owner if type(obj) is PartOf else obj


_SET_BY_IMPORTS = frozenset({"__spec__", "__loader__", "__cached__", "__file__", "__path__", "__doc__"})


def modules_of(element: Any) -> list[types.ModuleType]:
    """The modules of the element's plugin and of its sources' plugins."""
    found = [sys.modules.get(module_of(type(plugin))) for plugin in (element, *sources_of(element))]
    return [module for module in found if type(module) is types.ModuleType]


def _first_name(changed: ChangedCell, change: EntryChange) -> str:
    """The attribute, global or function that plugin code names to get at the changed place."""
    cell = changed.cell
    if changed.unit.kind == "process":
        root = cell.name or change.cell.kind.step(cell.obj, change.name)
        return _PROCESS_NAMES.get(root, root.rpartition(".")[2])
    return _root_name(change.name, cell)


def _root_name(name: Any, cell: Cell) -> str:
    """The attribute of the root that the way to entry `name` of `cell` starts with."""
    return str(first_step(cell, name)[1])


def _special_text(change: EntryChange, value: Any) -> str | None:
    return None if value is ABSENT else change.cell.kind.text(change.cell.obj, value)


def _dependents(root: Any) -> int:
    """How many elements depend on this one, directly or not."""
    if not issubclass(type(root), Element):
        return 0
    seen: dict[int, Any] = {}
    todo = [root]
    while todo:
        attributes = vars_of(todo.pop())
        for name in ("_Element__reverse_build_deps", "_Element__reverse_runtime_deps"):
            new = [element for element in attributes.get(name, ()) if id(element) not in seen]
            seen.update((id(element), element) for element in new)
            todo += new
    return len(seen)


def shared_locks(
    run_graph: RunGraph, locks: SharedLocks, job: Any, used: list[Use], filled: list[ChangedCell], makers: Makers
) -> tuple[rules.SharedLock, ...]:
    """The locks of modules and classes that a job used, each once: named in code that ran, or added to a table."""
    found: dict[tuple[Owner, str], rules.SharedLock] = {}
    for owner, name, place, maker in [*used, *_lock_tables(run_graph, locks, job, filled)]:
        site = run_graph.file_names.site_of(place)
        found.setdefault(
            (owner, name), rules.SharedLock(owner, name, site, maker=maker or makers.by_file(place) or makers.only())
        )
    return tuple(found.values())


def _lock_tables(run_graph: RunGraph, locks: SharedLocks, job: Any, filled: list[ChangedCell]) -> Iterator[Use]:
    """The tables that a job added a lock to."""
    modules = [*modules_of(job.get_element()), *run_graph.plugin_modules]
    for cell in filled:
        owner = run_graph.owner(cell.unit, cell.cell)
        for name in {_root_name(change.name, cell.cell) for change in cell.changes if is_lock_in_table(change, job)}:
            locks.learn(owner, name)
            yield Use(owner, name, first_mention(modules, name))


def unshippable(
    run_graph: RunGraph, job: Any, refused: list[Refused], touches: Touches
) -> tuple[rules.Unshippable, ...]:
    """What of the job's own state cannot be sent to another process, each place once."""
    element = job.get_element()
    modules, file_names = modules_of(element), run_graph.file_names
    found: dict[str, rules.Unshippable] = {}
    for change, type_name in refused:
        in_place = change.cell.kind is NATIVE
        path = names.public_path(change.cell.path() if in_place else change.raw_path())
        place = first_mention(modules, _root_name(change.name, change.cell))
        site = file_names.site_of(place)
        owner = run_graph.owner(change.unit, change.cell)
        root = root_of(change.cell).obj
        assigned = touches.assigned(root).get(_root_name(change.name, change.cell))
        line = file_names.site_of(assigned)
        maker = touches.makers.of_own(root, assigned)
        found.setdefault(path, rules.Unshippable(owner, path, type_name, site, line, maker, in_place))
    return tuple(found.values())


def job_of(job: Any) -> Job:
    """A scheduler job as a value."""
    element = job.get_element()
    return Job(names.full_name(element), str(job.action_name), int(job._tries), str(element.get_kind()))
