"""What of BuildStream's caches does not count in a run that fails violations: it was made under one.

An artifact is not taken from the cache, nor pulled back, where a mark of `tainted_refs` says so, where one says so of
what it was made with (an artifact that its job staged, its sources), or where that may be: a `bst` without enforcement
leaves no marks, and BuildStream does not even look at what a cached element was built with. Only builds are asked:
`bst artifact checkout` gets what is there. Sources count for no command.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from buildstream._message import Message, MessageType
from buildstream.types import _Scope

from enforcer.bst.elements import names
from enforcer.bst.elements.parts import sources_of
from enforcer.bst.publishing.held_refs import HeldResults
from enforcer.bst.publishing.tainted_refs import Mark, TaintedRefs
from enforcer.graph.values import vars_of
from enforcer.session import Session

_Original = Callable[..., Any]


class Distrust:
    """Knows what does not count under the settings of a session.

    Args:
        session: what allow entries and baseline accept is no reason.
        held: where refs are held back now, if anywhere.
    """

    def __init__(self, session: Session, held: Callable[[], HeldResults | None]) -> None:
        self._session = session
        self._held = held
        self._told: set[tuple[str, str]] = set()

    def artifact(self, artifact: Any, pulled: bool = False) -> bool:
        """Whether an artifact is not to be taken; one that was just pulled need not be of what is here."""
        if not (self._rejects and artifact._context.build):
            return False
        element, ref = artifact._element, artifact_ref(artifact)
        mark = self._earlier(artifact._context, ref) or (None if pulled else self._suspect(element, ref))
        return mark is not None and self._tell(element, "built anew", mark)

    def sources(self, element: Any, ref: str) -> bool:
        """Whether the ref of an element's sources is not to be taken."""
        mark = self._earlier(element._get_context(), ref) if self._rejects else None
        return mark is not None and self._tell(element, "fetched anew", mark)

    def source(self, context: Any, ref: str) -> bool:
        """Whether the ref of one source is not to be taken: another element may have it, too."""
        return self._rejects and self._earlier(context, ref) is not None

    def made_with(self, element: Any, action: str, written: Collection[str] = ()) -> list[Mark]:
        """The marks of what a job makes its results with, apart from what it has `written` itself."""
        context = element._get_context()
        if not TaintedRefs(context.cachedir).exist:
            return []
        refs = [*(_staged(element) if action == "Build" else ()), *_sources(element)]
        found = (self._mark_of(context, ref) for ref in refs if ref not in written)
        return [mark for mark in found if mark is not None]

    def of_element(self, element: Any) -> Mark | None:
        """The mark of the artifact that an element has, if there is one that counts."""
        artifact = vars_of(element).get("_Element__artifact")
        return None if artifact is None else self._mark_of(artifact._context, artifact_ref(artifact))

    @property
    def _rejects(self) -> bool:
        return self._session.settings.rejects_tainted

    def _earlier(self, context: Any, ref: str) -> Mark | None:
        """The mark of what an earlier run has made: with `--collect`, this one has to go on with what it makes."""
        mark = self._mark_of(context, ref)
        return mark if mark is not None and mark.run != self._session.run else None

    def _mark_of(self, context: Any, ref: str) -> Mark | None:
        tainted, held = TaintedRefs(context.cachedir), self._held()
        mark = tainted.find(ref, ref if held is None else held.to_read(ref)) if tainted.exist else None
        return mark if mark is not None and self._counts(mark) else None

    def _counts(self, mark: Mark) -> bool:
        for finding in mark.findings:
            self._session.classify(finding)
        return not mark.findings or any(finding.fails for finding in mark.findings)

    def _suspect(self, element: Any, ref: str) -> Mark | None:
        """A mark for what nobody has marked, of what it may be made with; from now on it has that."""
        marks = self.made_with(element, "Build")
        if not marks or not os.path.exists(ref):
            return None
        findings = [finding for mark in marks for finding in mark.findings]
        tainted = TaintedRefs(element._get_context().cachedir)
        tainted.mark({ref: ref}, marks[0].mode, findings)
        return tainted.find(ref, ref)

    def _tell(self, element: Any, what: str, mark: Mark) -> bool:
        name = names.full_name(element)
        with self._session.recording() as record:
            record.distrusted.add(name)
        if (name, what) not in self._told:
            self._told.add((name, what))
            text = f"not taken from the cache, but {what}: it was made by or with the work of a job that broke a rule"
            element._get_context().messenger.message(
                Message(MessageType.WARN, text, element_name=name, detail=mark.reason)
            )
        return True


def artifact_ref(artifact: Any) -> str:
    """The path of an artifact's ref."""
    name = artifact._element.get_artifact_name(key=artifact.get_extract_key())
    return str(os.path.join(artifact._artifactdir, name))


def _staged(element: Any) -> Iterator[str]:
    """The refs of the artifacts that a Build job stages."""
    artifacts = (vars_of(each).get("_Element__artifact") for each in element._dependencies(_Scope.BUILD))
    return (artifact_ref(artifact) for artifact in artifacts if artifact is not None)


def _sources(element: Any) -> Iterable[str]:
    """The refs of an element's sources, all together and one by one."""
    sources, cachedir = sources_of(element), element._get_context().cachedir
    if not sources:
        return []
    together = vars_of(vars_of(element)["_Element__sources"])["_cache_key"]
    each = (os.path.join(cachedir, "source_protos", source._get_source_name()) for source in sources)
    return [*([] if together is None else [os.path.join(cachedir, "elementsources", together)]), *each]


_Asked = Callable[[], Distrust | None]
_Held = Callable[[], HeldResults | None]


def query_trusted(original: _Original, distrust: _Asked) -> _Original:
    """`Artifact.query_cache`, by which an artifact that does not count is not there."""

    @functools.wraps(original)
    def query_cache(self: Any) -> Any:
        asked = distrust()
        if asked is not None and asked.artifact(self):
            self._cached = False
            return False
        return original(self)

    return query_cache


def load_trusted(original: _Original, distrust: _Asked) -> _Original:
    """`ElementSourcesCache.load_proto`, by which sources that do not count are not there."""

    @functools.wraps(original)
    def load_proto(self: Any, sources: Any) -> Any:
        asked, ref = distrust(), os.path.join(self._basedir, sources.get_cache_key())
        return None if asked is not None and asked.sources(sources._plugin, ref) else original(self, sources)

    return load_proto


def contains_trusted(original: _Original, distrust: _Asked) -> _Original:
    """`SourceCache.contains`, by which a source that does not count is not there."""

    @functools.wraps(original)
    def contains(self: Any, source: Any) -> Any:
        asked, ref = distrust(), os.path.join(self._basedir, source._get_source_name())
        return False if asked is not None and asked.source(self.context, ref) else original(self, source)

    return contains


def pull_trusted(original: _Original, distrust: _Asked, held: _Held) -> _Original:
    """`Artifact.pull`, by which an artifact that does not count is at no remote."""

    @functools.wraps(original)
    def pull(self: Any, **kwargs: Any) -> Any:
        pulled, asked = original(self, **kwargs), distrust()
        if pulled and asked is not None and asked.artifact(self, pulled=True):
            names = map(self._element.get_artifact_name, self.get_metadata_keys())
            _forget(held, [os.path.join(self._artifactdir, name) for name in names])
            self._cached, self._proto = False, None
            return False
        return pulled

    return pull


def pull_trusted_together(original: _Original, distrust: _Asked, held: _Held) -> _Original:
    """`ElementSourcesCache.pull`, by which sources that do not count are at no remote."""

    @functools.wraps(original)
    def pull(self: Any, sources: Any, plugin: Any) -> Any:
        pulled, asked = original(self, sources, plugin), distrust()
        ref = os.path.join(self._basedir, sources.get_cache_key())
        if pulled and asked is not None and asked.sources(sources._plugin, ref):
            _forget(held, [ref])
            return False
        return pulled

    return pull


def pull_trusted_source(original: _Original, distrust: _Asked, held: _Held) -> _Original:
    """`SourceCache.pull`, by which a source that does not count is at no remote."""

    @functools.wraps(original)
    def pull(self: Any, source: Any) -> Any:
        pulled, asked = original(self, source), distrust()
        ref = os.path.join(self._basedir, source._get_source_name())
        if pulled and asked is not None and asked.source(self.context, ref):
            _forget(held, [ref])
            return False
        return pulled

    return pull


def _forget(held: _Held, refs: list[str]) -> None:
    results = held()
    if results is not None:
        results.forget(refs)
