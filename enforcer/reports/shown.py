"""A finding as it may be shown: masked, on one line a value, and of bounded size."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from enforcer.masking import cut, mask, mask_code, mask_lines, printable, without_addresses
from enforcer.results.findings import Finding, Job, Maker, Owner, Site

NAME_LIMIT = 200
VALUE_LIMIT = 300
TEXT_LIMIT = 4000
CODE_LIMIT = 200
LIST_LIMIT = 5

# Findings name the same elements, files and functions again and again.
_NAMES_REMEMBERED = 1000

_MORE = re.compile(r"and \d+ more")


def shown(finding: Finding) -> Finding:
    """A copy of `finding` that is safe to print and to write; doing it twice changes nothing."""
    path = finding.path
    return replace(
        finding,
        job=shown_job(finding.job),
        owner=Owner(finding.owner.kind, shown_name(finding.owner.name)),
        path=shown_name(path),
        before=_value(path, finding.before),
        after=_value(path, finding.after),
        site=_site(path, finding.site),
        obtained=_site(path, finding.obtained),
        core=_site(path, finding.core),
        unblamed=finding.unblamed and shown_name(finding.unblamed),
        allowed=finding.allowed and shown_name(finding.allowed),
        comment=finding.comment and shown_name(finding.comment),
        fix=finding.fix and shown_name(finding.fix),
        nodeid=finding.nodeid and shown_name(finding.nodeid),
        candidates=[shown_job(job) for job in finding.candidates[:LIST_LIMIT]],
        aliases=_names(finding.aliases),
        explanation=[_value(path, line) or "" for line in finding.explanation[:LIST_LIMIT]],
        plugin_file=finding.plugin_file and shown_name(finding.plugin_file),
        maker=finding.maker and _maker(finding.maker),
    )


@lru_cache(_NAMES_REMEMBERED)
def shown_name(text: str) -> str:
    """A name, a path or a sentence of ours about them, fit to be shown."""
    return cut(printable(without_addresses(mask("", text) or "")), NAME_LIMIT)


def shown_text(text: str) -> str:
    """A sentence or a traceback: its lines stay lines, each fit to be shown."""
    safe = cut(without_addresses(mask("", text) or ""), TEXT_LIMIT)
    return "\n".join(map(printable, safe.splitlines()))


def shown_job(job: Job) -> Job:
    """A job whose names are fit to be shown."""
    return Job(shown_name(job.element), shown_name(job.action), job.try_, shown_name(job.plugin))


def _maker(maker: Maker) -> Maker:
    return Maker(shown_name(maker.name), shown_name(maker.kind), maker.source, maker.file and shown_name(maker.file))


def _value(path: str, text: str | None) -> str | None:
    masked = mask(path, text)
    return None if masked is None else cut(printable(without_addresses(masked)), VALUE_LIMIT)


def _site(path: str, site: Site | None) -> Site | None:
    if site is None:
        return None
    return Site(
        shown_name(site.file),
        site.line,
        shown_name(site.function),
        shown_code(path, site.code),
        context=tuple(cut(printable(line), CODE_LIMIT) for line in mask_lines(path, site.context)),
        context_start=site.context_start,
    )


def shown_code(path: str, code: str) -> str:
    """A line of code that changes or reaches `path`, fit to be shown."""
    return cut(printable(mask_code(path, code.strip())), CODE_LIMIT)


def _names(names: list[str]) -> list[str]:
    kept = [shown_name(name) for name in names[:LIST_LIMIT]]
    rest = names[LIST_LIMIT:]
    if not rest or (len(rest) == 1 and _MORE.fullmatch(rest[0])):
        return kept + rest
    return [*kept, f"and {len(rest)} more"]
