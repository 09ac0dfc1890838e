"""How a rule makes findings from evidence. Values are masked here, so that no finding ever carries a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypedDict

from enforcer.masking import mask, mask_code, mask_lines
from enforcer.results.findings import Finding, Maker, Owner, Site
from enforcer.rules.evidence import Change, Evidence, Left, SharedLock, Unshippable
from enforcer.rules.protocol import Rule


def from_changes(rule: Rule, evidence: Evidence, unit_kind: str) -> Iterator[Finding]:
    """One finding for each change of a unit of this kind."""
    for change in evidence.changes:
        if change.unit_kind == unit_kind:
            yield from_change(rule, evidence, change)


def from_change(rule: Rule, evidence: Evidence, change: Change) -> Finding:
    """The finding that one change breaks `rule`, with everything that the change says; its values are masked."""
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        job=evidence.job,
        owner=change.owner,
        path=mask("", change.path) or "",
        change=change.change,
        before=mask(change.path, change.before),
        after=mask(change.path, change.after),
        site=_masked_site(change.path, change.site),
        obtained=_masked_site(change.path, change.obtained),
        core=_masked_site(change.path, change.core),
        unblamed=change.unblamed,
        dependents=change.dependents,
        aliases=list(change.aliases),
        explanation=[mask(change.path, line) or "" for line in change.explanation],
        undone=change.undone,
        **_made_by(evidence, change.maker),
    )


_DRIFTED = (
    "no line of the job assigned to an attribute that get_unique_key() names: what it reads was changed inside, "
    "or is no attribute (a file, the clock)"
)


def _why_unblamed(evidence: Evidence, site: Site | None, unseen: str) -> str | None:
    return None if site else evidence.unfollowed or unseen


def _why_unassigned(action: str, thing: Unshippable) -> str:
    unassigned = f"no line in this {action} job assigned to {_attribute(thing.path)}"
    if thing.in_place:
        return f"{unassigned}: what it holds was used"
    return f"{unassigned}: it was put inside of what that holds (an entry, append(), an attribute of another object)"


def _attribute(path: str) -> str:
    """The attribute that a path begins with: `cache` of `cache['a'].lock`, `sources[0].cache` of one of a source."""
    match = re.match(r"(?:sources\[\d+\]\.)?\w+", path)
    return match[0] if match else path


def _made_by(evidence: Evidence, maker: Maker | None) -> _MadeBy:
    """Whose code it was, with its file; None for the element's own, which every finding names."""
    job = evidence.job
    if maker is None or (maker.name, maker.kind, maker.source) == (job.element, job.plugin, None):
        return {"maker": None, "plugin_file": evidence.plugin_file}
    return {"maker": maker, "plugin_file": maker.file}


class _MadeBy(TypedDict):
    maker: Maker | None
    plugin_file: str | None


def _masked_site(path: str, site: Site | None) -> Site | None:
    return site and replace(site, code=mask_code(path, site.code), context=mask_lines(path, site.context))


def from_leaks(rule: Rule, evidence: Evidence, what: str, left: Iterable[Left]) -> Iterator[Finding]:
    """One finding for each thing left running; it cannot be taken back.

    Numbers in names become `*`: Python counts threads over the life of a process, so `Thread-7`
    would be another finding in the next run.
    """
    named = (replace(thing, name=re.sub(r"\d+", "*", thing.name)) for thing in left)
    return _from_left(rule, evidence, what, named, "running", f"no line of plugin code was seen starting the {what}")


def from_open(rule: Rule, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each thing left open, and for each temporary file left behind; it cannot be taken back."""
    opening, making = ("no line of plugin code was seen " + f"{doing} it" for doing in ("opening", "making"))
    directories = [thing for thing in evidence.temporary if thing.name.endswith("/")]
    files = [thing for thing in evidence.temporary if thing not in directories]
    yield from _from_left(rule, evidence, "descriptor", evidence.descriptors, "open", opening)
    yield from _from_left(rule, evidence, "temporary file", files, "there", making)
    yield from _from_left(rule, evidence, "temporary directory", directories, "there", making)


def _from_left(
    rule: Rule, evidence: Evidence, what: str, left: Iterable[Left], after: str, unseen: str
) -> Iterator[Finding]:
    for thing in left:
        name = mask("", thing.name) or ""
        yield Finding(
            rule=rule.id,
            severity=rule.severity,
            job=evidence.job,
            owner=Owner("process", "process"),
            path=f"{what} {name!r}",
            change="added",
            after=after,
            site=_masked_site("", thing.site),
            unblamed=_why_unblamed(evidence, thing.site, unseen),
            undone=False,
            **_made_by(evidence, thing.maker),
        )


def from_drifts(rule: Rule, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each unique key that changed."""
    for drift in evidence.drifts:
        yield Finding(
            rule=rule.id,
            severity=rule.severity,
            job=evidence.job,
            owner=drift.owner,
            path=drift.path,
            change="set",
            before=mask(drift.path, drift.before),
            after=mask(drift.path, drift.after),
            site=_masked_site(drift.path, drift.site),
            unblamed=_why_unblamed(evidence, drift.site, _DRIFTED),
            undone=False,
            **_made_by(evidence, drift.maker),
        )


def from_unshippable(rule: Rule, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each thing that stays in the process of its job."""
    for thing in evidence.unshippable:
        yield Finding(
            rule=rule.id,
            severity=rule.severity,
            job=evidence.job,
            owner=thing.owner,
            path=mask("", thing.path) or "",
            change="set",
            before=thing.type_name if thing.in_place else None,
            after=thing.type_name,
            site=_masked_site(thing.path, thing.site),
            obtained=_masked_site(thing.path, thing.obtained),
            unblamed=_why_unblamed(evidence, thing.site, _why_unassigned(evidence.job.action, thing)),
            undone=False,
            **_made_by(evidence, thing.maker),
        )


def from_locks(rule: Rule, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each lock that the job shares with the other jobs of its process only."""
    for lock in evidence.locks:
        yield Finding(
            rule=rule.id,
            severity=rule.severity,
            job=evidence.job,
            owner=lock.owner,
            path=mask("", lock.path) or "",
            change="set",
            after=_what_it_does(lock, evidence.failed),
            obtained=_masked_site(lock.path, lock.obtained),
            unblamed=None if lock.obtained else "no line of the code that ran names the lock",
            undone=False,
            **_made_by(evidence, lock.maker),
        )


def _what_it_does(lock: SharedLock, failed: bool) -> str:
    """What the lock does where jobs are processes, and what was done about it."""
    says = "excludes nobody in another process"
    if lock.kept is None:
        return says
    if lock.kept:
        return f"{says}, so jobs that can come to it ran one at a time"
    says += "; found only in this job: others that use it may have run at the same time"
    return f"{says}, and this job has failed" if failed else says
