"""A backend that cannot run here says why and what to do; gRPC is prepared before it is imported."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from enforcer.errors import UnsupportedError
from enforcer.processes import available


@pytest.fixture
def grpc(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """gRPC as if this process had imported it with support for forks."""
    fake = SimpleNamespace(_GRPC_ENABLE_FORK_SUPPORT=True)
    monkeypatch.setitem(sys.modules, "grpc._cython.cygrpc", fake)
    return fake


@pytest.mark.parametrize("backend", ["threads", "fork", "pool"])
def test_every_backend_can_run_here(grpc: SimpleNamespace, backend: str) -> None:
    assert available.why_not(backend) is None
    available.check(backend)


def test_threads_need_nothing(grpc: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    grpc._GRPC_ENABLE_FORK_SUPPORT = False
    monkeypatch.delattr(os, "fork")
    assert available.why_not("threads") is None


def test_a_system_without_fork_is_refused(grpc: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert available.why_not("pool") == (
        "the backend pool cannot run here: this system lacks os.fork; choose the backend threads"
    )


def test_a_kernel_that_refuses_pidfds_is_quoted(grpc: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert "this system lacks pidfd_open (Function not implemented)" in (available.why_not("fork") or "")


def test_a_grpc_that_was_imported_unprepared_is_refused(grpc: SimpleNamespace) -> None:
    grpc._GRPC_ENABLE_FORK_SUPPORT = False
    with pytest.raises(UnsupportedError, match="set GRPC_ENABLE_FORK_SUPPORT=1 in the environment of the command"):
        available.check("fork")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (None, "GRPC_ENABLE_FORK_SUPPORT=1"),
        ("0", "GRPC_ENABLE_FORK_SUPPORT=1 (it was '0')"),
        ("on", "GRPC_ENABLE_FORK_SUPPORT=1 (it was 'on')"),
    ],
)
def test_what_grpc_takes_for_false_is_replaced_and_told(before: str | None, said: str) -> None:
    environ = {} if before is None else {available.FORK_SUPPORT: before}
    assert available.enable_fork_support("pool", environ) == said
    assert environ == {available.FORK_SUPPORT: "1"}


def test_nothing_is_set_where_nothing_is_needed() -> None:
    environ = {available.FORK_SUPPORT: "0"}
    assert available.enable_fork_support("threads", environ) is None
    assert environ == {available.FORK_SUPPORT: "0"}
    environ = {available.FORK_SUPPORT: "true"}
    assert available.enable_fork_support("pool", environ) is None
    assert environ == {available.FORK_SUPPORT: "true"}


_REAL = """
import sys
from enforcer.processes import available
for step in sys.argv[1:]:
    if step == "import":
        from grpc._cython import cygrpc
    else:
        available.enable_fork_support("pool")
print(available.why_not("pool"))
"""


@pytest.mark.parametrize("value", ["0", "on", "", *available._TRUE])
@pytest.mark.parametrize("steps", ["import", "enable import", "import enable"])
def test_the_real_grpc_agrees(value: str, steps: str) -> None:
    pytest.importorskip("grpc")
    done = subprocess.run(
        [sys.executable, "-c", _REAL, *steps.split()],
        env={**os.environ, available.FORK_SUPPORT: value},
        capture_output=True,
        text=True,
        check=True,
    )
    is_prepared = value in available._TRUE or steps == "enable import"
    assert (done.stdout.strip() == "None") is is_prepared
