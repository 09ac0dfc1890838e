"""Builds that a signal or a failure ends or holds up, and the run after: the same for stock and every backend."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import psutil

from tests.contract.lab import Lab, Running, Step

_PAUSE = 0.6
"""Seconds that a build is suspended: what it reports as elapsed must be that much shorter than what went by."""

UNTIL_DONE = """
if 'RUNNING' in os.environ:
    open(os.environ['RUNNING'], 'w').write(str(os.getpid()))
    while not os.path.exists(os.environ['RUNNING'] + '-done'): threading.Event().wait(0.01)
"""
_SANDBOXED = """
kind: manual
build-depends:
- {{filename: root.bst, config: {{location: /}}}}
{more}
config: {{build-commands: ["{command}"]}}
"""
_SERVES = re.compile("buildbox-casd|buildbox-fuse|multiprocessing")
_TICKS = re.compile(r"@@\|([\d:.]+)\|([\d:.-]+)\|\S+ *\| *build:(\S+) *\|(\w+) *\|tiny/")


def terminated(lab: Lab) -> None:
    """SIGTERM while Python runs; SIGTERM while a sandbox runs; the next run goes on."""
    lab.add_root()
    lab.element("slow", UNTIL_DONE, "base")
    _sandboxed(lab, "sleep 600")
    running = lab.start("build", "sandboxed.bst")
    lab.wait_for(lambda: _sandbox_sleeps(lab), "a sandbox runs sleep")
    running.signal(signal.SIGTERM)
    running.end()
    _sandboxed(lab, "echo")
    running = start_slow(lab)
    running.signal(signal.SIGTERM)
    running.end()
    lab.bst("build", "sandboxed.bst", "slow.bst")


def interrupted(lab: Lab) -> None:
    """^C reaches every process of the terminal's foreground group; without a terminal to ask it ends the build."""
    lab.element("slow", UNTIL_DONE, "base")
    running = start_slow(lab)
    os.killpg(running.process.pid, signal.SIGINT)
    running.end()
    lab.bst("build", "slow.bst")


def suspended(lab: Lab) -> None:
    """SIGTSTP to the main process while Python runs, ^Z while a sandbox runs, and on with each."""
    lab.add_root()
    lab.element("slow", UNTIL_DONE, "base")
    _sandboxed(lab, "sleep 1", "- slow.bst")
    running = lab.start("build", "sandboxed.bst", RUNNING=str(lab.directory / "running"))
    running.wait_for_file("running")
    running.signal(signal.SIGTSTP)
    _pause(running)
    (lab.directory / "running-done").touch()
    _continue(running, lambda: _sandbox_sleeps(lab))
    os.killpg(running.process.pid, signal.SIGTSTP)
    _pause(running)
    _continue(running, lambda: running.process.poll() is not None)
    left_out = _left_out(running.end())
    assert all(left_out[name] > timedelta(seconds=_PAUSE / 2) for name in ("slow.bst", "sandboxed.bst")), left_out


def terminates_on_error(lab: Lab) -> None:
    """A failure ends a job that runs beside it."""
    lab.element("slow", UNTIL_DONE, "base")
    wait = "while not os.path.exists(os.environ['RUNNING']): threading.Event().wait(0.01)\n"
    lab.element("bad", f"{wait}raise ElementError('my own fault')", "base")
    lab.element("all", "stack", "slow", "bad", runs=True)
    lab.bst("--on-error", "terminate", "build", "all.bst", RUNNING=str(lab.directory / "running"))
    lab.bst("build", "slow.bst")


def _sandboxed(lab: Lab, command: str, more: str = "") -> None:
    lab.raw_element("sandboxed", _SANDBOXED.format(command=command, more=more))


def start_slow(lab: Lab) -> Running:
    running = lab.start("build", "slow.bst", RUNNING=str(lab.directory / "running"))
    running.wait_for_file("running")
    return running


def _sandbox_sleeps(lab: Lab) -> bool:
    return any(_words(process)[:1] == ["sleep"] for process in lab.processes())


def _continue(running: Running, condition: Callable[[], bool]) -> None:
    """Send SIGCONT to the main process until the condition holds: stock may stop twice for one SIGTSTP."""

    def continued() -> bool:
        with suppress(psutil.Error):
            if psutil.Process(running.process.pid).status() == psutil.STATUS_STOPPED:
                running.signal(signal.SIGCONT)
        return condition()

    running.lab.wait_for(continued, "it goes on")


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return list(process.cmdline())
    return []


def _pause(running: Running) -> None:
    """Wait until all processes but those that only serve others are stopped, and let some time go by."""

    def stopped() -> bool:
        main = psutil.Process(running.process.pid)
        # The pristine process runs no job; it is there to end everything should the main process be killed.
        spared = {child.pid for child in main.children() if _words(child) == _words(main)}
        running_on = [process for process in running.lab.processes() if process.status() != psutil.STATUS_STOPPED]
        return all(process.pid in spared or _SERVES.search(" ".join(_words(process))) for process in running_on)

    running.lab.wait_for(stopped, "everything is stopped")
    time.sleep(_PAUSE)


def _left_out(step: Step) -> dict[str, timedelta]:
    """For each element how much longer its Build job took by the clock than by what it reports as elapsed."""
    started, left_out = {}, {}
    for clock, elapsed, element, kind in _TICKS.findall(step.log):
        if kind == "START":
            started[element] = _parse(clock)
        else:
            left_out[element] = _parse(clock) - started[element] - _parse(elapsed)
    return left_out


def _parse(clock: str) -> timedelta:
    hours, minutes, seconds = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
