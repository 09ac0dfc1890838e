"""What an element holds, listed at a moment when no graph is there yet."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from enforcer.graph.unit import Unit
from enforcer.graph.values import ATOMIC_IDS
from enforcer.graph.walk import EMPTY_PLAN, Plan, Registry


def containers_of(registry: Registry, unit: Unit, known: Container[int]) -> dict[int, Any]:
    """The containers, by id, that a walk of `unit` would come to through other attributes than the framework's.

    Nothing is listed below those with an id in `known`.
    """
    found: dict[int, Any] = {}
    seen = {id(root) for root, _ in unit.roots}
    todo = [value for root, _ in unit.roots for value in _attributes(registry, root)]
    while todo:
        obj = todo.pop()
        key = id(obj)
        if id(type(obj)) in ATOMIC_IDS or key in seen:
            continue
        seen.add(key)
        plan = registry.plan(type(obj))
        if plan is EMPTY_PLAN or plan.as_root or (plan.judged and _is_anothers(registry, unit, obj)):
            continue
        if plan.cell_kinds or plan.probe:
            found[key] = obj
        if key not in known:
            todo += _entries(obj, plan)
    return found


def _attributes(registry: Registry, root: Any) -> list[Any]:
    belongs_to_core = registry.policy.belongs_to_core
    return [
        value
        for kind in registry.plan(type(root)).cell_kinds
        for name, value in kind.contents(root)
        if id(type(value)) not in ATOMIC_IDS and not (type(name) is str and belongs_to_core(root, name))
    ]


def _is_anothers(registry: Registry, unit: Unit, obj: Any) -> bool:
    policy = registry.policy
    return policy.foreign_root(obj) is not None or not policy.descends(unit, obj)


def _entries(obj: Any, plan: Plan) -> list[Any]:
    entries = [each for kind in plan.cell_kinds for entry in kind.contents(obj) for each in entry]
    children = plan.children(obj) if plan.children is not None else ()
    return [*entries, *(child.obj for child in children)]
