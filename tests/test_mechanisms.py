"""The samples are counted by mechanism, and the numbers of several Pythons stand in one table."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("buildstream")

from sample_projects import harness
from tests.outside import mechanisms
from tests.outside.mechanisms import Count, Numbers

pytestmark = pytest.mark.once

MERGED = """\
| mechanism | backend | Python | hazards found | with the right line | look-alikes clean | others found |
|---|---|---|---|---|---|---|
| who owns a container | `threads`, `fork` | 3.11.7, 3.12.1 | 9 of 9 | 9 of 9 | 3 of 3 | 0 |
| the process | `pool` | 3.11.7 | 71 of 71 | 71 of 71 | 35 of 35 | 0 |
| the process | `pool` | 3.12.1 | 70 of 71 | 69 of 71 | 35 of 35 | 2 |
"""


def test_every_mechanism_has_samples_of_hazards_and_look_alikes() -> None:
    found: dict[str, set[bool]] = {}
    for name in harness.names():
        found.setdefault(mechanisms.mechanism_of(name), set()).add(bool(harness.load_expected(name)["findings"]))
    assert all(kinds == {True, False} for kinds in found.values()), found
    assert len(found) == 7


def test_what_is_missed_accused_or_blamed_on_another_line_is_counted() -> None:
    site = {"file": "plugins/a.py", "line": 3}
    wanted = [{"path": path, "site": site} for path in ("right", "other line", "missed")]
    violations = [
        {"path": "right", "site": site, "examples": [{"element": "a.bst"}]},
        {"path": "other line", "site": {**site, "line": 4}, "examples": [{"element": "b.bst"}]},
        {"path": "innocent", "site": site, "examples": [{"element": "c.bst"}]},
    ]
    assert counted({"verdict": "failed", "findings": wanted}, violations) == Numbers(
        Count(2, 3), Count(1, 3), Count(), 1
    )
    clean = Count(2, 3)
    assert counted({"verdict": "clean", "findings": []}, violations[:1]) == Numbers(Count(), Count(), clean, 1)


def counted(expected: dict[str, object], violations: list[dict[str, object]]) -> Numbers:
    step = harness.Step([], [], 1, "", "", {"violations": violations}, [])
    steps = [["build", "a.bst", "b.bst", "c.bst"]]
    return mechanisms.count_sample(harness.Run("sample", {"steps": steps, **expected}, [step]))


def test_versions_and_backends_with_the_same_numbers_share_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = ("the process", "pool")
    ownership = Numbers(Count(9, 9), Count(9, 9), Count(3, 3))
    same = {("who owns a container", backend): ownership for backend in ("threads", "fork")}
    right = Numbers(Count(71, 71), Count(71, 71), Count(35, 35))
    wrong = Numbers(Count(70, 71), Count(69, 71), Count(35, 35), 2)
    files = [tmp_path / "one.json", tmp_path / "other.json"]
    files[0].write_text(mechanisms.as_json({**same, process: right}, "3.11.7"))
    files[1].write_text(mechanisms.as_json({**same, process: wrong}, "3.12.1"))
    assert mechanisms.main(["merge", *map(str, files)]) == 1
    assert capsys.readouterr().out == MERGED
    assert mechanisms.main(["merge", str(files[0])]) == 0
