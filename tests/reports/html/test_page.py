"""The page is one file that needs nothing, says everything without a script, and escapes all that comes from a run."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from enforcer.reports.access import Access
from enforcer.reports.elements import element_graph
from enforcer.reports.html.page import html_text
from enforcer.reports.value import Report, build_report
from enforcer.results.findings import Finding, Job, Owner, Site
from enforcer.results.record import Record
from enforcer.settings.settings import Settings
from tests.reports.hostile import hostile_coverage
from tests.reports.many import MANY, ten_thousand
from tests.reports.records import COMMAND, FINDING, VERSIONS, WITH_CONTEXT, by, full_record, record

MARKUP = "</script><script>fired(1)</script><img src=x onerror=fired(2)>\"'"
"""Markup that would run, were it not escaped."""


def built(made: Record) -> Report:
    return build_report(made, Settings(coverage=True), COMMAND, VERSIONS)


def page(made: Record) -> str:
    return html_text(built(made))


def test_what_following_lines_took_stands_beside_what_was_checked() -> None:
    tile = "<b>1,200</b> in 3 jobs</dd><dd>480,000 containers compared; given up in 1 job: blame <code>full</code>"
    assert tile in page(full_record())
    assert "Lines followed" not in page(record())


def hostile_record() -> Record:
    """A record in which every text from outside is markup."""
    site = replace(WITH_CONTEXT, file=MARKUP, function=MARKUP, code=MARKUP, context=(MARKUP, MARKUP))
    job = Job(f"{MARKUP}.bst", MARKUP, 1, MARKUP)
    finding = Finding(
        rule=f"x{MARKUP}",
        severity="error",
        job=job,
        owner=Owner("element", f"b{MARKUP}.bst"),
        path=MARKUP,
        before=MARKUP,
        after=f"1{MARKUP}",
        site=site,
        obtained=replace(site, line=300, context_start=299),
        core=site,
        nodeid=MARKUP,
        candidates=[job],
        aliases=[MARKUP],
        explanation=[MARKUP],
        plugin_file=MARKUP,
    )
    others = [
        replace(finding, owner=Owner("element", "c.bst")),
        replace(finding, site=None, obtained=None, unblamed=MARKUP, path=f"p{MARKUP}"),
        replace(finding, path=f"q{MARKUP}", allowed=MARKUP),
        replace(finding, rule="leaked-thread", path=f"thread {MARKUP}"),
    ]
    names = {finding.job.element, finding.owner.name, "c.bst"}
    return record(
        finding,
        *others,
        errors=[MARKUP],
        unwatched=[MARKUP],
        left_behind={MARKUP},
        incomplete_reasons={MARKUP},
        cached={MARKUP},
        opaque={MARKUP: 1},
        core_fills={MARKUP: 1},
        coverage=hostile_coverage(MARKUP),
        kinds=dict.fromkeys(names, MARKUP),
        dependencies={name: names - {name} for name in names},
    )


def _hostile_access() -> tuple[Access, ...]:
    site = Site(MARKUP, 1, MARKUP, MARKUP)
    return (Access(Job(MARKUP, MARKUP), "job", "element", MARKUP, MARKUP, "public", 1, 1, site, site, site, site),)


def hostile_report() -> Report:
    made = build_report(hostile_record(), Settings(coverage=True), [MARKUP], {MARKUP: MARKUP})
    return replace(made, access=_hostile_access())


class _Elements(HTMLParser):
    """The tags of a page with their attributes, and its text as people see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag if tag in ("script", "style") else self._hidden

    def handle_endtag(self, tag: str) -> None:
        self._hidden = "" if tag == self._hidden else self._hidden

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def test_everything_is_in_the_file_and_nothing_refers_elsewhere() -> None:
    parsed = _Elements(page(full_record()))
    links = [attributes.get(name) for _, attributes in parsed.tags for name in ("href", "src") if name in attributes]
    assert links
    assert all(link is not None and link.startswith(("#", "data:")) for link in links)
    assert not {tag for tag, _ in parsed.tags} & {"iframe", "object", "embed", "base", "img"}


def test_the_policy_lets_only_the_style_and_the_script_of_the_page_run() -> None:
    text = page(full_record())
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#39;", "'").split("; "))
    for tag, name in (("script", "script-src"), ("style", "style-src")):
        [code] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert not any("style" in attributes for _, attributes in _Elements(text).tags)
    assert not any(name.startswith("on") for _, attributes in _Elements(text).tags for name in attributes)


def test_all_that_comes_from_a_run_is_escaped() -> None:
    text = html_text(hostile_report())
    assert "<script>fired" not in text
    assert "<img" not in text
    parsed = _Elements(text)
    assert [tag for tag, _ in parsed.tags].count("script") == 2
    assert parsed.text.count(MARKUP) > 30


@pytest.mark.parametrize("text", ["\x1b[31mred", "\N{RIGHT-TO-LEFT OVERRIDE}txet", "a\u2028b\u2029c", "\x00\x08"])
def test_what_a_reader_would_not_see_is_written_as_an_escape(text: str) -> None:
    made = page(record(by(f"{text}.bst", path=text, before=text, site=replace(WITH_CONTEXT, context=(text,)))))
    assert not set(text) & set(made) - set("[31mred txetabc")


def test_without_a_script_all_of_a_finding_can_be_read() -> None:
    found = replace(FINDING, before="'gcc'", change="set", site=WITH_CONTEXT, nodeid="tests/test_app.py::test_build")
    other = replace(found, owner=Owner("element", "second.bst"))
    text = _Elements(page(record(found, other, errors=["the walk met something unknown"]))).text
    for wanted in (
        "app.bst (my_kind) changed base.bst in its Build job",
        "environment['CC']",
        "plugins/my_kind.py:31",
        'env["CC"] = "clang"',
        "env = dep.get_environment()",
        "gcc",
        "clang",
        "14 elements depend on base.bst",
        "tests/test_app.py::test_build",
        "foreign-write base.bst environment[*]",
        "second.bst",
        "2 new violations",
        "41",
        "of 57",
        "16 cached, so not exercised",
        "the walk met something unknown",
        "enforcer run -- build app.bst",
    ):
        assert wanted in text, wanted


def test_without_a_script_the_first_finding_is_open() -> None:
    tags = _Elements(page(full_record())).tags
    opened = ["open" in attributes for _, attributes in tags if "finding" in (attributes.get("class") or "").split()]
    assert opened == [True, *[False] * (len(opened) - 1)]


def test_an_unknown_line_says_why() -> None:
    text = _Elements(page(record(replace(FINDING, unblamed="it was written in C")))).text
    assert "The line of the change is not known: it was written in C." in text


def test_what_is_no_change_of_a_value_reads_as_its_message() -> None:
    found = by("a.bst", rule="leaked-thread", owner=Owner("process", "process"), path="thread 'w'", after="running")
    assert "thread 'w': still running" in _Elements(page(record(found))).text


def test_each_finding_has_a_link_of_its_own_that_its_fingerprint_gives() -> None:
    report = built(record(FINDING, by("app.bst", change="removed"), by("b.bst", path="x"), by("c.bst", known=True)))
    ids = [attributes["id"] for tag, attributes in _Elements(html_text(report)).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {f"finding-{group.violations[0].fingerprint}" for group in report.groups} <= set(ids)
    assert f"finding-{FINDING.fingerprint}-2" in ids


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (record(checked=57, cached=set()), ["clean", "No new violation", "no checked job changed anything"]),
        (Record(), ["nothing checked", "Nothing was checked: no job ran"]),
        (Record(cached={"a.bst"}), ["nothing checked", "Nothing was checked: everything was cached"]),
        (record(by("a.bst", severity="warning")), ["warned", "No new violation", "1 warning"]),
        (record(errors=["boom"]), ["failed", "Something kept us from looking", "boom"]),
    ],
    ids=["clean", "nothing ran", "all cached", "warning", "error"],
)
def test_the_first_lines_say_what_came_out(made: Record, wanted: list[str]) -> None:
    text = _Elements(page(made)).text
    assert [each for each in wanted if each not in text] == []


def test_accesses_are_a_table_only_where_some_were_recorded() -> None:
    report = built(record())
    assert "Who read and wrote what" not in html_text(report)
    access = Access(Job("app.bst", "Build"), "job", "element", "base.bst", "environment", "public", 7, 2)
    text = _Elements(html_text(replace(report, access=(access,)))).text
    assert "Who read and wrote what" in text
    assert "app.bst Build" in text


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page(full_record()) == page(Record.from_plain(full_record().to_plain()))


HOSTILE_MANY: dict[str, Callable[[int], Finding]] = {
    **MANY,
    "markup everywhere": lambda n: by(
        f"e{n}{'<' * 150}.bst",
        path=f"p{n}{'<' * 180}",
        before="<>&" * 100,
        after='"' * 300,
        explanation=['"' * 300] * 5,
    ),
}


@pytest.mark.parametrize("case", HOSTILE_MANY)
def test_ten_thousand_findings_stay_below_two_megabytes(case: str) -> None:
    names = [f"e{n}.bst" for n in range(2000)]
    dependencies = {name: set(names[max(n - 8, 0) : n]) for n, name in enumerate(names)}
    graph = element_graph(dict.fromkeys(names, "import"), dependencies)
    report = replace(ten_thousand(HOSTILE_MANY[case]), graph=graph)
    text = html_text(report)
    assert len(text.encode()) < 2_000_000
    assert f"{report.new:,} new violations" in text
    shown = text.count('<details class="finding')
    assert shown
    left_out = re.search(r"([\d,]+) findings are not on this page", text)
    assert (left_out is not None) == bool(report.omitted or shown < len(report.groups))
