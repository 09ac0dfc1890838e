"""The patches on BuildStream: put on by `attach`, taken off by what it returns.

What they do is listed in `_patches`. All else that is ever patched is in the table of `enforcer.bst.patches`, which
puts on and takes off: attribute access while an action runs (`touches`) or between jobs (`assignments`), and the status
area of `enforcer run` (`live_count`).
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from importlib.machinery import SourceFileLoader
from typing import Any

from buildstream import utils
from buildstream._artifact import Artifact
from buildstream._artifactcache import ArtifactCache
from buildstream._cas.cascache import _CASCacheUsageMonitor
from buildstream._context import Context
from buildstream._elementsourcescache import ElementSourcesCache
from buildstream._messenger import Messenger
from buildstream._scheduler.jobs import job as job_module
from buildstream._scheduler.jobs.elementjob import ElementJob
from buildstream._scheduler.jobs.job import Job
from buildstream._scheduler.scheduler import Scheduler
from buildstream._sourcecache import SourceCache
from buildstream.element import Element

from enforcer.bst import patches
from enforcer.bst.accesses.whole_run import RunAccesses
from enforcer.bst.elements import acquired, names
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.forked import grpc_guard
from enforcer.bst.judging.describing import job_of
from enforcer.bst.judging.judge import EnforcementError
from enforcer.bst.observing import imports
from enforcer.bst.observing.left_running import threads_now
from enforcer.bst.observing.silence import unless_silent
from enforcer.bst.publishing import distrust, held_refs
from enforcer.bst.publishing.distrust import Distrust
from enforcer.bst.publishing.fresh_context import forget_to_remove, load_fresh, remove_when_terminated
from enforcer.bst.runs.in_threads import ThreadsRun
from enforcer.bst.runs.scheduler_run import Run
from enforcer.errors import UsageError
from enforcer.fresh_caches import FreshCaches
from enforcer.session import Session
from enforcer.settings.settings import Mode

_Original = Callable[..., Any]


class Attachment:
    """The state behind the patches: the session, and the run that is under way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.run: Run | None = None
        self.accesses: RunAccesses | None = None
        # None of these is a plugin's.
        self.threads_before = threads_now()
        self._distrust = Distrust(session, self.held)

    def held(self) -> held_refs.HeldResults | None:
        """Where refs are held back now, if anywhere."""
        return None if self.run is None else self.run.judge.publication.results

    def run_graph(self) -> RunGraph | None:
        """The graph of the run that is under way, if any is."""
        return None if self.run is None else self.run.judge.run_graph

    @property
    def judges(self) -> bool:
        """Whether what is built now is this attachment's to judge."""
        return bool(_attached) and _attached[-1] is self and self.session.settings.mode is not Mode.OFF

    def distrust(self) -> Distrust | None:
        """What does not count of the caches that are used now; None where all does."""
        return self._distrust if self.judges else None

    def caches(self) -> FreshCaches | None:
        """The caches for what is built now, None for the usual ones."""
        return self.session.caches if self.judges else None

    def done_phase(self, job: Any) -> AbstractContextManager[None]:
        """The block is what follows the end of `job`."""
        return nullcontext() if self.accesses is None else self.accesses.after(job_of(job))

    def end_accesses(self) -> None:
        """The run is over: nothing is recorded any more."""
        accesses, self.accesses = self.accesses, None
        if accesses is not None:
            with self.session.recording() as record:
                accesses.end(record)

    def run_of(self, job: Any) -> Run | None:
        """The enforced run that `job` belongs to."""
        run = self.run
        return run if run is not None and run.scheduler is job._scheduler else None


_attached: list[Attachment] = []
"""Nested attachments, the innermost last: it alone judges."""


def attach(session: Session) -> Callable[[], None]:
    """Watch every scheduler run from now on; returns what takes the patches off again."""
    attachment = Attachment(session)
    with ExitStack() as worn:
        for owner, name, make in _patches():
            worn.callback(patches.put_on(owner, name, make(attachment)))
        _attached.append(attachment)
        worn.callback(acquired.forget)
        worn.callback(_attached.remove, attachment)
        return worn.pop_all().close


def _patches() -> list[tuple[Any, str, Callable[[Attachment], Callable[[Any], Any]]]]:
    """What is patched: owner, attribute, and what makes the wrapper of the original."""
    return [
        (Scheduler, "run", lambda at: lambda original: _enforced_run(original, at)),
        (Job, "start", lambda at: lambda original: _start(original, at)),
        (Job, "child_action", lambda at: lambda original: _child_action(original, at)),
        (Job, "_parent_child_completed", lambda at: lambda original: _completed(original, at)),
        (job_module, "terminate_thread", lambda at: lambda original: _terminate_thread(original, at)),
        (ElementJob, "child_process", lambda at: lambda original: _child_process(original, at)),
        (Messenger, "message", lambda at: unless_silent),
        (SourceFileLoader, "exec_module", lambda at: lambda original: imports.noting(original, at.run_graph)),
        (Element, "_Element__load_sources", lambda at: lambda original: _noted(original, at, acquired.note_made)),
        (Element, "_Element__preflight", lambda at: lambda original: _noted(original, at, acquired.note_loaded)),
        (Context, "load", lambda at: lambda original: load_fresh(original, at.caches)),
        (_CASCacheUsageMonitor, "run", lambda at: grpc_guard.guarded_monitor),
        (utils, "save_file_atomic", lambda at: lambda original: held_refs.hold_writes(original, at.held)),
        (SourceCache, "_source_path", lambda at: lambda original: held_refs.read_held_sources(original, at.held)),
        (
            ElementSourcesCache,
            "_source_path",
            lambda at: lambda original: held_refs.read_held_sources(original, at.held),
        ),
        (Artifact, "query_cache", lambda at: lambda original: distrust.query_trusted(original, at.distrust)),
        (ElementSourcesCache, "load_proto", lambda at: lambda original: distrust.load_trusted(original, at.distrust)),
        (SourceCache, "contains", lambda at: lambda original: distrust.contains_trusted(original, at.distrust)),
        (Artifact, "pull", lambda at: lambda original: distrust.pull_trusted(original, at.distrust, at.held)),
        (SourceCache, "pull", lambda at: lambda original: distrust.pull_trusted_source(original, at.distrust, at.held)),
        (ElementSourcesCache, "pull", lambda at: lambda original: _pull_sources(original, at)),
        (Artifact, "_load_proto", lambda at: lambda original: held_refs.read_held_artifact(original, at.held)),
        (ArtifactCache, "link_key", lambda at: lambda original: held_refs.link_held(original, at.held)),
    ]


def _enforced_run(original: _Original, attachment: Attachment) -> _Original:
    @functools.wraps(original)
    def run(self: Any, queues: Any, casd_process_manager: Any) -> Any:
        if not attachment.judges or attachment.run is not None:
            return original(self, queues, casd_process_manager)
        _begin(attachment, self, queues)
        try:
            return original(self, queues, casd_process_manager)
        finally:
            forget_to_remove(attachment.session.caches)
            run, attachment.run = attachment.run, None
            if run is not None:
                run.finish()
            attachment.end_accesses()

    return run


def _begin(attachment: Attachment, scheduler: Any, queues: list[Any]) -> None:
    """Look at the whole graph before the first job; when we cannot, no job is run unwatched."""
    session = attachment.session
    try:
        attachment.accesses = RunAccesses() if session.settings.access else None
        if session.settings.backend == "threads":
            attachment.run = ThreadsRun(session, scheduler, attachment.threads_before)
        else:
            from enforcer.bst.runs.in_processes import ProcessesRun

            # A forked process goes on with another run in this place.
            attachment.run = ProcessesRun(session, scheduler, queues, lambda run: setattr(attachment, "run", run))
            attachment.run.begin()
        if attachment.accesses is not None and attachment.run.judge.accesses is not None:
            attachment.accesses.begin(attachment.run.judge.accesses)
    except Exception as error:
        attachment.run = None
        attachment.end_accesses()
        said = f"could not look at the element graph: {names.in_words(error)}"
        detail = "".join(traceback.format_exception(error))
        if isinstance(error, UsageError):  # not ours: a comment in plugin code, say
            said, detail = str(error), ""
        with session.recording() as record:
            record.errors.append(said)
        raise EnforcementError(f"enforcer: {said}", detail, "enforcement-failed") from error


def _noted(original: _Original, attachment: Attachment, note: Callable[[Any], None]) -> _Original:
    @functools.wraps(original)
    def noted(self: Any, *args: Any) -> None:
        original(self, *args)
        if attachment.judges:
            note(self)

    return noted


def _start(original: _Original, attachment: Attachment) -> _Original:
    @functools.wraps(original)
    def start(self: Any) -> None:
        run = attachment.run_of(self)
        if run is not None:
            run.starting(self)
            remove_when_terminated(attachment.session.caches)
        original(self)

    return start


def _child_action(original: _Original, attachment: Attachment) -> _Original:
    @functools.wraps(original)
    def child_action(self: Any) -> Any:
        run = attachment.run_of(self)
        return original(self) if run is None else run.act(self, functools.partial(original, self))

    return child_action


def _completed(original: _Original, attachment: Attachment) -> _Original:
    @functools.wraps(original)
    async def _parent_child_completed(self: Any, returncode: Any) -> None:
        run = attachment.run_of(self)
        if run is None:
            await original(self, returncode)
            return
        try:
            with attachment.done_phase(self):
                await original(self, run.completing(self, returncode))
        finally:
            run.completed(self)

    return _parent_child_completed


def _child_process(original: _Original, attachment: Attachment) -> _Original:
    @functools.wraps(original)
    def child_process(self: Any) -> Any:
        run = attachment.run_of(self)
        return original(self) if run is None else run.process(self, functools.partial(original, self))

    return child_process


def _pull_sources(original: _Original, attachment: Attachment) -> _Original:
    trusted = distrust.pull_trusted_together(original, attachment.distrust, attachment.held)

    @functools.wraps(original)
    def pull(self: Any, *args: Any) -> Any:
        pulled = trusted(self, *args)
        if pulled and attachment.run is not None:
            attachment.run.judge.note_pull()
        return pulled

    return pull


def _terminate_thread(original: _Original, attachment: Attachment) -> _Original:
    @functools.wraps(original)
    def terminate_thread(thread_id: Any) -> Any:
        if attachment.run is not None and attachment.run.terminate(thread_id):
            return None
        return original(thread_id)

    return terminate_thread
