"""Report files are written whole or not at all, and refused before anything is built."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from enforcer.errors import EnforcerError, UsageError
from enforcer.reports.value import Report, build_report
from enforcer.reports.write import FORMATS, check_targets, report_text, write_reports
from enforcer.settings.settings import REPORT_FORMATS, ReportTarget, Settings
from tests.reports.records import COMMAND, FINDING, VERSIONS, full_record, record


@pytest.fixture
def report() -> Report:
    return build_report(record(FINDING), Settings(), COMMAND)


def target(path: Path) -> ReportTarget:
    return ReportTarget("json", path)


def test_a_report_is_written_and_nothing_else(tmp_path: Path, report: Report) -> None:
    check_targets([target(tmp_path / "r.json")])
    assert os.listdir(tmp_path) == []
    write_reports(report, [target(tmp_path / "r.json"), target(tmp_path / "s.json")])
    assert sorted(os.listdir(tmp_path)) == ["r.json", "s.json"]
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "failed"


def test_every_format_that_can_be_chosen_can_be_written(tmp_path: Path, report: Report) -> None:
    assert tuple(FORMATS) == REPORT_FORMATS
    targets = [ReportTarget(name, tmp_path / name) for name in REPORT_FORMATS]
    check_targets(targets)
    assert write_reports(report, targets) == [
        f"wrote enforcement report {name}: {tmp_path / name}" for name in REPORT_FORMATS
    ]
    for name in REPORT_FORMATS:
        assert (tmp_path / name).read_text(encoding="utf-8") == report_text(report, name)


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_the_same_record_gives_the_same_bytes(name: str) -> None:
    found = full_record()
    turned = replace(found, findings=found.findings[::-1])
    texts = {report_text(build_report(made, Settings(), COMMAND, VERSIONS), name) for made in (found, turned)}
    assert len(texts) == 1


_WRITE_ON_A_FULL_DISK = """
import resource, sys
from tests.reports.test_write import *
made = build_report(full_record(), Settings(), [])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_reports(made, [ReportTarget(sys.argv[1], Path(sys.argv[2]))])
except EnforcerError as error:
    print(error)
"""


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_half_a_file_is_never_left(tmp_path: Path, name: str) -> None:
    path = tmp_path / "report"
    path.write_text("before")
    done = subprocess.run(
        [sys.executable, "-c", _WRITE_ON_A_FULL_DISK, name, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == f"cannot write the {name} report to {str(path)!r}: File too large\n"
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["report"]


@pytest.mark.parametrize("path", ["missing/r.json", ".", "file/r.json"])
def test_an_unwritable_path_is_refused_beforehand(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write the json report to .*: "):
        check_targets([target(tmp_path / path)])


def test_two_reports_cannot_share_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two reports"):
        check_targets([target(tmp_path / "r.json"), target(tmp_path / "r.json")])


def test_a_failed_write_keeps_the_report_from_before(
    tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r.json").write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(EnforcerError, match="No space left") as caught:
        write_reports(report, [target(tmp_path / "r.json")])
    assert caught.value.exit_code == 3
    assert (tmp_path / "r.json").read_text() == "before"
    assert os.listdir(tmp_path) == ["r.json"]


def test_a_link_stays_a_link(tmp_path: Path, report: Report) -> None:
    (tmp_path / "real.json").write_text("before")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    write_reports(report, [target(link)])
    assert link.is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["format"] == 1


def test_a_device_is_written_to_and_not_replaced(report: Report) -> None:
    check_targets([target(Path("/dev/null"))])
    write_reports(report, [target(Path("/dev/null"))])
    assert not Path("/dev/null").is_file()


def test_standard_output_keeps_what_it_holds_already(tmp_path: Path) -> None:
    code = (
        "from tests.reports.test_write import *\n"
        "print('before', flush=True)\n"
        "write_reports(build_report(record(), Settings(), []), [target(Path('/dev/stdout'))])\n"
        "print('after')"
    )
    with open(tmp_path / "out", "w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True, cwd=Path(__file__).parents[2])
    text = (tmp_path / "out").read_text()
    assert text.startswith("before\n{")
    assert "after" in text


def test_the_file_has_the_mode_that_the_user_asked_for(tmp_path: Path, report: Report) -> None:
    before = os.umask(0o027)
    try:
        write_reports(report, [target(tmp_path / "r.json")])
    finally:
        os.umask(before)
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o640
