"""No fork while a thread of this process is inside gRPC: its fork handlers would not run, and the child would hang."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from buildstream._cas.cascache import _CASCacheUsageMonitor

no_call_under_way = threading.Lock()
"""Held around every call of the thread that watches the cache's size, and around every fork."""


class _GuardedCasd:
    """What the usage monitor uses of casd, one call at a time and none during a fork."""

    def __init__(self, casd: Any) -> None:
        self._casd = casd

    def get_local_cas(self) -> Any:
        with no_call_under_way:
            self._local_cas = self._casd.get_local_cas()
        return self

    def GetLocalDiskUsage(self, request: Any) -> Any:
        with no_call_under_way:
            return self._local_cas.GetLocalDiskUsage(request)


def guarded_monitor(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """`_CASCacheUsageMonitor.run` that makes no call while this process forks."""

    @functools.wraps(original)
    def run(self: _CASCacheUsageMonitor) -> None:
        self._casd = _GuardedCasd(self._casd)
        original(self)

    return run
