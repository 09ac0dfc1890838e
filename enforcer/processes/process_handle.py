"""A process as another one holds it: by number and by pidfd."""

from __future__ import annotations

import os
import signal

from enforcer.processes import linux


class ProcessHandle:
    """A process: signals reach that very one, never one that got its number later. Owns the descriptor `pidfd`.

    `born` is the time, by the clock of whoever made this, from which on it is known.
    """

    def __init__(self, pid: int, pidfd: int, born: float) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.born = born
        self._closed = False

    def has_ended(self, seconds: float = 0) -> bool:
        """Whether it runs no more, at the latest after so many seconds. One that was closed has ended."""
        return self._closed or linux.has_ended(self.pidfd, seconds)

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it alone; harmless when it has ended."""
        linux.send_signal(self.pidfd, number)

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the group that it leads; it must not be reaped yet."""
        linux.signal_group(self.pid, number)

    def kill(self) -> None:
        """Make it end now."""
        self.send_signal(signal.SIGKILL)

    def cpu_seconds(self) -> float:
        """What it has computed so far, without what it started."""
        return linux.cpu_seconds(self.pid)

    def close(self) -> None:
        """Give the descriptor up, once the process has ended."""
        self._closed = True  # first: whoever asks meanwhile must not ask about a number that is another's by then
        os.close(self.pidfd)
