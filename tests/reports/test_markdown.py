"""The summary reads well on GitHub, shows everything as it was written, and stays within GitHub's limit."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from enforcer.reports.markdown import markdown_text
from enforcer.reports.value import build_report
from enforcer.results.record import Record
from enforcer.settings.settings import Settings
from tests.reports.hostile import TEXTS, hostile_record
from tests.reports.many import MANY, ten_thousand
from tests.reports.records import COMMAND, FINDING, SITE, VERSIONS, by, full_record, record

RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")


class Page(HTMLParser):
    """A rendered page: its tags, its texts, the rows of its table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(RENDERER.render(text))
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if {"td", "th"} & {*self._open}:
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return "".join(self.texts)


def page(made: Record, settings: Settings | None = None) -> Page:
    return Page(markdown_text(build_report(made, settings or Settings(coverage=True), COMMAND, VERSIONS)))


def test_the_first_lines_are_the_verdict_and_what_was_checked() -> None:
    text = page(record(FINDING)).text.strip()
    assert text.startswith("enforcement strict on threads: failed")
    assert "1 new violation" in text
    assert "checked 41 of 57 jobs; 16 elements were cached" in text


def test_the_table_has_a_row_for_each_new_group() -> None:
    shown = page(record(FINDING, by("two.bst", site=SITE), by("old.bst", path="old", known=True)))
    assert shown.rows == [
        ["rule", "what", "first place", "findings"],
        ["foreign-write", "my_kind: environment[*] added", "plugins/my_kind.py:31", "2"],
    ]


def test_the_message_is_in_the_details() -> None:
    text = page(record(by("app.bst", nodeid="tests/test_a.py::test_b"))).text
    assert "obtained at plugins/my_kind.py:29 in assemble  env = dep.get_environment()" in text
    assert "in test tests/test_a.py::test_b" in text
    assert "enforcer run -- build app.bst" in text


def test_a_clean_run_has_no_table() -> None:
    all_ran = {"app.bst", "two.bst"}
    shown = page(record(opaque={}, core_fills={}, cached=set(), checked=57, elements=all_ran))
    assert shown.rows == []
    assert shown.tags == {"h3", "ul", "li"}


def test_what_was_not_checked_is_listed() -> None:
    text = page(full_record()).text
    for title in (
        "Known and allowed findings (2)",
        "What kept us from looking (1)",
        "Not watched (1)",
        "Why this was not a full run (5)",
        "Elements that were cached, so that nothing of them was checked (16)",
        "Objects that cannot be seen into (2)",
    ):
        assert title in text
    assert "allowed: fixed upstream" in text


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_that_others_wrote_is_markup(text: str) -> None:
    harmless, hostile = page(hostile_record("x")), page(hostile_record(text))
    assert hostile.tags == harmless.tags
    assert {name for name, _ in hostile.attributes} == {name for name, _ in harmless.attributes}
    assert [len(row) for row in hostile.rows] == [len(row) for row in harmless.rows]
    visible = text.replace("\r", "\\r").replace("\n", "\\n")
    if visible.isprintable():
        assert hostile.text.count(visible) >= 8


def test_what_github_links_by_itself_stands_in_code_only() -> None:
    text = markdown_text(build_report(hostile_record(TEXTS[4] + TEXTS[11]), Settings(coverage=True), COMMAND, VERSIONS))
    outside = re.sub(r"(?s)```text\n.*?\n```", "", text)
    assert not re.search(r"https?:|www\.|@\w|#\d", re.sub(r"&#\d+;", "", outside))


@pytest.mark.parametrize("case", MANY)
def test_the_limit_of_github_is_kept(case: str) -> None:
    cached = tuple(f"{'e' * 150}{n}.bst" for n in range(20_000))
    text = markdown_text(replace(ten_thousand(MANY[case]), cached=cached))
    assert len(text.encode()) < 2**20
    shown = Page(text)
    assert len(shown.rows) > 1
    assert re.search(r"\.\.\. and [\d,]+ more", shown.text)
    if "own group" in case:
        assert re.search(r"[\d,]+ more groups are not shown", shown.text)
