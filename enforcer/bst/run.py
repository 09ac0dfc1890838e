"""One scheduler run under enforcement: what a backend does where BuildStream's scheduler is patched."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from buildstream._message import MessageType
from buildstream._scheduler.jobs.job import _ReturnCode
from buildstream._signals import TerminateException

from enforcer.bst.judge import Judge

TERMINATED = (_ReturnCode.TERMINATED, None)
FAILED = (_ReturnCode.PERM_FAIL, None)


class Run(Protocol):
    """What happens at each seam; in the main process, or, for what runs there, in a worker.

    Attributes:
        scheduler: BuildStream's scheduler; jobs of another one are not this run's.
        judge: judges the jobs that run in this process.
    """

    scheduler: Any
    judge: Judge

    def starting(self, job: Any) -> None:
        """On the main thread, before `job` is handed to its executor thread."""

    def act(self, job: Any, child_action: Callable[[], Any]) -> Any:
        """In the job's thread: `child_action`, or what stands for it. Nothing may escape: the scheduler would hang."""

    def process(self, job: Any, child_process: Callable[[], Any]) -> Any:
        """In the job's thread, inside `child_action`: the action itself."""

    def completing(self, job: Any, returncode: Any) -> Any:
        """On the main thread, before BuildStream looks at what the job has done; gives the return code to go by."""

    def completed(self, job: Any) -> None:
        """On the main thread, afterwards."""

    def terminate(self, job_thread: Any) -> bool:
        """On the main thread: end what runs in `job_thread`; False when BuildStream's own way will do."""

    def finish(self) -> None:
        """The scheduler run is over."""


def guarded(run: Run, job: Any, action: Callable[[], Any]) -> Any:
    """The result of `action`; whatever escapes from it becomes the job's failure."""
    try:
        return action()
    except TerminateException:
        return TERMINATED
    except BaseException as error:
        report_escaped(run, job, error)
        return FAILED


def report_escaped(run: Run, job: Any, error: BaseException) -> None:
    """Note and show an error that left a job outside of its action."""
    with run.judge.session.recording() as record:
        record.errors.append(f"the {job.action_name} job of {job.name} ended with {error!r}, outside of its action")
    fail(job, f"enforcer: this job ended with {error!r}", "".join(traceback.format_exception(error)))


def fail(job: Any, text: str, detail: str | None = None, **fields: Any) -> None:
    """Show a job's failure as BuildStream does; `fields` are more of its message."""
    try:
        job.message(MessageType.FAIL, text, detail=detail, **fields)
    except Exception:
        # The frontend may be what failed; the scheduler must hear of the job's end all the same.
        sys.stderr.write(f"{text}\n{detail or ''}")
