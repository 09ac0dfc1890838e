"""The message about a finding: in full in a report, in one line in the log of its job and in summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from enforcer.masking import cut
from enforcer.reports.same_line import by_line
from enforcer.reports.shown import shown
from enforcer.results.findings import Finding, Maker, Owner, Site

_IN_FULL = "The report at the end of the run says more."
TO_COPY = ("  fix: ", "  allow: ")
"""What lines begin with that are never cut: they are there to be copied."""

_LEFT = ("leaked-thread", "leaked-process", "leaked-descriptor")
"""The rules whose findings say what is still running, open or there."""

_CODE_COLUMN = 40
_SHOWN_OTHERS = 4
_SHORT_LINES = 15
_SHORT_WHAT = 200


def finding_lines(finding: Finding, width: int | None = None, others: Sequence[Finding] = ()) -> list[str]:
    """The message, without colours, each line at most `width` wide (None: whatever it takes),
    but those `TO_COPY`.

    The first line says which job broke which rule on whose state, the second what changed; then
    come where it was changed, where it was obtained, how to mend it, who else is concerned, and how
    to allow it. Never more than 15 lines without `others`, which are findings that the same line made.
    """
    safe, *more = map(shown, [finding, *others[:_SHOWN_OTHERS]])
    lines = [f"{safe.rule}  {headline(safe)}", *(f"  {line}" for line in _body(safe, more, len(others) - len(more)))]
    return lines if width is None else [line if line.startswith(TO_COPY) else cut(line, width) for line in lines]


def short_lines(findings: Sequence[Finding]) -> list[str]:
    """A line for each line of code that made some of `findings`, for the log of their job."""
    bundles = by_line(findings, lambda finding: finding, alike=lambda finding: None)
    lines = [short_line(*bundle) for bundle in bundles[:_SHORT_LINES]]
    hidden = len(bundles) - len(lines)
    lines += [f"and {hidden} more"] if hidden else []
    return [*lines, _IN_FULL] if any(finding.is_new for finding in findings) else lines


def short_line(finding: Finding, *others: Finding) -> str:
    """`plugins/my_kind.py:31: foreign-write base.bst environment['CC']: added 'clang'`: what matters first.

    `others` are findings that the same line made; they are counted.
    """
    safe = shown(finding)
    site = safe.site or safe.obtained
    place = f"{site.file}:{site.line}" if site else safe.plugin_file or safe.job.plugin or safe.job.element
    more = f" (and {len(others)} more by this line)" if others else ""
    more += f" ({safe.accepted})" if safe.accepted is not None else ""
    more += f" (by {_made_by(safe.maker)})" if safe.maker is not None else ""
    owner = "" if safe.rule in _LEFT else f"{_owner(safe.owner)} "
    return f"{place}: {safe.rule} {owner}{cut(what(safe), _SHORT_WHAT)}{more}"


def others_lines(count: int) -> list[str]:
    """The line that follows a message which stands for `count` findings."""
    return [f"  and {count - 1:,} more like it"] if count > 1 else []


def headline(finding: Finding) -> str:
    """`app.bst (my_kind) changed base.bst in its Build job`; of a source `app.bst sources[0] (feeds) changed ...`."""
    job, maker = finding.job, finding.maker
    again = f" (try {job.try_})" if job.try_ > 1 else ""
    did, element = _did(finding), job.element + _kind(job.plugin)
    if maker is None:
        return f"{element} {did} its {job.action} job{again}"
    made = f"{_made_by(maker)} {did}"
    if maker.name == job.element:
        return f"{made} its {job.action} job{again}"
    return f"{made} the {job.action} job of {element}{again}"


def _made_by(maker: Maker) -> str:
    which = "" if maker.source is None else f" sources[{maker.source}]"
    return f"{maker.name}{which}{_kind(maker.kind)}"


def _kind(kind: str) -> str:
    return f" ({kind})" if kind else ""


def _did(finding: Finding) -> str:
    if finding.rule == "leaked-thread":
        return "left a thread running after"
    if finding.rule == "leaked-process":
        return "left a child process running after"
    if finding.rule == "leaked-descriptor":
        return "left something behind after" if finding.after == "there" else "left something open after"
    if finding.rule == "key-drift":
        return f"changed the unique key of {_owner(finding.owner)} in"
    if finding.rule == "unshippable-state":
        return "left what cannot be sent to another process after"
    if finding.rule == "process-local-lock":
        return f"relied on a lock of {_owner(finding.owner)} in"
    return f"changed {_owner(finding.owner)} in"


def _owner(owner: Owner) -> str:
    if owner.kind in ("context", "process"):
        return f"the {owner.kind}"
    if owner.kind in ("project", "class", "module"):
        return f"{owner.kind} {owner.name}"
    return owner.name


def what(finding: Finding) -> str:
    """`environment['CC']: added 'clang'`."""
    if finding.rule in _LEFT:
        return f"{finding.path}: still {finding.after if finding.rule == 'leaked-descriptor' else 'running'}"
    if finding.rule == "unshippable-state" and finding.before is not None:
        return f"{finding.path}: what was done to this {finding.after} stays in the process of this job"
    if finding.rule == "unshippable-state":
        return f"{finding.path}: {finding.after} stays in the process of this job, and is absent in all others"
    if finding.rule == "process-local-lock":
        return f"{finding.path}: {finding.after}"
    return finding.what()


def _body(finding: Finding, others: Sequence[Finding], hidden: int) -> list[str]:
    together = [finding, *others]
    lines = [line for each in together for line in _what_lines(each)]
    lines += [f"and {hidden:,} more by the same line"] if hidden else []
    lines += _site_lines(finding) + _plugin_line(finding) + _fate_lines(finding)
    lines += [f"fix: {finding.fix}"] if finding.fix and finding.is_new else []
    lines.append(_last_line(finding))
    if finding.allowed is None:
        lines += [f'allow: "{line}"' for line in dict.fromkeys(each.allow_line for each in together)]
    return lines


def _what_lines(finding: Finding) -> list[str]:
    """What happened, with a line for each of several differences."""
    differences = finding.differences
    if len(differences) < 2:
        return [what(finding)]
    return [
        f"{finding.path}: {'changed' if finding.change == 'set' else finding.change}",
        *(f"  {line}" for line in differences),
    ]


def _site_lines(finding: Finding) -> list[str]:
    """Both ends: where it was changed, and where what was changed was obtained."""
    site, obtained, core = finding.site, finding.obtained, finding.core
    lines = []
    if site is not None:
        lines.append(_site_line("", site))
    if core is not None:
        lines.append(_site_line("by way of ", core))
    if obtained is not None and obtained != site:
        # The function is said once where both are in it.
        same = site is not None and (obtained.file, obtained.function) == (site.file, site.function)
        lines.append(_site_line("obtained at ", replace(obtained, function="") if same else obtained))
    if site is None and finding.unblamed is not None:
        lines.append(f"line unknown: {finding.unblamed}")
    return lines


def _site_line(prefix: str, site: Site) -> str:
    where = f"{prefix}{site.file}:{site.line}" + (f" in {site.function}" if site.function else "")
    return f"{where:<{_CODE_COLUMN}}  {site.code}" if site.code else where


def _plugin_line(finding: Finding) -> list[str]:
    if finding.plugin_file is None or finding.site is not None or finding.obtained is not None:
        return []
    return [f"plugin {finding.plugin or finding.job.element}: {finding.plugin_file}"]


def _last_line(finding: Finding) -> str:
    """Who else is concerned, and where to read on."""
    parts = []
    if finding.aliases:
        parts.append(f"also held by {', '.join(finding.aliases)}")
    if finding.dependents == 1:
        parts.append(f"1 element depends on {finding.owner.name}")
    elif finding.dependents > 1:
        parts.append(f"{finding.dependents} elements depend on {finding.owner.name}")
    return " \N{MIDDLE DOT} ".join([*parts, f"enforcer explain {finding.rule}"])


def _fate_lines(finding: Finding) -> list[str]:
    lines = []
    if finding.candidates and finding.site is None:
        lines.append(f"could also be: {', '.join(f'{job.element} {job.action}' for job in finding.candidates)}")
    if finding.undone is False and finding.rule.endswith("-write"):
        lines.append("the change could not be undone")
    if finding.accepted is not None:
        lines.append(finding.accepted)
    return lines
