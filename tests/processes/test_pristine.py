"""Workers come from the pristine process; without it there are no new ones, and that is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from enforcer.processes import pristine_handle
from tests.processes.trivial import failure, pool, state, wait_until

pytestmark = pytest.mark.usefixtures("nothing_left")


def test_main_is_forked_within_the_guard_and_the_child_never_leaves_it(tmp_path: Path) -> None:
    @contextmanager
    def guard() -> Iterator[None]:
        (tmp_path / f"entered by {os.getpid()}").touch()
        yield
        (tmp_path / f"left by {os.getpid()}").touch()

    with pool(fork_guard=guard) as client:
        client.run("echo", "")
    assert {file.name for file in tmp_path.iterdir()} == {f"entered by {os.getpid()}", f"left by {os.getpid()}"}


def test_without_the_pristine_process_workers_finish_and_new_ones_are_refused(tmp_path: Path) -> None:
    with pool(limit=2) as client:
        job = client.start("wait_for_file", str(tmp_path / "go"))
        pid = job.told()
        pristine = client.pool._pristine.handle.process
        os.kill(pristine.pid, signal.SIGKILL)
        wait_until(lambda: state(pristine.pid) is None)
        for _ in range(2):
            text = failure(client.start("echo", "needs a new worker"))
            assert f"worker processes are forked from ({pristine.pid}) was killed by SIGKILL" in text
        (tmp_path / "go").touch()
        assert job.result() == "seen"
        assert client.run("whoami")["pid"] == pid
        child = client.run("daemonise")
        assert state(child)
    assert state(pid) is None
    wait_until(lambda: state(child) is None)
    assert [said["pid"] for said in client.retired] == [pid]


def test_a_pristine_process_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pristine_handle, "_ANSWER", 0.1)
    with pool() as client:
        pristine = client.pool._pristine.handle.process
        os.kill(pristine.pid, signal.SIGSTOP)
        assert "was killed by SIGKILL" in failure(client.start("echo", ""))
        assert state(pristine.pid) is None
