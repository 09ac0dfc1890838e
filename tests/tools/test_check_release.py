"""`make release-check` refuses what must not be released, and runs tests on the installed wheel and nothing else."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.installed import ROOT
from tools import check_release as release

pytestmark = pytest.mark.once

WHEEL = "buildstream_enforcer-1.2.3-py3-none-any.whl"
CHANGES = "# Changes\n\n## 1.2.3 (2031-05-06)\n\n* more\n\n## 1.2.2 (2030-01-01)\n"


@pytest.mark.parametrize("tag", ["v1.2.3", None])
def test_a_version_with_its_tag_and_its_dated_changes_is_ready(tag: str | None) -> None:
    release.check_version(WHEEL, tag, CHANGES)


def test_without_a_tag_the_changes_need_no_date() -> None:
    release.check_version(WHEEL, None, CHANGES.replace("2031-05-06", "unreleased"))


@pytest.mark.parametrize(
    ("tag", "changes", "why"),
    [
        ("v1.2.4", CHANGES, "the tag is v1.2.4 and enforcer/__init__.py has version 1.2.3; make them the same"),
        ("1.2.3", CHANGES, "the tag is 1.2.3 and"),
        ("v1.2.3", CHANGES.replace("2031-05-06", "unreleased"), "write the date of the release there"),
        ("v1.2.3", CHANGES.replace("1.2.3", "1.2.0"), 'has no "## 1.2.3 (...)"; add what has changed'),
        (None, CHANGES.replace("1.2.3", "1.2.0"), 'has no "## 1.2.3 (...)"; add what has changed'),
    ],
)
def test_a_version_that_does_not_fit_is_refused(tag: str | None, changes: str, why: str) -> None:
    with pytest.raises(release.NotReadyError) as refused:
        release.check_version(WHEEL, tag, changes)
    assert why in str(refused.value)


def test_our_own_changes_have_a_section_of_the_version_that_is_built(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    release.check_version(wheel.name, None, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def test_what_is_built_can_be_shown_by_a_package_index(built: Path) -> None:
    release.check_metadata(*built.glob("*.whl"), *built.glob("*.tar.gz"))


def test_a_wheel_without_a_description_is_refused(built: Path, tmp_path: Path) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(tmp_path / wheel.name, "w") as cut:
        for name in whole.namelist():
            content = whole.read(name)
            cut.writestr(name, content.partition(b"\n\n")[0] if name.endswith("/METADATA") else content)
    with pytest.raises(release.NotReadyError, match="a package index would refuse this"):
        release.check_metadata(tmp_path / wheel.name)


@pytest.fixture
def unpacked(built: Path, tmp_path: Path) -> Path:
    """The tests of the source distribution."""
    [sdist] = built.glob("*.tar.gz")
    return release.unpack_tests(sdist, tmp_path / "tests")


def test_tests_of_the_source_distribution_run_on_the_installed_wheel(
    unpacked: Path, installed: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    release.run_tests(installed / "bin" / "python", unpacked, ["tests/test_masking.py"])
    output = capfd.readouterr().out
    assert "passed" in output
    [line] = [line for line in output.splitlines() if line.startswith("under test: ")]
    assert [Path(path).parents[3] for path in line.partition(": ")[2].split(", ")] == [installed, installed]


def test_tests_that_would_run_on_a_checkout_are_refused(
    unpacked: Path, installed: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "enforcer", unpacked / "enforcer", ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.raises(release.NotReadyError, match="its tests fail"):
        release.run_tests(installed / "bin" / "python", unpacked, ["tests/test_masking.py"])
    assert "ERROR: tests are to run on " in capfd.readouterr().err


def test_what_is_left_out_there_is_about_the_checkout_and_exists() -> None:
    assert [path for path in release.ABOUT_THE_CHECKOUT if not (ROOT / path).exists()] == []


def jobs() -> Any:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]


def test_the_workflow_publishes_the_files_that_were_checked_and_only_that_job_may() -> None:
    check, publish = jobs()["check"], jobs()["publish"]
    assert 'make release-check TAG="$GITHUB_REF_NAME"' in [step.get("run") for step in check["steps"]]
    assert [name for name, job in jobs().items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert (publish["needs"], publish["environment"]) == ("check", "pypi")
    [kept] = [step["with"] for step in check["steps"] if "upload-artifact" in step.get("uses", "")]
    [taken] = [step["with"] for step in publish["steps"] if "download-artifact" in step["uses"]]
    assert {kept["name"], kept["path"]} == {taken["name"], taken["path"]}
    assert [step["uses"].partition("@")[0] for step in publish["steps"]][-1] == "pypa/gh-action-pypi-publish"
