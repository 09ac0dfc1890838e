"""Whoever switches a process backend on, gRPC is prepared before BuildStream imports it."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from enforcer.embedding.activation import activate
from enforcer.errors import UnsupportedError
from enforcer.session import Session
from enforcer.settings.settings import Settings

pytest.importorskip("buildstream")

_ACTIVATE = """
import sys
from enforcer.embedding.activation import activate
from enforcer.settings.settings import Settings
from enforcer.session import Session

activation = activate(Session(Settings(backend=sys.argv[1])))
from grpc._cython import cygrpc
print(cygrpc._GRPC_ENABLE_FORK_SUPPORT)
activation.close()
"""


@pytest.mark.parametrize(("backend", "is_prepared"), [("threads", "False"), ("fork", "True"), ("pool", "True")])
def test_grpc_is_prepared_for_a_process_backend_whatever_the_environment_says(backend: str, is_prepared: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ACTIVATE, backend],
        env={**os.environ, "GRPC_ENABLE_FORK_SUPPORT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == is_prepared


def test_where_it_is_too_late_nothing_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc._cython.cygrpc", SimpleNamespace(_GRPC_ENABLE_FORK_SUPPORT=False))
    with pytest.raises(UnsupportedError, match="the backend pool cannot run here: gRPC was imported before"):
        activate(Session(Settings(backend="pool")))
