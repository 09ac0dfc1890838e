"""What a user installs, for all tests that want it: the wheel in a fresh environment, and somebody who works there."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sample_projects import harness

ROOT = Path(__file__).parents[1]
LENT_SCRIPTS = ("pytest", "coverage", "nox")
"""Commands of packages that are lent: no installation has written them into the environment."""


@contextmanager
def _made_once(factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """A directory that all workers share, and whether it is to be filled: one fills it, the others wait for it."""
    base = factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    directory.mkdir(exist_ok=True)
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = directory / "done"
        yield directory, not done.exists()
        done.touch()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the source distribution, and the wheel that is built from that."""
    with _made_once(tmp_path_factory, "dist") as (directory, empty):
        if empty:
            _run("-m", "build", "--no-isolation", "--outdir", str(directory), str(ROOT), cwd=directory)
    return directory


@pytest.fixture(scope="session")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel; what it depends on is lent by the environment of the tests."""
    with _made_once(tmp_path_factory, "installed") as (directory, empty):
        if empty:
            [wheel] = built.glob("*.whl")
            _install(wheel, directory / "venv")
    return directory / "venv"


def _install(wheel: Path, directory: Path) -> None:
    venv.create(directory, symlinks=True)
    python = directory / "bin" / "python"
    _run("-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel), cwd=directory)
    # The .pth files in a directory that a .pth file names are not read: an editable checkout stays out.
    [packages] = directory.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for name in LENT_SCRIPTS:
        _lend_script(name, python)


def _run(*words: str, cwd: Path) -> None:
    done = subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _lend_script(name: str, python: Path) -> None:
    lent = Path(sys.executable).with_name(name)
    if not lent.exists():  # an environment of the matrix may lack it
        return
    script = python.with_name(name)
    script.write_text(f"#!{python}\n" + lent.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    script.chmod(0o755)


class User:
    """Somebody who works in a directory of their own, with nothing but the installed package."""

    def __init__(self, environment: Path, directory: Path) -> None:
        self.bin = environment / "bin"
        self.directory = directory
        self.environ = harness.isolated_environment(directory)
        for name in ("PYTHONPATH", *(name for name in self.environ if name.startswith(("PYTEST_", "COV_")))):
            self.environ.pop(name, None)
        # Where pytest keeps, and removes, what its tests leave.
        self.environ["PYTEST_DEBUG_TEMPROOT"] = str(directory)
        self.environ["PATH"] = f"{self.bin}{os.pathsep}{self.environ['PATH']}"

    def run(self, *words: str, cwd: Path | None = None) -> Any:
        """Run a command of the environment."""
        return self._run([str(self.bin / words[0]), *words[1:]], cwd)

    def shell(self, script: str, *, cwd: Path) -> Any:
        """Run a script as CI services do: it ends at the first command that fails."""
        return self._run(["bash", "-e", "-o", "pipefail", "-c", script], cwd)

    def pytest(self, *words: str, cwd: Path) -> Any:
        """Run pytest."""
        return self.run("pytest", "-p", "no:cacheprovider", *words, cwd=cwd)

    def _run(self, command: list[str], cwd: Path | None) -> Any:
        return subprocess.run(
            command,
            cwd=cwd or self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def user(installed: Path, tmp_path: Path) -> User:
    """A user in an empty directory."""
    return User(installed, tmp_path)
