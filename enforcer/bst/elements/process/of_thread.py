"""State that each thread has of its own: it is compared with what the job's thread had before the job."""

from __future__ import annotations

import types
from collections.abc import Callable
from threading import get_ident
from typing import Any

from enforcer.graph.values import module_of, same


class OfThread:
    """One piece of such state.

    Other threads than those in which a job runs have it as it was when this was made, whatever they say.
    """

    def __init__(self, read: Callable[[], Any], write: Callable[[Any], Any]) -> None:
        self._read = read
        self._write = write
        self._noted: dict[int, Any] = {}
        self._usual: Any = read()

    def begin(self) -> None:
        """A job begins in this thread."""
        self._noted[get_ident()] = self._read()

    def end(self) -> None:
        """What the job left was looked at."""
        self._noted.pop(get_ident(), None)

    def read(self) -> Any:
        """What the thread has; as long as it is what it was before the job, what it usually is."""
        noted = self._noted
        here = get_ident()
        if here not in noted:
            return self._usual
        now = self._read()
        if same(now, noted[here]):
            return self._usual
        return now

    def write(self, value: Any) -> None:
        """Put it back."""
        here = get_ident()
        if here in self._noted:
            self._write(self._noted[here])


def hook_of_thread(read: Callable[[], Any]) -> Callable[[], Any]:
    """What `read` gives, but for the enforcer's own: that is as good as what was there before."""

    def hook() -> Any:
        found = read()
        if type(found) is types.MethodType and module_of(type(found.__self__)).startswith("enforcer."):
            inner = found.__self__.__dict__
            return inner.get("_inner", inner.get("_new_threads"))
        return found

    return hook
