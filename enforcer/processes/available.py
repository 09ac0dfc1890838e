"""Whether a backend can run here, and what a process must have set before it may fork its jobs.

gRPC must be told that this process forks: `GRPC_ENABLE_FORK_SUPPORT` is read when gRPC is first imported, and
never again. Without it, children that are forked while gRPC's threads run hang.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import MutableMapping

from enforcer.errors import UnsupportedError
from enforcer.settings.settings import PROCESS_BACKENDS

FORK_SUPPORT = "GRPC_ENABLE_FORK_SUPPORT"
_TRUE = ("1", "true", "True", "TRUE", "yes", "Yes", "YES")
"""What gRPC takes for true; on, y and the like are false to it."""


def why_not(backend: str) -> str | None:
    """Why this process cannot run jobs on `backend`, in a sentence that says what to do; None if it can."""
    if backend not in PROCESS_BACKENDS:
        return None
    if lacks := lacking():
        return (
            f"the backend {backend} cannot run here: this system lacks {', '.join(lacks)}; choose the backend threads"
        )
    if _grpc_is_unprepared():
        return (
            f"the backend {backend} cannot run here: gRPC was imported before its support for forks was switched on; "
            f"set {FORK_SUPPORT}=1 in the environment of the command, or choose the backend threads"
        )
    return None


def check(backend: str) -> None:
    """Raise `UnsupportedError` with the sentence of `why_not`, if there is one."""
    if (why := why_not(backend)) is not None:
        raise UnsupportedError(why)


def lacking() -> list[str]:
    """What the backends whose jobs are processes need of the system and do not find."""
    found = [] if hasattr(os, "fork") else ["os.fork"]
    if (why := _no_pidfd()) is not None:
        found.append(f"pidfd_open ({why})")
    if not hasattr(ctypes.CDLL(None), "prctl"):
        found.append("prctl")
    return found


def _no_pidfd() -> str | None:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except AttributeError:
        return "Linux 5.3 or later has it"
    except OSError as error:  # an older kernel, or a container that forbids it
        return error.strerror
    return None


def _grpc_is_unprepared() -> bool:
    cygrpc = sys.modules.get("grpc._cython.cygrpc")
    return getattr(cygrpc, "_GRPC_ENABLE_FORK_SUPPORT", None) is False


def enable_fork_support(backend: str, environ: MutableMapping[str, str] = os.environ) -> str | None:
    """Set what gRPC must find in the environment when it is imported, if `backend` needs it.

    Returns:
        What was set, and over what, as a user may read it; None if nothing had to be.
    """
    before = environ.get(FORK_SUPPORT)
    if backend not in PROCESS_BACKENDS or before in _TRUE:
        return None
    environ[FORK_SUPPORT] = "1"
    return f"{FORK_SUPPORT}=1" if before is None else f"{FORK_SUPPORT}=1 (it was {before!r})"
