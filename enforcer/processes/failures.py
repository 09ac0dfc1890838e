"""What went wrong with a process, in sentences for users: which one, how, when, what next."""

from __future__ import annotations

from enforcer.errors import EnforcerError
from enforcer.processes import linux
from enforcer.processes.frames import Broken, Closed
from enforcer.processes.worker_handle import WorkerHandle


class ProcessFailed(EnforcerError):
    """A worker or the pristine process ended or broke; the text is for users and says which, how, when, what next."""


class GivenUp(Exception):
    """A job was interrupted while it waited for others to end: it never began."""


def run_has_ended() -> ProcessFailed:
    """A job came after the end."""
    return ProcessFailed("No worker takes further jobs: the run has ended.")


def fork_refused(error: Broken | OSError) -> ProcessFailed:
    """The system forks no worker."""
    return ProcessFailed(
        f"No worker process could be forked: {error}. Allow fewer workers, or free memory and process numbers."
    )


def pristine_ended(pid: int, ending: str) -> ProcessFailed:
    """The pristine process is gone; `ending` is what `linux.ending` says of it."""
    return ProcessFailed(
        f"The process that worker processes are forked from ({pid}) {ending}, so that no job "
        f"can start in a new one{_hint(ending)}. Run the command again."
    )


def obituary(worker: WorkerHandle, error: Closed | Broken, ended: bool, status: int | None, when: str) -> str:
    """How a worker ended.

    Args:
        ended: whether it did so by itself.
        status: what `os.waitpid` said, None if nobody knows.
        when: words that end the clause.
    """
    who = f"Worker process {worker.process.pid}"
    if isinstance(error, Broken):
        return f"{who} could not go on {when}, because of an exception that the job should have caught:\n{error}"
    if forced := worker.deadline.forced:
        return (
            f"{who} was ended with {forced.name} {when}, because it did not end within {worker.deadline.grace:g} "
            "seconds of being asked to. Look for code that hangs or ignores interrupts."
        )
    if not ended:
        return f"{who} closed its connection {when}, and was killed. Look for code that closes what it did not open."
    ending = linux.ending(status)
    return f"{who} {ending} {when}{_hint(ending)}."


def _hint(ending: str) -> str:
    if ending == linux.ending(None):
        return "; how is not known, because the process that it was forked from has ended, too"
    if ending.endswith(f"status {linux.BROKEN}"):
        return "; its traceback is on standard error"
    if "SIGKILL" in ending:
        return "; if nobody killed it, the system may have run out of memory: see the system's log"
    if "signal" in ending or "SIG" in ending:
        return "; look for a crash in compiled code"
    return "; look for code that ends its process, os._exit() for example"
