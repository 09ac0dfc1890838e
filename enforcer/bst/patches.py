"""The one module that sets and deletes attributes of BuildStream's classes and modules.

A patched attribute has a stack of wrappers over the one original. Taking one off, in whatever order, builds the rest
anew from the original: what was never set on the class itself is absent again in the end. Only what is listed in
`PATCHED` may be wrapped. There is no lock: attachments come and go on the main thread, and jobs that run in one process
take turns.

Values of BuildStream's own variables and objects are no patches: what a forked process puts right for itself stays
there until it ends (`forked`, `runs.in_worker`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from itertools import product
from typing import Any

Wrap = Callable[[Any], Any]
"""Makes the new value of an attribute of what it was."""

_ACCESSED = "which job reads and writes what, where that is asked for"
_ACQUIRED = "which element had first what several hold"
_TOUCHED = "which foreign units a job touches"
_ASSIGNED = "what the main thread changes between jobs, for the other processes"
_DISTRUSTED = "what was made under a violation is not taken from a cache"
_UNHEARD = "what plugin code says that runs only at our wish is not heard"
_STARTED = "which line started a process"
_OPENED = "which line made a descriptor"
_HELD = "what a job publishes is held back until its verdict"

PATCHED = {
    "buildstream._scheduler.scheduler:Scheduler.run": "a run begins and ends",
    "buildstream._scheduler.jobs.job:Job.start": "a job is about to begin",
    "buildstream._scheduler.jobs.job:Job.child_action": "a job runs, watched or in another process",
    "buildstream._scheduler.jobs.job:Job._parent_child_completed": "a job has ended",
    "buildstream._scheduler.jobs.job:terminate_thread": "a job that runs in another process is interrupted there",
    "buildstream._scheduler.jobs.elementjob:ElementJob.child_process": "a job's action is judged",
    "buildstream.element:Element._Element__load_sources": _ACQUIRED,
    "buildstream.element:Element._Element__preflight": _ACQUIRED,
    "buildstream._context:Context.load": "caches of the run's own",
    "buildstream._cas.cascache:_CASCacheUsageMonitor.run": "no fork while a thread is inside gRPC",
    "buildstream.utils:save_file_atomic": _HELD,
    "buildstream._sourcecache:SourceCache._source_path": _HELD,
    "buildstream._elementsourcescache:ElementSourcesCache._source_path": _HELD,
    "buildstream._elementsourcescache:ElementSourcesCache.pull": f"{_DISTRUSTED}; what was pulled runs no plugin code",
    "buildstream._elementsourcescache:ElementSourcesCache.load_proto": _DISTRUSTED,
    "buildstream._sourcecache:SourceCache.contains": _DISTRUSTED,
    "buildstream._sourcecache:SourceCache.pull": _DISTRUSTED,
    "buildstream._artifact:Artifact.query_cache": _DISTRUSTED,
    "buildstream._artifact:Artifact.pull": _DISTRUSTED,
    "buildstream._artifact:Artifact._load_proto": _HELD,
    "buildstream._artifactcache:ArtifactCache.link_key": _HELD,
    "buildstream._frontend.status:_StatusHeader.__init__": "a line more for the live count",
    "buildstream._frontend.status:_StatusHeader.render": "a line more for the live count",
    "buildstream.plugin:Plugin.__getattribute__": _TOUCHED,
    "buildstream.plugin:Plugin.__setattr__": f"{_TOUCHED}; {_ASSIGNED}",
    "buildstream.plugin:Plugin.__delattr__": f"{_TOUCHED}; {_ASSIGNED}",
    "buildstream._project:Project.__getattribute__": _TOUCHED,
    "buildstream._project:Project.__setattr__": f"{_TOUCHED}; {_ASSIGNED}",
    "buildstream._project:Project.__delattr__": f"{_TOUCHED}; {_ASSIGNED}",
    "buildstream._context:Context.__getattribute__": _TOUCHED,
    "buildstream._context:Context.__setattr__": f"{_TOUCHED}; {_ASSIGNED}",
    "buildstream._context:Context.__delattr__": f"{_TOUCHED}; {_ASSIGNED}",
    **dict.fromkeys(
        (
            "buildstream._artifact:Artifact.__getattribute__",
            "buildstream._elementsources:ElementSources.__getattribute__",
            "buildstream._workspaces:Workspaces.__getattribute__",
            "buildstream._workspaces:Workspace.__getattribute__",
        ),
        _ACCESSED,
    ),
    "buildstream._artifact:Artifact.__setattr__": _ASSIGNED,
    "buildstream._artifact:Artifact.__delattr__": _ASSIGNED,
    "buildstream._elementsources:ElementSources.__setattr__": _ASSIGNED,
    "buildstream._elementsources:ElementSources.__delattr__": _ASSIGNED,
    "buildstream._projectrefs:ProjectRefs.__setattr__": _ASSIGNED,
    "buildstream._projectrefs:ProjectRefs.__delattr__": _ASSIGNED,
    "buildstream._workspaces:Workspaces.__setattr__": _ASSIGNED,
    "buildstream._workspaces:Workspaces.__delattr__": _ASSIGNED,
    "buildstream._workspaces:Workspace.__setattr__": _ASSIGNED,
    "buildstream._workspaces:Workspace.__delattr__": _ASSIGNED,
    "buildstream._messenger:Messenger.message": _UNHEARD,
    "logging:Logger.handle": _UNHEARD,
    "warnings:_showwarnmsg": _UNHEARD,
    "threading:Thread.start": "which line started a thread",
    "subprocess:Popen.__init__": _STARTED,
    "multiprocessing.process:BaseProcess.start": _STARTED,
    "os:posix_spawn": _STARTED,
    "os:posix_spawnp": _STARTED,
    "os:pipe": _OPENED,
    "os:pipe2": _OPENED,
    "os:dup": _OPENED,
    "os:dup2": _OPENED,
    "os:openpty": _OPENED,
    "os:memfd_create": _OPENED,
    "os:eventfd": _OPENED,
    "os:pidfd_open": _OPENED,
    "_thread:start_new_thread": "which line started a thread",
    "_frozen_importlib_external:SourceFileLoader.exec_module": "what a module is when a job is the first to import it",
}
"""Every attribute that may be patched, as `MODULE:CLASS.ATTRIBUTE` or `MODULE:FUNCTION`, and what for."""

ABSENT_ATTRIBUTE = object()
"""The value of what is not set on the class itself, but inherited or nowhere."""


def place(owner: Any, name: str) -> str:
    """The attribute `name` of a class or module, as in `PATCHED`."""
    prefix = f"{owner.__module__}:{owner.__qualname__}." if isinstance(owner, type) else f"{owner.__name__}:"
    return prefix + name


def put_on(owner: Any, name: str, wrap: Wrap, *, gives_way: bool = False) -> Callable[[], None]:
    """Wrap the attribute once more, over what wraps it already; returns what takes this wrapper off again.

    One that gives way leaves what somebody else has put in its place meanwhile.
    """
    if place(owner, name) not in PATCHED:
        raise ValueError(f"{place(owner, name)} is not among what may be patched")
    key = (id(owner), name)
    stack = _stacks[key] if key in _stacks else _Stack(owner, name)
    wrapper = _Wrapper(wrap)
    stack.set([*stack.wrappers, wrapper])
    _stacks[key] = stack

    def take_off() -> None:
        if gives_way and stack.is_replaced():
            _stacks.pop(key, None)
            return
        stack.set([other for other in stack.wrappers if other is not wrapper])
        if not stack.wrappers and _stacks.get(key) is stack:
            del _stacks[key]

    return _once(take_off)


def put_on_each(owners: Iterable[Any], wraps: Iterable[tuple[str, Wrap]]) -> Callable[[], None]:
    """Put these wrappers on the attributes of these names of all owners; returns what takes all of them off again."""
    with ExitStack() as worn:
        for owner, (name, wrap) in product(owners, wraps):
            worn.callback(put_on(owner, name, wrap))
        return worn.pop_all().close


class _Wrapper:
    """One wrapper on one stack: the same function may be on it twice."""

    def __init__(self, wrap: Wrap) -> None:
        self.wrap = wrap


class _Stack:
    """The wrappers of one attribute, the innermost first, and the original below them."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner = owner
        self._name = name
        self._original = vars(owner).get(name, ABSENT_ATTRIBUTE)
        self._inherited = getattr(owner, name) if self._original is ABSENT_ATTRIBUTE else None
        self.wrappers: list[_Wrapper] = []
        self._worn: Any = ABSENT_ATTRIBUTE

    def is_replaced(self) -> bool:
        """Whether the attribute is another one than was set last."""
        return vars(self._owner).get(self._name, ABSENT_ATTRIBUTE) is not self._worn

    def set(self, wrappers: list[_Wrapper]) -> None:
        """Have exactly these on the original."""
        if not wrappers and self._original is ABSENT_ATTRIBUTE:
            delattr(self._owner, self._name)
        else:
            value = self._inherited if self._original is ABSENT_ATTRIBUTE else self._original
            for wrapper in wrappers:
                value = wrapper.wrap(value)
            setattr(self._owner, self._name, value)
            self._worn = value
        self.wrappers = wrappers


_stacks: dict[tuple[int, str], _Stack] = {}
"""By the owner's identity, which each stack keeps alive."""


def _once(function: Callable[[], None]) -> Callable[[], None]:
    pending = [function]

    def call() -> None:
        if pending:
            pending.pop()()

    return call
