"""Whatever the backend: with `--fresh` every job runs, the user's caches are as they were, and nothing is left."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from sample_projects import harness
from tests.contract.lab import Lab
from tests.contract.signals import UNTIL_DONE, interrupted, start_slow

_FEED = "open(os.path.join(self.get_mirror_directory(), 'fed'), 'w').close()"
_SHARED = {"MIRRORED": "1"}
"""With it the source `feeds` is cached where its mirror directory says so."""


@pytest.fixture
def fresh(lab: Lab) -> Iterator[Lab]:
    """The same lab, whose runs are fresh, and may change nothing in the usual caches."""
    before = contents(lab)
    assert before
    with lab.given("--fresh"):
        yield lab
    for name in ("feeds", "slow"):
        (lab.project / "elements" / f"{name}.bst").unlink(missing_ok=True)
    (lab.directory / "running").unlink(missing_ok=True)
    assert contents(lab) == before


@pytest.fixture(scope="module", params=["threads", "pool"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab in which `app.bst` was built with the usual caches."""
    lab = Lab(tmp_path_factory.mktemp("fresh"), request.param)
    lab.element("app", "print('built')", "base", source="feeds", fetch=_FEED)
    assert lab.bst("build", "app.bst", **_SHARED).status == 0
    assert counts(lab.report()) == ALL
    yield lab
    lab.close()


def contents(lab: Lab) -> dict[str, bytes]:
    """Every file of the usual caches and sources, byte for byte."""
    files = [path for name in ("cache", "sources") for path in (lab.directory / name).rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files}


ALL = {"jobs": 4, "checked": 4, "exercised": ["app.bst", "base.bst"], "cached": []}
"""What a first build of `app.bst` gives."""


def counts(report: dict[str, Any]) -> dict[str, Any]:
    return {key: report["summary"][key] for key in ("jobs", "checked", "exercised", "cached")}


def test_every_job_runs_again_and_leaves_nothing(fresh: Lab) -> None:
    step = fresh.bst("build", "app.bst", **_SHARED)
    assert (step.status, step.left_behind, step.left_running) == (0, [], [])
    report = fresh.report()
    assert report["verdict"] == "clean"
    assert counts(report) == ALL
    assert "--fresh" in report["command"]


def test_sources_are_downloaded_again_and_a_failed_job_leaves_its_log_alone(fresh: Lab) -> None:
    line = f"{_FEED}; self.info('DOWNLOADED'); type(self).NOTE = self.get_mirror_directory()"
    fresh.element("feeds", "pass", source="feeds", fetch=line)
    reports = []
    for _ in range(2):
        step = fresh.bst("build", "feeds.bst", **_SHARED)
        assert (step.status, step.left_behind, step.left_running) == (1, [], [])
        assert "DOWNLOADED" in step.stderr
        logs = set(re.findall(r"tiny/feeds/\S+\.log", step.stderr))
        assert [(fresh.directory / "logs" / name).is_file() for name in logs] == [True]
        reports.append({key: value for key, value in fresh.report().items() if key != "command"})
    # The same each time, although the caches have another name, and nothing that is gone is said to be left.
    assert reports[0] == reports[1]
    assert [violation["after"] for violation in reports[0]["violations"]] == ["'<fresh>/sources/feeds'"]
    assert reports[0]["left_behind"] == []


def test_an_interrupt_leaves_nothing_and_the_next_run_does_all_again(fresh: Lab) -> None:
    done = len(fresh.steps)
    interrupted(fresh)
    first, second = fresh.steps[done:]
    assert (first.status, second.status) == (255, 0)
    assert first.left_behind + first.left_running + second.left_behind + second.left_running == []
    assert counts(fresh.report()) == {**ALL, "exercised": ["base.bst", "slow.bst"]}


def test_what_terminates_the_run_leaves_no_caches_either(fresh: Lab) -> None:
    """BuildStream ends at once then, as ever, and leaves what is its own."""
    fresh.element("slow", UNTIL_DONE, "base")
    running = start_slow(fresh)
    running.signal(signal.SIGTERM)
    step = running.end()
    assert step.status == 255
    assert [name for name in step.left_behind if name.startswith("enforcer")] == []
    assert "cannot remove" not in step.stderr


def test_a_remote_that_is_configured_is_neither_pulled_from_nor_pushed_to(tmp_path: Path) -> None:
    storage = tmp_path / "remote"
    with closing(Lab(tmp_path / "lab", "pool")) as lab, harness.start_remote(tmp_path) as address:
        servers = f"[{{url: '{address}', push: True}}]"
        named = "".join(f"{name}: {{servers: {servers}}}\n" for name in ("artifacts", "source-caches"))
        lab.configure(f"{named}projects:\n  tiny:\n{indent(named, '    ')}")
        lab.write_project(more=f"artifacts: {servers}\nsource-caches: {servers}\n")
        lab.element("app", "pass", "base")
        lab.element("other", "dep", "base")
        assert re.search("Push Queue: +processed 2", lab.bst("build", "app.bst").stderr)

        before = sorted(storage.rglob("*"))
        with lab.given("--fresh"):
            step = lab.bst("build", "app.bst", "other.bst")
            assert (lab.report()["summary"]["checked"], lab.report()["summary"]["cached"]) == (6, [])
            assert not re.search("(?i)(pull|push) queue", step.stderr)
            assert sorted(storage.rglob("*")) == before

            # What bst's own command line names is used: it was asked for.
            step = lab.bst("build", "--artifact-remote", address, "app.bst")
            assert re.search("Pull Queue: +processed 1", step.stderr)
