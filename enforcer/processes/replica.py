"""What the processes of the backends `fork` and `pool` need to be told: signatures only.

The backend moves bytes and manages processes; what the bytes mean is the replica's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Tell(Protocol):
    """Sends an event to main; if told to wait, returns when main has dealt with it, and with all before it."""

    def __call__(self, event: bytes, wait: bool = False) -> None:
        """See the class. The main thread of a worker never waits: it is the one that hears the answer."""


class Done(NamedTuple):
    """What a job ends with."""

    payload: bytes
    """The job's result."""
    reusable: bool = True
    """False: the worker is spoiled. It retires and runs no other job."""


class Replica(Protocol):
    """What the forked processes do for the backend; each method says in which process and thread it runs.

    An exception that escapes from any of them ends that process with status 70: a worker's job then fails with
    the traceback as its text, the pristine process prints it.
    """

    def settle(self, role: str) -> None:
        """In a child, right after its fork, on its only (main) thread; `role` is "pristine" or "worker".

        A worker passes here twice: as the pristine process that it is forked from, and as a worker. By then no
        signal handler of main's is left: SIGINT does nothing, the others have their default action. Python-level
        standard streams and open descriptors are those of main at the time of the fork.
        """

    def catch_up(self, updates: Sequence[bytes]) -> None:
        """Take over updates, in order, each exactly once; pristine: main thread; worker: job thread, before `run`."""

    def run(self, request: bytes, tell: Tell) -> Done:
        """Run a job; worker, on its job thread.

        `tell` sends an event to main: any number, from any thread, in order, all before the result. After the job
        it does nothing.
        """

    def interrupt(self) -> None:
        """Let the job end soon; worker, on its main thread.

        Called any number of times from when the request has arrived, maybe while the job still catches up; never
        once `run` has returned. An exception that it raises in the job thread must be caught within `run`.
        """

    def retire(self, tell: Tell) -> bytes:
        """What is left to say; worker, on its job thread, when no further job will come.

        There is no job to which an event could belong: `tell` does nothing.
        """
