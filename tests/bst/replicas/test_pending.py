"""Updates wait until their unit matters, but never many of one unit."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from enforcer.bst.replicas.pending import MANY, Pending, addressed
from enforcer.graph.unit import Unit
from tests.graph.build import Thing, graph_of


class Applied:
    """Stands for the replication of a process: notes what is applied, in order."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.unattributed = self
        self.lock = threading.RLock()

    def catch_up(self, payloads: Iterable[bytes]) -> None:
        self.payloads += payloads

    def settle(self, unit: Unit) -> None:
        """Nothing was written here."""

    def clear(self, unit: Unit) -> None:
        """Nothing was let be here."""


def pending_for(*roots: Any) -> tuple[Pending, Applied, list[Unit]]:
    graph, applied = graph_of(*roots), Applied()
    return Pending(graph, applied), applied, graph.units  # type: ignore[arg-type]


def numbered(root: Any, count: int, letter: str = "") -> list[bytes]:
    return [addressed(root, f"{letter}{number}".encode()) for number in range(count)]


def test_what_waits_for_a_unit_is_applied_once_it_is_many() -> None:
    shared, element = Thing(), Thing()
    pending, applied, (_, unit) = pending_for(shared, element)
    pending.add([*numbered(shared, MANY + 1, "shared"), *numbered(element, MANY, "element")])
    assert applied.payloads == [f"shared{number}".encode() for number in range(MANY + 1)]
    pending.bring_up(unit)
    assert applied.payloads[MANY + 1 :] == [f"element{number}".encode() for number in range(MANY)]


def test_what_is_applied_is_not_applied_again() -> None:
    root = Thing()
    pending, applied, (unit,) = pending_for(root)
    pending.add(numbered(root, MANY + 1))
    pending.bring_up(unit)
    pending.apply_all()
    assert len(applied.payloads) == MANY + 1


def test_a_few_wait() -> None:
    root = Thing()
    pending, applied, _ = pending_for(root)
    pending.add(numbered(root, MANY))
    assert applied.payloads == []


def test_an_update_is_the_address_of_its_unit_and_a_delta() -> None:
    root = object()
    assert addressed(root, b"delta") == id(root).to_bytes(8, "big") + b"delta"
