"""What an element holds, listed at a moment when no graph is there yet."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from enforcer.graph.kinds import INSTANCE, TYPE
from enforcer.graph.unit import Unit
from enforcer.graph.values import ATOMIC_IDS, identity, vars_of
from enforcer.graph.walk import EMPTY_PLAN, Plan, Registry


class Holdings:
    """Lists for many elements, one after the other.

    Args:
        registry: knows how objects are walked; its policy's answer about a name is taken for all roots.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._policy = registry.policy
        # Names of the framework's attributes: most that a root has.
        self._of_core: set[str] = set()

    def containers_of(self, unit: Unit, known: Container[int]) -> dict[int, Any]:
        """The containers, by id, that a walk of `unit` would come to through other attributes than the framework's.

        Nothing is listed below those with an id in `known`.
        """
        found: dict[int, Any] = {}
        todo = [value for root, _ in unit.roots for value in self._values(root)]
        # With the objects: what is made only to be looked at must not give its address to the next one.
        seen = {id(root): root for root, _ in unit.roots}
        while todo:
            obj = todo.pop()
            key = id(obj)
            if identity(type(obj)) in ATOMIC_IDS or key in seen:
                continue
            seen[key] = obj
            plan = self._registry.plan(type(obj))
            if plan is EMPTY_PLAN or self._is_anothers(unit, obj, plan):
                continue
            if plan.cell_kinds or plan.probe:
                found[key] = obj
            if key not in known:
                todo += self._entries(obj, plan)
        return found

    def _values(self, root: Any) -> list[Any]:
        of_core = self._of_core
        found = []
        for name, value in vars_of(root).items():
            if type(name) is str and name in of_core:
                continue
            if type(name) is str and self._policy.belongs_to_core(root, name):
                of_core.add(name)
            elif identity(type(value)) not in ATOMIC_IDS:
                found.append(value)
        beside = [kind for kind in self._registry.plan(type(root)).cell_kinds if kind not in (INSTANCE, TYPE)]
        return [*found, *(each for kind in beside for entry in kind.contents(root) for each in entry)]

    def _is_anothers(self, unit: Unit, obj: Any, plan: Plan) -> bool:
        if plan.as_root:
            return not (plan.is_class and self._registry.is_state(obj))
        return plan.judged and (self._policy.foreign_root(obj) is not None or not self._policy.descends(unit, obj))

    def _entries(self, obj: Any, plan: Plan) -> list[Any]:
        entries: list[Any] = []
        for kind in plan.cell_kinds:
            passed = self._registry.names_passed_by(kind, obj)
            for name, value in kind.contents(obj):
                entries += (name,) if passed and name in passed else (name, value)
        children = plan.children(obj) if plan.children is not None else ()
        return [*entries, *(child.obj for child in children)]
