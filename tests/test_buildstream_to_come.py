"""What is told of a BuildStream that is not supported yet."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

pytest.importorskip("buildstream")

import buildstream

from tests import patched_buildstream
from tests.outside.to_come.__main__ import main
from tests.outside.to_come.inventory import read
from tests.outside.to_come.proposals import propose

SAMPLE = "own_environment"


def test_a_memo_a_queue_and_a_callback_are_told_and_with_what_is_proposed_a_sample_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = patched_buildstream.make(tmp_path / "source")
    assert main([str(tmp_path / "work"), str(source), "--sample", SAMPLE]) == 1
    told = capsys.readouterr().out
    assert "- queue `buildstream._scheduler.queues.verifyqueue:VerifyQueue`, jobs `Verify`" in told
    assert "- callback `buildstream.element:Element()._Element__assembled_callback` (element.py:" in told
    assert "- memo `buildstream.element:Element()._Element__weight` (element.py:" in told
    assert "## Seams\n\nNone moved.\n" in told
    assert f"\nIn {SAMPLE}:\n" in told
    assert f"- {SAMPLE}: step 'build app.bst' ended with 1, but the verdict is 'clean'" in told
    assert "- 1 times element `_Element__weight` set: None became 8" in told
    assert "With these entries 1 of these 1 samples give what they say." in told


def test_nothing_is_told_of_the_one_that_is_supported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = patched_buildstream.copy(tmp_path / "source")
    assert main([str(tmp_path / "work"), str(source), "--sample", SAMPLE, "--backend", "threads"]) == 0
    told = capsys.readouterr().out
    assert "Nothing moved, and nothing is new." in told
    assert "1 of 1 samples give what they say." in told
    assert "Core fills" not in told


def test_a_seam_that_is_gone_or_is_called_otherwise_is_named_with_who_uses_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = patched_buildstream.copy(tmp_path / "source") / "src" / "buildstream"
    patched_buildstream.edit(
        package / "_scheduler/jobs/elementjob.py",
        ("    def child_process(self):", "    def child_process(self, attempt=1):"),
    )
    patched_buildstream.edit(
        package / "_scheduler/queues/queue.py", ("    def _job_done(self", "    def _job_ended(self")
    )
    assert main([str(tmp_path / "work"), str(tmp_path / "source"), "--seams-only"]) == 1
    lines = capsys.readouterr().out.splitlines()
    missing = next(line for line in lines if "is missing" in line)
    assert missing.startswith(
        "- `buildstream._scheduler.queues.queue:Queue._job_done` is missing; it is used in enforcer/"
    )
    called = next(line for line in lines if "has other parameters" in line)
    assert called.startswith("- `buildstream._scheduler.jobs.elementjob:ElementJob.child_process` has other parameters")
    assert "enforcer/bst/patches.py" in called


def test_a_module_variable_is_proposed_with_the_value_that_was_seen() -> None:
    inventory = read(Path(buildstream.__file__).parent)
    finding = {
        "site": None,
        "owner": {"kind": "module", "name": "buildstream.utils"},
        "path": "_USE_CP_FILE_RANGE",
        "change": "set",
        "before": "True",
        "after": "False",
        "count": 2,
    }
    (proposal,) = propose([(SAMPLE, finding)], inventory)
    assert proposal.seams == ("buildstream.utils:_USE_CP_FILE_RANGE",)
    assert proposal.entry is not None
    assert '_global(utils, "_USE_CP_FILE_RANGE", lambda value: value is False)' in proposal.entry
    assert propose([(SAMPLE, finding | {"after": "{'x': 1}"})], inventory)[0].entry is None
    assert propose([(SAMPLE, finding | {"site": {"file": "plugins/x.py"}})], inventory) == []


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("an empty directory", "has no src/buildstream/element.py"),
        ("a text", "cannot be unpacked"),
        ("a source that cannot be built", "cannot be built (a C compiler and Python's headers are needed)"),
    ],
)
def test_what_cannot_be_tried_is_said_in_a_sentence(
    made: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    if made == "a text":
        source.write_text("no archive", encoding="utf-8")
    else:
        source.mkdir()
    if made == "a source that cannot be built":
        package = tmp_path / "BuildStream-9" / "src" / "buildstream"
        package.mkdir(parents=True)
        (package / "element.py").touch()
        (package / "node.pyx").touch()
        source = tmp_path / "BuildStream-9.tar.gz"
        with tarfile.open(source, "w:gz") as archive:
            archive.add(tmp_path / "BuildStream-9", "BuildStream-9")
    assert main([str(tmp_path / "work"), str(source)]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert len(told.err.splitlines()) == 1
    assert told.out == ""
