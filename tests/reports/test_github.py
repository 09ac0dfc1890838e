"""Workflow commands are read by GitHub as they are meant, whatever stands in a finding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from enforcer.reports.github import github_text
from enforcer.reports.message import headline, what
from enforcer.reports.shown import shown
from enforcer.reports.value import build_report
from enforcer.results.record import Record
from enforcer.settings.settings import Mode, Settings
from tests.reports.hostile import TEXTS, hostile_record
from tests.reports.records import COMMAND, FINDING, SITE, by, full_record, record


def commands(
    made: Record, settings: Settings | None = None, directory: Path = Path("/")
) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner reads: it splits at the first `::` after the name, then at commas and `=`, then decodes."""
    text = github_text(build_report(made, settings or Settings(coverage=True), COMMAND, directory=directory))
    empty, *lines, end = text.split("\n")
    assert (empty, end) == ("", "")
    return [_parsed(line) for line in lines]


def _parsed(line: str) -> tuple[str, dict[str, str], str]:
    match = re.fullmatch(r"::(?P<name>[a-z]+)(?: (?P<properties>.*?))?::(?P<data>.*)", line, re.DOTALL)
    assert match is not None, line
    pairs = [pair.split("=", 1) for pair in filter(None, (match["properties"] or "").split(","))]
    return match["name"], {key: _decoded(value, ":,") for key, value in pairs}, _decoded(match["data"], "")


def _decoded(text: str, more: str) -> str:
    for character in [*more, "\n", "\r", "%"]:
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def test_a_violation_is_an_error_at_its_line(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    path = tmp_path / "a,b: c/plugins/my_kind.py"
    path.parent.mkdir(parents=True)
    path.write_text("\n" * 28 + "env = dep.get_environment()\n\n" + 'env["CC"] = "clang"\n')
    made = record(by("app.bst", site=SITE), by("two.bst", site=SITE), files={(SITE.file, str(path))})
    (name, properties, text), _ = commands(made, directory=tmp_path)
    assert name == "error"
    assert properties == {
        "file": "a,b: c/plugins/my_kind.py",
        "line": "31",
        "title": "foreign-write: app.bst (my_kind) changed base.bst in its Build job",
    }
    assert text.startswith("environment['CC']: added 'clang'\nplugins/my_kind.py:31 in assemble")
    assert text.endswith('allow: "foreign-write base.bst environment[*]"\nand 1 more like it')


def test_what_is_not_in_the_repository_has_no_line_and_says_so() -> None:
    (_, properties, text), _ = commands(record(FINDING))
    assert set(properties) == {"title"}
    assert text.endswith("plugins/my_kind.py is not in this repository")


@pytest.mark.parametrize(
    ("made", "settings", "names"),
    [
        (record(), Settings(), ["notice"]),
        (Record(), Settings(), ["warning"]),
        (record(FINDING), Settings(mode=Mode.SOFT), ["warning", "notice"]),
        (record(FINDING), Settings(collect=True), ["error", "notice"]),
        (record(by("a.bst", severity="warning")), Settings(), ["warning", "notice"]),
        (record(by("a.bst", known=True), by("b.bst", allowed="why")), Settings(), ["notice"]),
        (record(errors=["x"], unwatched=["y"]), Settings(), ["error", "warning", "notice"]),
    ],
)
def test_only_what_fails_is_an_error_and_what_is_accepted_is_only_counted(
    made: Record, settings: Settings, names: list[str]
) -> None:
    assert [name for name, _, _ in commands(made, settings)] == names


def test_the_last_command_says_what_was_checked() -> None:
    *_, (_, properties, text) = commands(full_record())
    assert properties == {"title": "enforcement strict on threads: failed"}
    assert text.startswith(
        "5 new violations, 1 warning, 1 known, 1 allowed\nchecked 41 of 57 jobs; 16 elements were cached"
    )


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_that_others_wrote_is_a_command(text: str) -> None:
    made = hostile_record(text)
    found = commands(made)
    assert [name for name, _, _ in found] == ["error", "error", "error", "error", "warning", "warning", "notice"]
    assert all(set(properties) <= {"file", "line", "title"} for _, properties, _ in found)
    assert f"foreign-write: {headline(shown(made.findings[0]))}" in [properties["title"] for _, properties, _ in found]
    assert what(shown(made.findings[0])) in [data.split("\n")[0] for _, _, data in found]
