"""A failed run leads to its HTML page, which it writes unless it runs on CI or is told not to."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from enforcer.reports.html.page import html_text
from enforcer.reports.last_page import page_line
from enforcer.reports.value import CLEAN, NOTHING_CHECKED, WARNED, build_report
from enforcer.settings.settings import ReportTarget, Settings
from tests.reports.records import COMMAND, VERSIONS, full_record

REPORT = build_report(full_record(), Settings(), COMMAND, VERSIONS)


class Machine:
    """Directories for projects and caches."""

    def __init__(self, directory: Path) -> None:
        self.project = directory / "my project"
        self.cache = directory / "cache"
        self.project.mkdir()
        self.environ = {"XDG_CACHE_HOME": str(self.cache), "HOME": str(directory)}

    def line(self, settings: Settings = Settings(), **environ: str) -> str | None:  # noqa: B008
        return page_line(REPORT, settings, self.project, {**self.environ, **environ})

    def pages(self) -> list[Path]:
        return sorted(self.cache.rglob("*"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def led_to(line: str | None) -> Path:
    assert line is not None
    word, address = line.split(" ", 1)
    assert (word, urlparse(address).scheme) == ("page:", "file")
    return Path(unquote(urlparse(address).path))


def test_the_last_line_is_the_address_of_the_page(machine: Machine) -> None:
    line = machine.line()
    page = led_to(line)
    assert page.read_text() == html_text(REPORT)
    assert (page.parent, page.suffix) == (machine.cache / "buildstream-enforcer", ".html")
    assert "my%20project" in str(line)


def test_it_stays_where_it_is_and_each_directory_has_its_own(machine: Machine, tmp_path: Path) -> None:
    other = tmp_path / "other" / machine.project.name
    other.mkdir(parents=True)
    first, again = led_to(machine.line()), led_to(machine.line())
    assert first == again
    assert led_to(page_line(REPORT, Settings(), other, machine.environ)) != first


def test_only_its_owner_may_look_into_the_folder(machine: Machine) -> None:
    assert led_to(machine.line()).parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("verdict", [CLEAN, WARNED, NOTHING_CHECKED])
def test_a_run_that_did_not_fail_has_none(machine: Machine, verdict: str) -> None:
    report = replace(REPORT, verdict=verdict)
    assert page_line(report, Settings(), machine.project, machine.environ) is None
    assert machine.pages() == []


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"BUILD_NUMBER": "7"}])
def test_on_ci_there_is_none(machine: Machine, environ: dict[str, str]) -> None:
    assert machine.line(**environ) is None
    assert machine.pages() == []
    assert machine.line(**dict.fromkeys(environ, "")) is not None


def test_nor_is_there_where_none_is_wanted(machine: Machine) -> None:
    assert machine.line(Settings(no_html=True)) is None
    assert machine.pages() == []


@pytest.mark.parametrize("environ", [{}, {"CI": "true"}])
def test_a_page_that_was_asked_for_is_the_one_that_it_leads_to(machine: Machine, environ: dict[str, str]) -> None:
    reports = (ReportTarget("json", machine.project / "r.json"), ReportTarget("html", machine.project / "r.html"))
    assert led_to(machine.line(Settings(reports=reports), **environ)) == machine.project / "r.html"
    assert machine.pages() == []


def test_a_page_that_cannot_be_written_is_told_and_fails_nothing(machine: Machine) -> None:
    machine.cache.write_text("no directory")
    page = f"{machine.cache}/buildstream-enforcer/"
    line = str(machine.line())
    assert line.startswith(f"no HTML page: cannot write '{page}")
    assert line.endswith(": Not a directory")


def test_without_a_cache_directory_of_its_own_it_is_in_the_users(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for relative in ("", "not/absolute"):
        assert led_to(machine.line(XDG_CACHE_HOME=relative)).is_relative_to(tmp_path / ".cache")


def test_pages_of_long_ago_are_forgotten(machine: Machine) -> None:
    folder = machine.cache / "buildstream-enforcer"
    folder.mkdir(parents=True)
    for age in range(30):
        page = folder / f"{age}.html"
        page.touch()
        os.utime(page, (1000 - age, 1000 - age))
    page = led_to(machine.line())
    assert {each.name for each in folder.iterdir()} == {page.name, *(f"{age}.html" for age in range(19))}
