"""One scheduler run under enforcement: what a backend does where BuildStream's scheduler is patched."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from os import getpid
from typing import Any, NoReturn

from buildstream._message import MessageType
from buildstream._scheduler.jobs.job import _ReturnCode
from buildstream._signals import TerminateException

from enforcer.bst.elements import names
from enforcer.bst.judging.judge import Judge

JOB_TERMINATED = (_ReturnCode.TERMINATED, None)
JOB_FAILED = (_ReturnCode.PERM_FAIL, None)


class Run:
    """What happens at each seam. Where a backend does nothing else, jobs run and are judged in this process.

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

        def action() -> Any:
            self.judge.prepare(job)
            return child_action()

        return guarded(self, job, action)

    def process(self, job: Any, child_process: Callable[[], Any]) -> Any:
        """In the job's thread, inside `child_action`: the action itself, judged."""
        return self.judge.run(job, lambda: in_one_process(child_process))

    def completing(self, job: Any, returncode: Any) -> Any:
        """On the main thread, before BuildStream looks at what the job has done; gives the return code to go by."""
        return returncode

    def completed(self, job: Any) -> None:
        """On the main thread, afterwards."""

    def terminate(self, job_thread: Any) -> bool:
        """On the main thread: end what runs in `job_thread`; False when BuildStream's own way will do."""
        return False

    def finish(self) -> None:
        """The scheduler run is over: note what was not looked at."""
        self.judge.finish()


def guarded(run: Run, job: Any, action: Callable[[], Any]) -> Any:
    """The result of `action`; whatever escapes from it becomes the job's failure."""
    try:
        return action()
    except TerminateException:
        return JOB_TERMINATED
    except BaseException as error:
        report_escaped(run, job, error)
        return JOB_FAILED


def in_one_process(action: Callable[[], Any]) -> Any:
    """The result of `action`. A copy of this process that it forks and lets return ends here: one alone is the job."""
    process = getpid()
    try:
        return action()
    finally:
        if getpid() != process:
            _end_as_programs_do(sys.exc_info()[1])


def _end_as_programs_do(error: BaseException | None) -> NoReturn:
    status = 0 if error is None else 1
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        traceback.print_exception(error)
    os._exit(status)


def report_escaped(run: Run, job: Any, error: BaseException) -> None:
    """Note and show an error that left a job outside of its action."""
    ended = f"ended with {names.in_words(error)}"
    with run.judge.session.recording() as record:
        record.errors.append(f"the {job.action_name} job of {job.name} {ended}, outside of its action")
    fail(job, f"enforcer: this job {ended}", "".join(traceback.format_exception(error)))


def fail(
    job: Any, text: str, detail: str | None = None, *, logfile: str | None = None, elapsed: timedelta = timedelta()
) -> None:
    """Show a job's failure as BuildStream does, and note it in the job's log: `logfile`, if it has begun one."""
    try:
        with _recording(job, logfile):
            job.message(MessageType.FAIL, text, detail=detail, elapsed=elapsed)
    except Exception:
        # The frontend may be what failed; the scheduler must hear of the job's end all the same.
        sys.stderr.write(f"{text}\n{detail or ''}")


@contextmanager
def _recording(job: Any, logfile: str | None) -> Iterator[None]:
    """A failure without a log file is more than BuildStream's summary of failures can show."""
    here = job._messenger._locals
    logfile = logfile or here.log_filename  # an exception leaves its log file behind, closed
    here.log_handle = here.log_filename = None
    if logfile is None:
        with job._messenger.recorded_messages(job._logfile, job._scheduler.context.logdir):
            yield
        return
    with open(logfile, "a", encoding="utf-8") as here.log_handle:
        here.log_filename = logfile
        try:
            yield
        finally:
            here.log_handle = here.log_filename = None
