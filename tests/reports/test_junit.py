"""The XML is what CI servers read: one case a group, one for the run, with names that stay from run to run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml

from enforcer.errors import UsageError
from enforcer.reports.junit import junit_text
from enforcer.reports.value import build_report
from enforcer.reports.write import check_targets
from enforcer.results.record import Record
from enforcer.settings.settings import Mode, ReportTarget, Settings
from tests.reports.hostile import TEXTS, hostile_record
from tests.reports.records import COMMAND, FINDING, SITE, VERSIONS, by, full_record, record


def suite(made: Record, settings: Settings | None = None, directory: Path = Path("/")) -> ElementTree.Element:
    text = junit_text(build_report(made, settings or Settings(coverage=True), COMMAND, VERSIONS, directory))
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    [found] = root
    return found


def outcomes(made: Record, settings: Settings | None = None) -> dict[str, str]:
    """What became of each case; a CI server ignores a second one of the same name."""
    found = {}
    for case in suite(made, settings).iter("testcase"):
        [result] = [each.tag for each in case if each.tag != "system-out"] or ["passed"]
        assert case.attrib["name"] not in found
        found[case.attrib["name"]] = result
    return found


@pytest.mark.parametrize(
    ("made", "outcome"), [(record(), "passed"), (Record(), "skipped"), (record(errors=["x"]), "error")]
)
def test_the_run_is_a_case_of_its_own(made: Record, outcome: str) -> None:
    assert outcomes(made) == {"jobs were checked": outcome}


def test_a_group_is_a_case() -> None:
    found = [FINDING, by("two.bst"), by("old.bst", path="old", known=True), by("b.bst", path="fine", allowed="why")]
    assert outcomes(record(*found, by("c.bst", path="warned", severity="warning"))) == {
        "jobs were checked": "passed",
        "my_kind: element environment[*] added": "failure",
        "my_kind: element warned added": "passed",
        "my_kind: element fine added": "skipped",
        "my_kind: element old added": "skipped",
    }


def test_a_violation_that_fails_nothing_is_no_failure() -> None:
    assert "failure" not in outcomes(record(FINDING), Settings(mode=Mode.DISCARD)).values()


def test_a_failure_says_what_and_where(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / SITE.file).write_text("\n" * 28 + "env = dep.get_environment()\n\n" + 'env["CC"] = "clang"\n')
    _, case = suite(record(by("app.bst", site=SITE)), directory=tmp_path).iter("testcase")
    assert (case.attrib["classname"], case.attrib["file"], case.attrib["line"]) == (
        "enforcement.foreign-write",
        "plugins/my_kind.py",
        "31",
    )
    [failure] = case
    assert failure.attrib["type"] == "foreign-write"
    assert failure.attrib["message"] == (
        "app.bst (my_kind) changed base.bst in its Build job: environment['CC']: added 'clang'"
    )
    assert 'env["CC"] = "clang"' in (failure.text or "")


def test_the_name_of_a_case_survives_moved_lines_other_elements_and_other_values() -> None:
    other = by("other.bst", site=SITE, path="environment['LD']", after="'gcc'")
    assert [*outcomes(record(FINDING))] == [*outcomes(record(other))]


def test_the_counts_are_those_of_the_cases() -> None:
    found = suite(full_record())
    cases = [*found.iter("testcase")]
    counted = {tag: len([*found.iter(tag)]) for tag in ("failure", "error", "skipped")}
    assert found.attrib["tests"] == str(len(cases))
    assert {tag: int(found.attrib[f"{tag}s".replace("skippeds", "skipped")]) for tag in counted} == counted


def test_the_suite_says_what_ran() -> None:
    properties = {each.attrib["name"]: each.attrib["value"] for each in suite(full_record()).iter("property")}
    assert properties["verdict"] == "failed"
    assert properties["buildstream"] == "2.8.1"
    assert (properties["checked"], properties["cached"]) == ("41", "16")


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_that_others_wrote_is_markup(text: str) -> None:
    def shape(element: ElementTree.Element) -> list[object]:
        return [element.tag, sorted(element.attrib), *map(shape, element)]

    assert shape(suite(hostile_record(text))) == shape(suite(hostile_record("x")))


def test_the_library_reads_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_text(junit_text(build_report(full_record(), Settings(), COMMAND)), encoding="utf-8")
    [read] = JUnitXml.fromfile(str(tmp_path / "r.xml"))
    assert read.failures == 4


def test_without_the_library_the_format_is_refused_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enforcer.reports.write.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs junitparser, .*: pip install 'buildstream-enforcer\[junit\]'"):
        check_targets([ReportTarget("junit", tmp_path / "r.xml")])
    check_targets([ReportTarget("sarif", tmp_path / "r.sarif")])


def test_no_other_format_imports_the_library() -> None:
    code = (
        "import sys, enforcer.cli\n"
        "from tests.reports.test_write import *\n"
        "for name in REPORT_FORMATS:\n"
        "    assert report_text(build_report(record(), Settings(), []), name)\n"
        "    assert ('junitparser' in sys.modules) == (name == 'junit')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
