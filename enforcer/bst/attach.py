"""The patches on BuildStream: put on by `attach`, taken off by what it returns.

Everything that is patched is listed in `_patches`; nothing else in BuildStream is touched but
attribute access on plugins while an action runs (`touches`).
"""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from typing import Any

from buildstream import utils
from buildstream._artifact import Artifact
from buildstream._artifactcache import ArtifactCache
from buildstream._elementsourcescache import ElementSourcesCache
from buildstream._message import MessageType
from buildstream._scheduler.jobs.elementjob import ElementJob
from buildstream._scheduler.jobs.job import Job, _ReturnCode
from buildstream._scheduler.scheduler import Scheduler
from buildstream._signals import TerminateException
from buildstream._sourcecache import SourceCache

from enforcer.backends.threads import Turn
from enforcer.bst import results
from enforcer.bst.judge import EnforcementError, Judge
from enforcer.config import Mode
from enforcer.session import Session

_TERMINATED = (_ReturnCode.TERMINATED, None)
_FAILED = (_ReturnCode.PERM_FAIL, None)


class _Run:
    """One scheduler run under enforcement."""

    def __init__(self, session: Session, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.turn = Turn()
        self.judge = Judge(session, scheduler)

    def abandoned(self) -> bool:
        """Whether the main loop has ended without waiting for its jobs: no turn will be released any more."""
        loop = self.scheduler.loop
        return loop is None or not loop.is_running()


class Attachment:
    """The state behind the patches: the session, and the run that is under way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.run: _Run | None = None

    def held(self) -> results.HeldResults | None:
        """Where refs are held back now, if anywhere."""
        return None if self.run is None else self.run.judge.results

    def run_of(self, job: Any) -> _Run | None:
        """The enforced run that `job` belongs to."""
        run = self.run
        return run if run is not None and run.scheduler is job._scheduler else None


_attached: list[Attachment] = []
"""Nested attachments, the innermost last: it alone judges."""


def attach(session: Session) -> Callable[[], None]:
    """Watch every scheduler run from now on; returns what takes the patches off again."""
    attachment = Attachment(session)
    patches = [_Patch(owner, name, make(attachment)) for owner, name, make in _patches()]
    _attached.append(attachment)
    for patch in patches:
        patch.apply()

    def detach() -> None:
        for patch in reversed(patches):
            patch.remove()
        _attached.remove(attachment)

    return detach


class _Patch:
    """One replaced attribute of a class or module."""

    def __init__(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        self._owner = owner
        self._name = name
        self._wrap = wrap
        self._original: Any = None

    def apply(self) -> None:
        self._original = vars(self._owner)[self._name]
        setattr(self._owner, self._name, self._wrap(self._original))

    def remove(self) -> None:
        setattr(self._owner, self._name, self._original)


def _patches() -> list[tuple[Any, str, Callable[[Attachment], Callable[[Any], Any]]]]:
    """What is patched: owner, attribute, and what makes the wrapper of the original."""
    return [
        (Scheduler, "run", lambda at: lambda original: _enforced_run(original, at)),
        (Job, "child_action", lambda at: lambda original: _action_in_turn(original, at)),
        (Job, "_parent_child_completed", lambda at: lambda original: _completed(original, at)),
        (ElementJob, "child_process", lambda at: lambda original: _judged_process(original, at)),
        (utils, "save_file_atomic", lambda at: lambda original: results.hold_writes(original, at.held)),
        (SourceCache, "_source_path", lambda at: lambda original: results.read_held_sources(original, at.held)),
        (ElementSourcesCache, "_source_path", lambda at: lambda original: results.read_held_sources(original, at.held)),
        (Artifact, "_load_proto", lambda at: lambda original: results.read_held_artifact(original, at.held)),
        (ArtifactCache, "link_key", lambda at: lambda original: results.link_held(original, at.held)),
    ]


def _enforced_run(original: Any, attachment: Attachment) -> Any:
    @functools.wraps(original)
    def run(self: Any, queues: Any, casd_process_manager: Any) -> Any:
        off = attachment.session.settings.mode is Mode.OFF
        if off or _attached[-1] is not attachment or attachment.run is not None:
            return original(self, queues, casd_process_manager)
        attachment.run = _begin(attachment.session, self)
        try:
            return original(self, queues, casd_process_manager)
        finally:
            run, attachment.run = attachment.run, None
            run.judge.finish()

    return run


def _begin(session: Session, scheduler: Any) -> _Run:
    """Look at the whole graph before the first job; when we cannot, no job is run unwatched."""
    try:
        return _Run(session, scheduler)
    except Exception as error:
        with session.recording() as record:
            record.errors.append(f"could not look at the element graph: {error!r}")
        raise EnforcementError(
            f"enforcer: could not look at the element graph: {error!r}",
            "".join(traceback.format_exception(error)),
            "enforcement-failed",
        ) from error


def _action_in_turn(original: Any, attachment: Attachment) -> Any:
    """`child_action` that waits for its turn; nothing may escape from it, or the scheduler waits forever."""

    @functools.wraps(original)
    def child_action(self: Any) -> Any:
        run = attachment.run_of(self)
        if run is None:
            return original(self)
        if not run.turn.take(self, run.abandoned):
            return _TERMINATED
        try:
            run.judge.prepare(self)
            return original(self)
        except TerminateException:
            return _TERMINATED
        except BaseException as error:
            _report_escaped(self, run, error)
            return _FAILED

    return child_action


def _report_escaped(job: Any, run: _Run, error: BaseException) -> None:
    with run.judge.session.recording() as record:
        record.errors.append(f"the {job.action_name} job of {job.name} ended with {error!r}, outside of its action")
    text = "".join(traceback.format_exception(error))
    try:
        job.message(MessageType.FAIL, f"enforcer: this job ended with {error!r}", detail=text)
    except Exception:
        # The frontend may be what failed; the scheduler must hear of the job's end all the same.
        sys.stderr.write(text)


def _completed(original: Any, attachment: Attachment) -> Any:
    """`_parent_child_completed` after which the turn ends: when the scheduling pass that it queues has run."""

    @functools.wraps(original)
    async def _parent_child_completed(self: Any, returncode: Any) -> None:
        run = attachment.run_of(self)
        try:
            await original(self, returncode)
        finally:
            if run is not None:
                # Callbacks run in the order in which they are queued.
                self._scheduler.loop.call_soon(run.turn.release, self)

    return _parent_child_completed


def _judged_process(original: Any, attachment: Attachment) -> Any:
    @functools.wraps(original)
    def child_process(self: Any) -> Any:
        run = attachment.run_of(self)
        if run is None:
            return original(self)
        return run.judge.run(self, functools.partial(original, self))

    return child_process
