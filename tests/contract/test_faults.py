"""Whatever breaks under a process backend: a clear error, nothing left, and the next run goes on."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.contract.conftest import Case
from tests.contract.faults import (
    ENDS,
    FAILS,
    HARMLESS,
    build_whole,
    check_artifacts_are_whole,
    check_goes_on,
    check_nothing_left,
    failure_of,
    write_faults,
)
from tests.contract.lab import CASD, Lab, Running
from tests.contract.observed import Observed, expect_same, observed

Stock = Callable[[Case], Observed]
Labs = Callable[..., Lab]
ONE_JOB_A_WORKER = (
    "import os; os.environ['GRPC_ENABLE_FORK_SUPPORT'] = '1'; "
    "import enforcer.bst.runs.in_processes as run; run.default_worker_jobs = lambda elements: 1"
)
SOON = (
    "from enforcer.processes import deadline, pool; deadline._LAST_CHANCE = 1.0; "
    "pool.Pool.__init__.__kwdefaults__['grace'] = 1.0"
)
"""Has SIGTERM follow an interrupt, and SIGKILL follow SIGTERM, after a second each."""
TELL_IDLE = (
    "import os; from pathlib import Path; from enforcer.processes.pool import Pool; give_back = Pool._give_back; "
    "running = Path(os.environ.get('RUNNING', '/nowhere')); "
    "Pool._give_back = lambda *args, **named: (give_back(*args, **named), "
    "running.exists() and running.with_name('idle').write_text('1'))"
)
"""Has the pool write a file when it has the worker back that wrote RUNNING."""
CONTINUE = ("--on-error", "continue", "build")


def start(lab: Lab, *args: str) -> Running:
    return lab.start(*args, FAULTY="1", RUNNING=str(lab.directory / "running"))


def test_what_a_plugin_does_to_its_process_fails_its_own_job_alone(
    process_backend: str, stock: Stock, lab_of: Labs
) -> None:
    lab = lab_of(process_backend)
    write_faults(lab)
    step = lab.bst(*CONTINUE, "plugin-faults.bst", FAULTY="1")
    said = {name: failure_of(lab, step, name) for name in [*ENDS, *FAILS, *HARMLESS, "good"]}
    assert {name: said[name] for name, (_, text) in {**ENDS, **FAILS}.items() if not re.search(text, said[name])} == {}
    assert {name: said[name] for name in [*HARMLESS, "good"]} == dict.fromkeys([*HARMLESS, "good"], "")
    for name in ENDS:
        assert any(f"the Build job of {name}.bst was not judged: Worker" in error for error in lab.report()["errors"])
    assert step.status == 1  # for the leaked process
    check_nothing_left(lab, step)
    check_goes_on(lab, stock(build_whole), "plugin-faults.bst")
    assert lab.bst("artifact", "list-contents", *(f"{name}.bst" for name in said)).status == 0


def test_a_worker_killed_while_it_sends_its_result(process_backend: str, stock: Stock, lab_of: Labs) -> None:
    lab = lab_of(process_backend, "soft")
    write_faults(lab)
    step = start(lab, *CONTINUE, "killed-when-sending.bst", "good.bst").end()
    assert "was killed by SIGKILL while sending its result" in failure_of(lab, step, "killed-when-sending")
    check_nothing_left(lab, step)
    check_goes_on(lab, stock(build_whole), "killed-when-sending.bst", "good.bst")


def test_a_worker_killed_between_jobs_is_replaced_and_told_of(stock: Stock, lab_of: Labs) -> None:
    """Workers of `fork` have nothing between jobs."""
    lab = lab_of("pool")
    lab.prepare(TELL_IDLE)
    write_faults(lab)
    running = start(lab, "build", "last.bst")
    pid = int(running.wait_for_file("running"))
    running.wait_for_file("idle")
    os.kill(pid, signal.SIGKILL)
    (lab.directory / "running-done").touch()
    step = running.end()
    assert f"Worker process {pid} was killed by SIGKILL between jobs" in step.stderr
    assert "Build Queue: processed 4, skipped 0, failed 0" in step.log
    assert step.status == 3
    check_nothing_left(lab, step)
    check_goes_on(lab, stock(build_whole), "last.bst")


def test_the_pristine_process_killed(process_backend: str, stock: Stock, lab_of: Labs) -> None:
    lab = lab_of(process_backend)
    lab.prepare(ONE_JOB_A_WORKER)
    write_faults(lab)
    running = start(lab, *CONTINUE, "both-after.bst")
    running.wait_for_log(r"FAILURE\|.*process that worker processes are forked from \(\d+\) was killed by SIGKILL")
    (lab.directory / "running-done").touch()
    step = running.end()
    assert "Run the command again." in step.stderr
    assert step.status == 3
    check_nothing_left(lab, step)
    check_goes_on(lab, stock(build_whole), "both-after.bst")


def test_jobs_that_hang_are_ended_when_a_failure_ends_the_build(
    process_backend: str, stock: Stock, lab_of: Labs
) -> None:
    """One that catches every interrupt, and one that lets no Python code run."""
    lab = lab_of(process_backend)
    lab.prepare(SOON)
    write_faults(lab)
    step = start(lab, "--on-error", "terminate", "build", "hanging.bst").end()
    assert "my own fault" in failure_of(lab, step, "fails-beside")
    assert "not judged" not in step.stderr
    assert step.status not in (0, 3)
    check_nothing_left(lab, step)
    check_goes_on(lab, stock(build_whole), "ignores-all.bst", "holds-lock.bst")


def test_main_killed(process_backend: str, stock: Stock, lab_of: Labs) -> None:
    lab = lab_of(process_backend)
    write_faults(lab)
    running = start(lab, "build", "waits.bst")
    running.wait_for_file("running")
    running.signal(signal.SIGKILL)
    step = running.end()
    assert set(step.left_running) <= {CASD}  # as with stock
    check_artifacts_are_whole(lab)
    check_goes_on(lab, stock(build_whole), "waits.bst")


def casd_killed(lab: Lab) -> None:
    """The storage daemon dies while a job runs."""
    write_faults(lab)
    running = start(lab, "build", "waits.bst")
    running.wait_for_file("running")
    for process in lab.processes():
        with suppress(psutil.NoSuchProcess):  # a short-lived one that has ended meanwhile
            if process.name() == CASD:
                process.kill()
    running.end()
    lab.bst("build", "waits.bst")


def test_casd_killed_is_as_with_stock(process_backend: str, stock: Stock, lab_of: Labs) -> None:
    lab = lab_of(process_backend)
    casd_killed(lab)
    expect_same(stock(casd_killed), observed(lab))


def test_a_report_that_finds_the_disk_full_is_told_and_harms_no_artifact(process_backend: str, lab_of: Labs) -> None:
    lab = lab_of(process_backend, "strict", "--report", "json:/dev/full")
    step = lab.bst("build", "base.bst")
    assert step.status == 3
    assert "cannot write the json report to '/dev/full': No space left on device" in step.stderr
    check_nothing_left(lab, step)
    assert lab.artifacts_of("base") != []
