"""The report as JSON, format 1: each of its keys, once. Writing, reading, merging and the schema follow from here.

The order of the fields is the order of the keys. `docs/json.md` shows them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from enforcer.reports import merging
from enforcer.reports.access import Access
from enforcer.reports.cost import Cost
from enforcer.reports.coverage import STATES, CoverageReport, Covered, CoveredMethod, spans
from enforcer.reports.elements import Element
from enforcer.reports.shapes import (
    Choice,
    Constant,
    Field,
    Flag,
    Lines,
    Listed,
    Number,
    Numbers,
    Object,
    Optional,
    Text,
    Texts,
    as_it_is,
)
from enforcer.reports.shown import shown, shown_job, shown_text
from enforcer.reports.value import (
    CLEAN,
    EXAMPLE_LIMIT,
    FAILED,
    NOTHING_CHECKED,
    WARNED,
    Action,
    Example,
    Group,
    Report,
    Violation,
)
from enforcer.results.accesses import DONE, JOB, KINDS_OF_UNITS, SCHEDULING, WAYS
from enforcer.results.findings import ERROR, OWNER_KINDS, WARNING, Finding, Job, Maker, Owner, Site
from enforcer.results.plugin_coverage import PLUGIN_TYPES
from enforcer.settings.baseline import Entry
from enforcer.settings.settings import Mode

FORMAT = 1


# Of a finding: what may be shown of its texts depends on its path, and is decided for it as a whole.
_RAW = Text(as_it_is)
_RAW_TEXTS = Texts(as_it_is, make=list)

_JOB_FIELDS = (
    Field("element", _RAW, "Junction-qualified name of the element that the job ran for."),
    Field("action", _RAW, "The scheduler's name of the job: Track, Fetch, Pull, Build, ..."),
    Field("try", Number(1), "1 for the first try; more after a retry.", name="try_"),
    Field("plugin", _RAW, "The kind of the element."),
)


def _job(of: dict[str, Any]) -> Job:
    return shown_job(Job(**of))


_JOB = Object(_job, *_JOB_FIELDS, closed=True, ref="job")


def _example(of: dict[str, Any]) -> Example:
    nodeid = of.pop("nodeid")
    return Example(_job({name.removeprefix("job."): value for name, value in of.items()}), nodeid)


_EXAMPLE = Object(
    _example,
    *(field._replace(name=f"job.{field.attribute}") for field in _JOB_FIELDS),
    Field("nodeid", Optional(Text()), "The test that ran the job."),
    closed=True,
    ref="example",
)

_SITE = Object(
    lambda of: Site(**{**of, "context": tuple(of["context"])}),
    Field(
        "file",
        _RAW,
        "Relative to the project (sub.bst:FILE behind a junction), else to the repository, else <site-packages>/...",
    ),
    Field("line", Number(), "From 1; 0 where it is not known."),
    Field("function", _RAW, "The function's name."),
    Field("code", _RAW, "The line itself."),
    Field(
        "context",
        _RAW_TEXTS,
        "The lines around it and itself, for the first entry of a group; empty where they are left out.",
        added=True,
    ),
    Field(
        "context_start",
        Number(),
        "The line of the file that `context` begins with; 0 where it is empty.",
        added=True,
    ),
    closed=True,
    ref="site",
)

_OWNER = Object(
    lambda of: Owner(**of),
    Field("kind", Choice(*OWNER_KINDS), "What was changed."),
    Field("name", _RAW, "Its name, junction-qualified where it has an element."),
    closed=True,
)


_MAKER = Object(
    lambda of: Maker(**of),
    Field("name", _RAW, "The element, junction-qualified; of a source its element, or a source mirror."),
    Field("kind", _RAW, "The plugin's kind."),
    Field("source", Optional(Number()), "Which of the element's sources it is, from 0; null where it is none."),
    Field("file", Optional(_RAW), "The plugin's file, as in a site."),
    closed=True,
    ref="maker",
)

_SOURCE = Object(
    lambda of: of,
    Field("index", Number(), "Which of the element's sources, from 0.", of=itemgetter("index")),
    Field("kind", _RAW, "The kind of its plugin.", of=itemgetter("kind")),
    closed=True,
    ref="source",
)


class Listing(NamedTuple):
    """One entry of `violations`: those of one group stand beside each other, and each says how many it has."""

    violation: Violation
    group: Group

    @property
    def finding(self) -> Finding:
        """Stands for the violation's findings."""
        return self.violation.finding


def _listing(of: dict[str, Any]) -> Listing:
    parts: dict[str, dict[str, Any]] = {"finding": {}, "violation": {}, "group": {}}
    for name, value in of.items():
        part, _, attribute = name.partition(".")
        parts[part][attribute] = value
    violation = Violation(finding=shown(Finding(**parts["finding"])), **parts["violation"])
    return Listing(violation, Group((violation,), **parts["group"]))


def _of_finding(field: Field) -> Field:
    return field._replace(name=f"finding.{field.attribute}")


_LISTING = Object(
    _listing,
    *map(
        _of_finding,
        (
            Field(
                "rule",
                Text(minLength=1),
                "The id of the rule; `enforcer explain RULE` prints its page.",
            ),
            Field("severity", Choice(ERROR, WARNING), "Only errors fail a run."),
            Field("known", Flag(), "Whether the baseline lists it."),
            Field(
                "allowed",
                Optional(_RAW),
                "The reason of the allow entry that matches, or of the comment at its line; null where there is none.",
            ),
            Field(
                "comment",
                Optional(_RAW, may_lack=True),
                "Where the comment is that allows it, `plugins/my_kind.py:31`; null where none does.",
                added=True,
            ),
            Field("job", _JOB, "One of the jobs that did it."),
            Field("nodeid", Optional(_RAW), "The pytest test that ran the job, null outside of pytest."),
            Field("owner", _OWNER, "Whose state was changed."),
            Field("path", _RAW, "Where, as a plugin author would write it."),
            Field("change", Choice("set", "added", "removed", "reordered"), "What happened to it."),
            Field(
                "before",
                Optional(_RAW),
                "The old value as text; null where there was none, the text None for the value None.",
            ),
            Field("after", Optional(_RAW), "The new value as text; null where there is none."),
            Field("site", Optional(_SITE), "The line that made the change, null where it is not known."),
            Field("obtained", Optional(_SITE), "The first line of plugin code that reached into the owner."),
            Field(
                "core",
                Optional(_SITE),
                "The line of BuildStream that made the change on behalf of the line at site.",
                added=True,
            ),
            Field("unblamed", Optional(_RAW), "Why there is no site.", added=True),
            Field("fix", Optional(_RAW, may_lack=True), "What to do, one line; code in backquotes.", added=True),
            Field("dependents", Number(), "How many elements depend on the owner."),
            Field(
                "candidates",
                Listed(_JOB, make=list),
                "The jobs that it can belong to, where that is not certain.",
            ),
        ),
    ),
    Field("count", Number(1), "How many findings this entry stands for.", name="violation.count"),
    Field(
        "examples",
        Listed(_EXAMPLE, minItems=1, maxItems=EXAMPLE_LIMIT),
        "Some of the jobs that did it.",
        name="violation.examples",
    ),
    Field(
        "group_count",
        Number(1),
        "How many findings agree in rule, plugin kind, kind of owner, path template and operation.",
        name="group.count",
    ),
    *map(
        _of_finding,
        (
            Field("aliases", _RAW_TEXTS, "What else holds the changed container."),
            Field("explanation", _RAW_TEXTS, "What differs inside of a large value."),
            Field(
                "undone",
                Optional(Flag()),
                "Whether the change was taken back when the job ended; null: it is left in the one process that made "
                "it.",
            ),
            Field("plugin_file", Optional(_RAW), "The file of the plugin whose code did it."),
            Field(
                "maker",
                Optional(_MAKER),
                "The plugin whose code did it; null where that is the element's own, or not known.",
                added=True,
            ),
            Field(
                "source",
                Optional(_SOURCE),
                "The source whose plugin's code did it, if one did.",
                derived=True,
                added=True,
            ),
            Field("allow_line", _RAW, "The allow entry that lets it pass.", derived=True),
        ),
    ),
    Field(
        "baseline_line",
        Text(as_it_is, check=Entry.parse),
        "The line that lists it in a baseline.",
        name="violation.baseline_line",
        added=True,
    ),
    Field(
        "fingerprint",
        Text(pattern="^[0-9a-f]{16}$"),
        "Names the finding across runs.",
        name="violation.fingerprint",
    ),
    ref="violation",
)


def _listings(groups: Iterable[Group]) -> Iterator[Listing]:
    return (Listing(violation, group) for group in groups for violation in group.violations)


def _groups(listings: Iterable[Listing]) -> tuple[Group, ...]:
    by_group = groupby((listing.group for listing in listings), key=lambda group: (group.key, group.count))
    return tuple(Group(tuple(group.violations[0] for group in members), count) for (_, count), members in by_group)


def _counts(key: str, what: str, how_many: str) -> Listed:
    """Counts by name, as pairs."""
    pair = (
        Field(key, Text(), what, of=itemgetter(0)),
        Field("count", Number(1), how_many, of=itemgetter(1)),
    )
    return Listed(Object(lambda of: (of[key], of["count"]), *pair, closed=True))


_FILE = Object(
    lambda of: (of["file"], of["path"]),
    Field("file", Text(), "As sites and `plugin_file` name it.", of=itemgetter(0)),
    Field(
        "path",
        Text(),
        "The same file, relative to the root of the repository; the lines shown of it are what stands there.",
        of=itemgetter(1),
    ),
)

_OPAQUE_PLACE = Object(
    lambda of: (of["place"], of["type"]),
    Field("place", Text(), "Whose state it is in, and the way to it.", of=itemgetter(0)),
    Field("type", Text(), "The type of the object.", of=itemgetter(1)),
)

_LINES = Lines(spans)

_METHOD = Object(
    lambda of: CoveredMethod(**of),
    Field("name", Text(), "Its name."),
    Field("defined_in", Text(), "The class that has its code."),
    Field(
        "state",
        Choice(*STATES),
        "ran: in a checked job. never: in none. outside: in none, as BuildStream calls it outside of jobs.",
    ),
)

_COVERED = Object(
    lambda of: Covered(**of),
    Field("name", Text(), "The class, or the module."),
    Field(
        "type",
        Choice(*PLUGIN_TYPES, ""),
        "What sort of plugin the class is; empty for code that plugins use.",
    ),
    Field("kind", Text(), "The plugin's kind, as projects name it; empty for code that plugins use."),
    Field("file", Text(), "Where it is, as in a site."),
    Field("bundled", Flag(), "Whether it comes with BuildStream."),
    Field(
        "methods",
        Listed(_METHOD),
        "The methods of a plugin that BuildStream calls and that are more than its own defaults; inherited ones too.",
    ),
    Field(
        "ran",
        _LINES,
        "The first and the last of each stretch of lines in functions that ran in checked jobs.",
    ),
    Field("never", _LINES, "The same for lines that ran in none."),
    Field(
        "outside",
        _LINES,
        "The same for lines that ran in none, as BuildStream calls their functions outside of jobs.",
    ),
)

COVERAGE = Object(
    lambda of: CoverageReport(**of),
    Field(
        "plugins",
        Listed(_COVERED),
        "Each class in files of plugins, and for each file the functions outside of its classes; what comes with "
        "BuildStream is last.",
    ),
    Field("skipped", Texts(), "Elements that were neither cached nor run in a checked job."),
)

_ACCESS_SITE = Object(
    lambda of: Site(**of),
    Field("file", Text(), "As in a site of a violation."),
    Field("line", Number(), "From 1; 0 where it is not known."),
    Field("function", Text(), "The function's name."),
    Field("code", Text(), "The line itself."),
    closed=True,
    ref="access_site",
)

_ACCESS_FIELDS = (
    Field("unit", Text(), "Whose attribute: the name of its owner; `*` where it is added up for all of its kind."),
    Field("kind", Choice(*KINDS_OF_UNITS), "The kind of that.", added=True),
    Field("attribute", Text(), "The way to it, as the path of a violation."),
    Field("reads", Number(), "How often it was read."),
    Field("writes", Number(), "How often it was written; inside of a container, how many entries differ."),
    Field("way", Choice(*WAYS), "By what kind of name plugin code came there; without any, core.", added=True),
    Field("by_plugin", Flag(), "Whether plugin code did it, or had core do it.", added=True),
    Field("site", Optional(_ACCESS_SITE), "The first line that did it, plugin code before core.", added=True),
    Field("core", Optional(_ACCESS_SITE), "The line of core that did it for the plugin code at `site`.", added=True),
    Field("write_site", Optional(_ACCESS_SITE), "The first line that wrote.", added=True),
    Field("write_core", Optional(_ACCESS_SITE), "The line of core that did so for it.", added=True),
)

_ACCESS = Object(
    lambda of: Access(phase=JOB, **of),
    Field("job", _JOB, "Which job."),
    *_ACCESS_FIELDS,
)

_ACCESS_BETWEEN_JOBS = Object(
    lambda of: Access(**of),
    Field("phase", Choice(DONE, SCHEDULING), "What the main thread did: what follows a job's end, or all else."),
    Field("job", _JOB, "The job that has ended; its element is empty where there is none, or it is added up for all."),
    *_ACCESS_FIELDS,
)


_ACTION = Object(
    lambda of: Action(**of),
    Field("action", Text(), "The scheduler's name of the action: Track, Fetch, Pull, Build, ..."),
    Field("jobs", Number(), "Jobs that the scheduler ran."),
    Field("checked", Number(), "Of those, the ones that were compared to their end."),
    Field("skipped", Number(), "Of the checked ones, those that found nothing to do."),
    Field("plugin_code", Number(), "Of the checked ones, those in which code of plugins had its turn."),
)


def _column(attribute: str) -> Any:
    return lambda graph: [getattr(element, attribute) for element in graph]


def _elements(of: dict[str, Any]) -> tuple[Element, ...]:
    names, kinds, dependencies = of["names"], of["kinds"], of["dependencies"]
    if not len(names) == len(kinds) == len(dependencies):
        raise ValueError("the lists of graph differ in length")
    if any(not 0 <= number < len(names) for numbers in dependencies for number in numbers):
        raise ValueError("dependencies lead out of the graph")
    return tuple(
        Element(name, kind, tuple(numbers)) for name, kind, numbers in zip(names, kinds, dependencies, strict=True)
    )


_GRAPH = Object(
    _elements,
    Field(
        "names",
        Texts(),
        "The elements, junction-qualified and sorted. The other lists have an entry for each of them.",
        of=_column("name"),
    ),
    Field("kinds", Texts(), "The kind of each element.", of=_column("kind")),
    Field(
        "dependencies",
        Numbers(),
        "The places in `names`, from 0 on, of those that each element depends on directly.",
        of=_column("dependencies"),
    ),
)


_COST = Object(
    lambda of: Cost(**of),
    Field("jobs", Number(), "Jobs of which lines were followed, to find those that write."),
    Field("given_up", Number(), "Of those, the ones of which that was given up, because it had cost too much."),
    Field("lines", Number(), "How often something was compared, because a line came next or a function ended."),
    Field("cells", Number(), "How many containers were compared then, each as often as that was done."),
)


def _version(name: str) -> Any:
    return lambda versions: dict(versions).get(name)


_VERSIONS = Object(
    lambda of: tuple(of.items()),
    Field("enforcer", Text(), "Of this package.", of=_version("enforcer")),
    Field(
        "buildstream",
        Optional(Text()),
        "Null where it is not installed in the environment that wrote the report.",
        of=_version("buildstream"),
    ),
    Field("python", Text(), "The interpreter's.", of=_version("python")),
)

_COUNT = Number()


def _sum_of(name: str) -> Any:
    return lambda report: sum(count for _, count in getattr(report, name))


_SUMMARY = Object(
    dict,
    Field("jobs", _COUNT, "Jobs that the scheduler ran.", merge=merging.total),
    Field("checked", _COUNT, "Of those, the ones that were compared to their end.", merge=merging.total),
    Field("elements", _COUNT, "Elements in the graph.", merge=merging.elements),
    Field("cells", _COUNT, "The most mutable containers that one graph had.", merge=merging.most),
    Field(
        "exercised",
        Texts(unique=True),
        "Elements that had a checked job that runs plugin code.",
        merge=merging.union,
    ),
    Field(
        "cached",
        Texts(unique=True),
        "Elements that were cached and had no checked Build job.",
        merge=merging.cached,
    ),
    Field(
        "opaque",
        _COUNT,
        "Objects that cannot be seen into.",
        of=_sum_of("opaque"),
        derived=True,
    ),
    Field(
        "core_fills",
        _COUNT,
        "Writes of BuildStream's own core that are listed and never a violation.",
        of=_sum_of("core_fills"),
        derived=True,
    ),
    Field("violations", _COUNT, "Findings that are neither known nor allowed.", name="new", merge=merging.total),
    Field(
        "warnings",
        _COUNT,
        "Those of `violations` that break a rule which only warns.",
        added=True,
        merge=merging.total,
    ),
    Field("known", _COUNT, "Findings that the baseline lists.", merge=merging.total),
    Field("allowed", _COUNT, "Findings that an allow entry or a comment allows.", merge=merging.total),
)


def _report(of: dict[str, Any]) -> Report:
    del of["format"]
    return Report(**of.pop("summary"), **of)


REPORT = Object(
    _report,
    Field("format", Constant(FORMAT), "The number of this format.", of=lambda report: FORMAT),
    Field(
        "verdict",
        Choice(CLEAN, WARNED, FAILED, NOTHING_CHECKED),
        "failed: a new violation under strict or collect, or something kept us from looking. warned: a violation in "
        "another mode, a new warning, or a bst that ran unwatched.",
        merge=merging.first_of(FAILED, WARNED, NOTHING_CHECKED, CLEAN),
    ),
    Field(
        "mode",
        Choice(*(mode.value for mode in (Mode.STRICT, Mode.SOFT, Mode.DISCARD, Mode.OFF))),
        "What a violation does; per test, a marker may have loosened it.",
        merge=merging.first_of(*(mode.value for mode in (Mode.STRICT, Mode.DISCARD, Mode.SOFT, Mode.OFF))),
    ),
    Field("backend", Text(minLength=1), "How jobs were run.", merge=merging.joined),
    Field("command", Texts(), "The words of the command that runs it again.", merge=merging.if_same),
    Field("versions", _VERSIONS, "What ran.", merge=merging.versions),
    Field("summary", _SUMMARY, "Counts over the whole run.", of=lambda report: report),
    Field(
        "violations",
        Listed(_LISTING, make=_groups),
        "One entry for each rule, plugin kind, owner, path and operation; new ones first.",
        name="groups",
        of=lambda report: _listings(report.groups),
        merge=merging.groups,
    ),
    Field(
        "omitted",
        _COUNT,
        "Findings that no entry of `violations` counts, because there are too many.",
        merge=merging.omitted,
    ),
    Field(
        "omitted_groups",
        _COUNT,
        "Groups of findings of which `violations` has not even one: a baseline cannot be made of such a report.",
        added=True,
        merge=merging.omitted_groups,
    ),
    Field(
        "files",
        Listed(_FILE),
        "Where the files are that findings name, as far as they are in the repository that the run was started in.",
        merge=merging.files,
    ),
    Field(
        "core_fills",
        _counts("attribute", "What was filled, by the name that the list of core fills has for it.", "How often."),
        "What BuildStream's own core filled lazily on a foreign element.",
        merge=merging.total_counts,
    ),
    Field(
        "opaque",
        _counts("type", "The type of the objects.", "How many objects, at most."),
        "What could not be seen into.",
        merge=merging.most_counts,
    ),
    Field(
        "opaque_in_plugins",
        _counts("type", "The type of the objects.", "How many objects, at most."),
        "What of it is in state of plugins, and of modules beside them, that do not come with BuildStream.",
        added=True,
        merge=merging.most_counts,
    ),
    Field(
        "opaque_places",
        Listed(_OPAQUE_PLACE),
        "Where that is; of very many the first by name.",
        added=True,
        merge=merging.union,
    ),
    Field("errors", Texts(shown_text), "What kept us from looking.", merge=merging.union),
    Field("unwatched", Texts(shown_text), "bst processes that ran without enforcement.", merge=merging.union),
    Field("left_behind", Texts(), "What a failed job may have left on disk.", merge=merging.union),
    Field(
        "unused_allow",
        Texts(),
        "Allow entries that matched nothing although everything was checked.",
        merge=merging.in_all,
    ),
    Field(
        "unused_comments",
        Texts(unique=True),
        "Ignore comments that no finding needed although everything was checked and their code had its turn.",
        added=True,
        merge=merging.in_all,
    ),
    Field(
        "partial",
        Texts(unique=True),
        "Why this was not a full run (`-k 'word'`, a failed test, cached elements); empty if it was. What was not "
        "found in a partial run may still be there.",
        added=True,
        merge=merging.union,
    ),
    Field(
        "coverage",
        Optional(COVERAGE, may_lack=True),
        "Which plugin code ran in checked jobs; null unless it was asked for.",
        added=True,
        merge=merging.coverage,
    ),
    Field("cost", _COST, "What it took to follow lines, in numbers.", added=True, merge=merging.cost),
    Field(
        "actions",
        Listed(_ACTION),
        "The jobs by action. Without a checked job that ran plugin code the verdict is nothing-checked.",
        added=True,
        merge=merging.actions,
    ),
    Field(
        "without_turn",
        Texts(),
        "Plugins in the graph, other than BuildStream's own, whose code no checked job ran: `KIND (element)` or "
        "`KIND (source)`.",
        added=True,
        merge=merging.in_all,
    ),
    Field(
        "not_due",
        Texts(),
        "Why there was no job to run, where that is nobody's mistake: bst failed before, or was asked to run none.",
        added=True,
        merge=merging.in_all,
    ),
    Field(
        "distrusted",
        Texts(),
        "Elements of which something in the caches was not taken, as it was made under a violation in another mode.",
        added=True,
        merge=merging.union,
    ),
    Field(
        "access",
        Listed(_ACCESS),
        "Which job read and wrote what; empty unless it was asked for.",
        merge=merging.access,
    ),
    Field(
        "access_between_jobs",
        Listed(_ACCESS_BETWEEN_JOBS),
        "What the main thread read and wrote while a scheduler ran, where `access` was asked for.",
        added=True,
        merge=merging.access,
    ),
    Field(
        "graph",
        _GRAPH,
        "The elements that were looked at, and who depends on whom.",
        added=True,
        merge=merging.graph,
    ),
)

DEFINED = (_JOB, _EXAMPLE, _SITE, _ACCESS_SITE, _MAKER, _SOURCE, _LISTING)
"""What the schema defines beside the report."""


def merge_rules(report: Object = REPORT) -> Mapping[str, Field]:
    """For each field of `Report`, the row of the table that says how several become one.

    Raises:
        TypeError: a field has no row that does, or a row no field.
    """
    rows = [*report.fields, *_SUMMARY.fields]
    rules = {row.attribute: row for row in rows if row.merge is not None}
    known = {field.name for field in fields(Report)}
    if wrong := sorted(known ^ rules.keys()):
        raise TypeError(f"the table of the report's fields and `Report` differ in {', '.join(wrong)}")
    return rules


MERGE_RULES = merge_rules()
