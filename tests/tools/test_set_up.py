"""tools/set-up installs again when pyproject.toml was changed: entry points are written at installation."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.once

PYTHON = """#!/bin/sh
case "$*" in
    "-m pip install "*) echo "$@" >> "$LOG"; [ ! -e "$LOG.broken" ];;
esac
"""


class Checkout:
    """A copy with the script, and stubs of Python and of the programs that the script looks for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "set-up", directory / "tools")
        shutil.copy(ROOT / "pyproject.toml", directory)
        self.log = directory / "log"
        self._write("venv/bin/python", PYTHON)
        for name in ("bwrap", "busybox", "chromium"):
            self._write(f"programs/{name}", "#!/bin/sh\n")

    def _write(self, path: str, text: str) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def set_up(self) -> int:
        path = f"{self.directory / 'programs'}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, "LOG": str(self.log), "PATH": path}
        command = [self.directory / "tools" / "set-up", self.directory / "venv"]
        return subprocess.run(command, env=environ, capture_output=True, check=False).returncode

    def installations(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_installs_once(checkout: Checkout) -> None:
    assert [checkout.set_up(), checkout.set_up()] == [0, 0]
    assert checkout.installations() == 1


def test_a_changed_pyproject_is_installed_again(checkout: Checkout) -> None:
    checkout.set_up()
    with open(checkout.directory / "pyproject.toml", "a") as file:
        file.write('\n[project.entry-points."some.group"]\nsome = "thing"\n')
    checkout.set_up()
    assert checkout.installations() == 2


def test_an_installation_that_failed_is_tried_again(checkout: Checkout) -> None:
    broken = Path(f"{checkout.log}.broken")
    broken.touch()
    assert checkout.set_up() != 0
    broken.unlink()
    assert checkout.set_up() == 0
    assert checkout.installations() == 2
