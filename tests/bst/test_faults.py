"""When something breaks that is not the plugin's mandate: a clear error of that job, never a hang."""

from __future__ import annotations

import signal
import time

import pytest

from tests.bst.builds import Build

BROKEN_VERDICT = "import enforcer.bst.judging.verdict as v; v.Verdict.after_action = lambda self, executor: 1 / 0"
BROKEN_PREPARE = "import enforcer.bst.judging.judge as j; j.UniqueKeys = lambda *args: 1 / 0"
BROKEN_WORLD = "import enforcer.bst.elements.run_graph as w; w.RunGraph._units = lambda self, plugins: 1 / 0"
DYING_LOOP = (
    "import buildstream._scheduler.scheduler as s; s.Scheduler.job_completed = lambda self, job, status: sys.exit(7)"
)
BROKEN_FINISH = "import enforcer.bst.judging.judge as j; j.Judge._note_elements = lambda self: 1 / 0"


@pytest.mark.parametrize("mode", ["strict", "soft"])
@pytest.mark.parametrize("broken", [BROKEN_VERDICT, BROKEN_PREPARE])
def test_our_own_failure_is_that_jobs_error_with_our_traceback(build: Build, mode: str, broken: str) -> None:
    ran = build.enforced("build", "base.bst", mode=mode, before=broken)
    assert ran.status == 3
    assert "ZeroDivisionError" in ran.output
    assert "base.bst" in ran.report["errors"][0]
    assert "BUG" not in ran.output
    assert build.refs() == {}


def test_a_graph_that_cannot_be_looked_at_stops_the_build_with_a_sentence(build: Build) -> None:
    ran = build.enforced("build", "base.bst", before=BROKEN_WORLD)
    assert ran.status == 3
    assert "could not look at the element graph" in ran.output
    assert build.refs() == {}


def test_a_failure_at_the_very_end_is_told_and_loses_no_artifact(build: Build) -> None:
    ran = build.enforced("build", "base.bst", before=BROKEN_FINISH)
    assert ran.status == 3
    assert build.artifacts_of("base") != []


@pytest.mark.parametrize("line", ["sys.exit(3)", 'exec("raise KeyboardInterrupt()")', 'exec("raise BaseException()")'])
def test_an_exception_that_hangs_stock_buildstream_ends_the_job(build: Build, line: str) -> None:
    """It escapes `child_action`; stock awaits that thread's result forever."""
    build.element("bad", line, "base")
    ran = build.enforced("build", "bad.bst")
    assert ran.status != 0
    assert "this job ended with" in ran.output


def test_a_foreign_write_before_such_an_exception_is_found(build: Build) -> None:
    build.element("bad", 'dep.get_environment()["ONE"] = "1"; sys.exit(3)', "base")
    ran = build.enforced("build", "bad.bst")
    assert (ran.status, ran.rules) == (1, ["foreign-write"])


def test_a_key_that_cannot_be_asked_for_again_is_drift_and_breaks_no_build(build: Build) -> None:
    build.element("odd", "self.get_unique_key = lambda: 1 / 0", "base")
    ran = build.enforced("build", "odd.bst", mode="soft")
    assert (ran.status, ran.rules) == (0, ["key-drift", "unshippable-state"])
    assert build.artifacts_of("odd") != []


def test_nothing_of_ours_is_left_in_the_cache(build: Build) -> None:
    build.enforced("build", "base.bst")
    assert list(build.cache.glob("enforcer*")) == []


def test_test_processes_that_meet_in_one_cache_are_told(build: Build) -> None:
    line = (
        "open(os.environ['RUNNING'], 'w').close() if 'RUNNING' in os.environ else None;"
        " exec('while os.path.exists(os.environ[\\'RUNNING\\']): threading.Event().wait(0.01)')"
        " if 'RUNNING' in os.environ else None"
    )
    build.element("slow", line)
    running = build.directory / "running"
    with build.start_enforced("build", "slow.bst", RUNNING=str(running), PYTEST_XDIST_WORKER="gw0") as process:
        while not running.exists():
            assert process.poll() is None
            time.sleep(0.05)
        alone = build.enforced("build", "base.bst", PYTEST_XDIST_WORKER="")
        meeting = build.enforced("build", "base.bst", PYTEST_XDIST_WORKER="gw1")
        running.unlink()
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "two test processes build in one BuildStream cache" in meeting.report["errors"][0]
    assert alone.status == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_build_as_it_ends_stock(build: Build, number: signal.Signals) -> None:
    """One job runs, a second one waits for its turn; none of them may hold up the end."""
    line = "open(os.environ['RUNNING'], 'w').close(); exec('while True: threading.Event().wait(0.01)')"
    build.element("slow", line)
    build.element("other", line + " # the other")
    build.element("all", "stack", "slow", "other", runs=True)
    running = build.directory / "running"
    with build.start_enforced("build", "all.bst", RUNNING=str(running)) as process:
        while not running.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "BUG" not in output
    assert build.artifacts_of("slow") == build.artifacts_of("other") == []
    assert list(build.cache.glob("enforcer-held/*/*")) == []


def test_a_main_loop_that_dies_leaves_no_job_waiting_for_its_turn(build: Build) -> None:
    """The executor waits for its threads: one that waited for a turn would never end."""
    for number in range(4):
        build.element(f"e{number}", "stack")
    build.element("all", "stack", *(f"e{number}" for number in range(4)), runs=True)
    ran = build.enforced("build", "all.bst", before=DYING_LOOP)
    assert ran.status != 0
