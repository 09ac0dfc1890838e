"""tools/set-up installs what is asked for, once; again when pyproject.toml was changed, which has the entry points."""

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


APT_GET = """#!/bin/sh
echo "apt-get said much"
case "$*" in
    "install "*) echo "$@" >> "$LOG.debian"; [ ! -e "$LOG.broken" ];;
esac
"""

DEBIAN = {"bwrap": "bubblewrap", "busybox": "busybox-static", "chromium": "chromium"}


class Checkout:
    """A copy with the script, and stubs of Python and of all programs that the script looks for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "set-up", directory / "tools")
        shutil.copy(ROOT / "pyproject.toml", directory)
        self.log = directory / "log"
        self._write("venv/bin/python", PYTHON)
        self._write("programs/apt-get", APT_GET)
        self._write("programs/id", "#!/bin/sh\necho 0\n")
        # A static one, to ldd.
        self._write("programs/ldd", "#!/bin/sh\nexit 1\n")
        for name in DEBIAN:
            self._write(f"programs/{name}", "#!/bin/sh\n")
        for name in ("cmp", "cp", "dirname", "echo", "sh", "xargs"):
            (directory / "programs" / name).symlink_to(str(shutil.which(name)))

    def _write(self, path: str, text: str) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def without_programs(self) -> None:
        for name in DEBIAN:
            (self.directory / "programs" / name).unlink()

    def set_up(self, extra: str = "test") -> subprocess.CompletedProcess[str]:
        environ = {"LOG": str(self.log), "PATH": str(self.directory / "programs")}
        command = [self.directory / "tools" / "set-up", self.directory / "venv", extra]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    def installed(self) -> list[str]:
        """What pip was told to install, each time."""
        return [line.split()[-1] for line in self._lines(self.log)]

    def debian(self) -> list[set[str]]:
        """The same of Debian's packages."""
        lines = self._lines(Path(f"{self.log}.debian"))
        return [{word for word in line.split()[1:] if not word.startswith("-")} for line in lines]

    def _lines(self, log: Path) -> list[str]:
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_installs_once(checkout: Checkout) -> None:
    assert [checkout.set_up().returncode, checkout.set_up().returncode] == [0, 0]
    assert checkout.installed() == [".[test]"]


def test_a_changed_pyproject_is_installed_again(checkout: Checkout) -> None:
    checkout.set_up()
    with open(checkout.directory / "pyproject.toml", "a") as file:
        file.write('\n[project.entry-points."some.group"]\nsome = "thing"\n')
    checkout.set_up()
    assert checkout.installed() == [".[test]"] * 2


def test_an_installation_that_failed_is_tried_again(checkout: Checkout) -> None:
    broken = Path(f"{checkout.log}.broken")
    broken.touch()
    assert checkout.set_up().returncode != 0
    broken.unlink()
    assert checkout.set_up().returncode == 0
    assert checkout.installed() == [".[test]"] * 2


def test_the_demo_has_what_a_user_needs_and_the_tests_add_theirs_to_it(checkout: Checkout) -> None:
    checkout.without_programs()
    checkout.set_up("demo")
    assert (checkout.installed(), checkout.debian()) == ([".[demo]"], [{"bubblewrap", "busybox-static"}])
    checkout.set_up("test")
    assert (checkout.installed()[1:], checkout.debian()[1:]) == ([".[test]"], [set(DEBIAN.values())])


def test_what_has_all_that_tests_need_is_enough_for_the_demo(checkout: Checkout) -> None:
    checkout.set_up("test")
    checkout.set_up("demo")
    assert checkout.installed() == [".[test]"]


def test_what_installers_say_is_shown_where_they_fail(checkout: Checkout) -> None:
    checkout.without_programs()
    assert "apt-get said" not in checkout.set_up().stderr
    Path(f"{checkout.log}.broken").touch()
    assert "apt-get said" in checkout.set_up().stderr
