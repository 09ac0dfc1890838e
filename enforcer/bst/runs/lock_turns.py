"""Jobs in processes that can come to one lock of plugins run one at a time: the lock itself keeps out nobody there."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from enforcer.bst.elements.core_code import is_class_of_buildstream
from enforcer.bst.elements.parts import sources_of
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.observing.lock_users import LockUsers
from enforcer.bst.observing.locks import LockName, SharedLocks
from enforcer.masking import counted
from enforcer.processes.exclusion import Waits
from enforcer.results.findings import Owner


class Lock(NamedTuple):
    """A lock, or what holds several. Two projects can load one plugin each for itself: then these are two."""

    owner: Owner
    name: str
    identity: int

    @property
    def text(self) -> str:
        """`LOCKS of module download`."""
        return f"{self.name} of {self.owner.kind} {self.owner.name}"


class LockTurns:
    """The locks that the jobs of one scheduler run can come to. Called on the main thread."""

    def __init__(self, run_graph: RunGraph, locks: SharedLocks) -> None:
        self._run_graph = run_graph
        self._locks = locks
        self._users = LockUsers(run_graph, locks)
        self._seen: dict[tuple[int, str], set[Lock]] = {}

    def locks(self, element: Any, action: str) -> frozenset[Lock]:
        """Those that a job can come to, as far as it is known by now."""
        known = {Lock(lock.owner, lock.name, id(lock.value)) for lock in self._users.locks(element, action)}
        if not self._seen:
            return frozenset(known)
        return frozenset(known).union(*(self._seen.get((id(cls), action), ()) for cls in _classes(element)))

    def learn(self, element: Any, action: str, used: Collection[LockName]) -> None:
        """A job has used locks that it was not known to come to: from now on it is, and so are jobs like it."""
        if not used:
            return
        for owner, name in used:
            self._locks.learn(owner, name)
        self._users = LockUsers(self._run_graph, self._locks)
        known = {(lock.owner, lock.name) for lock in self.locks(element, action)}
        for owner, name in set(used) - known:  # no code was found that names it
            for cls in _classes(element):
                self._seen.setdefault((id(cls), action), set()).add(Lock(owner, name, 0))


def _classes(element: Any) -> Iterator[type]:
    """The classes of the plugins that an element is made of, but for BuildStream's own."""
    classes = map(type, (element, *sources_of(element)))
    return (cls for cls in classes if not is_class_of_buildstream(cls))


def waits(locks: Iterable[Lock]) -> str:
    """What is said of a job that has to wait for others which can come to one of its locks."""
    return f"waits for other jobs that can come to {', '.join(sorted(lock.text for lock in locks))}"


def have_waited(noted: Mapping[Hashable, Waits]) -> list[str]:
    """For each lock for which jobs had to wait, what is said of that in the end."""
    return sorted(_waited(lock, of) for lock, of in noted.items() if isinstance(lock, Lock) and of.waited)


def _waited(lock: Lock, noted: Waits) -> str:
    jobs, cost = counted(noted.jobs, "job"), f"{noted.waited:,} waited, together {noted.seconds:.1f} s"
    return f"{jobs} that can come to {lock.text} ran one at a time: {cost}"
