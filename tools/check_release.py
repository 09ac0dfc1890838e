"""Build what would be released, check it, and run tests as a user would have it: `make release-check`.

    python tools/check_release.py [--tag v1.2.3] [-- WORDS FOR PYTEST...]

The tests are those of the source distribution. They run in a fresh environment into which the wheel is installed, in a
directory without our packages, so that nothing of this checkout is tested by mistake. Without words for pytest all
tests run but those of documents, style and packages, which are about the checkout. Leaves both files in `dist/`.
Exit status: 0 if all is well, 1 if not.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import Any

from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).parents[1]
PACKAGES = ("enforcer", "pytest_plugin")
ABOUT_THE_CHECKOUT = (
    "tests/benchmarks",
    "tests/docs",
    "tests/tools",
    "tests/test_architecture.py",
    "tests/test_packaging.py",
    "tests/test_readme.py",
)
SUITE = ["-n", "2", "--dist", "worksteal", *(f"--ignore={path}" for path in ABOUT_THE_CHECKOUT)]


class NotReadyError(Exception):
    """Why this can't be released."""


def build(dist: Path) -> tuple[Path, Path]:
    """Build both files into an empty directory: the source distribution, and the wheel from that."""
    shutil.rmtree(dist, ignore_errors=True)
    _run([sys.executable, "-m", "build", "--outdir", str(dist), str(ROOT)], "the packages can't be built")
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    return sdist, wheel


def check_version(wheel: str, tag: str | None, changelog: str) -> None:
    """Tag, wheel and list of changes have one version; under a tag the changes have their date."""
    version = str(parse_wheel_filename(wheel)[1])
    if tag is not None and tag != f"v{version}":
        raise NotReadyError(f"the tag is {tag} and enforcer/__init__.py has version {version}; make them the same")
    headings = re.findall(r"^## (\S+) \((.*)\)$", changelog, re.MULTILINE)
    date = dict(headings).get(version)
    if date is None:
        raise NotReadyError(f'CHANGELOG.md has no "## {version} (...)"; add what has changed')
    if tag is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise NotReadyError(f'CHANGELOG.md has "## {version} ({date})"; write the date of the release there')


def check_metadata(*files: Path) -> None:
    """What a package index shows can be shown."""
    _run([sys.executable, "-m", "twine", "check", "--strict", *map(str, files)], "a package index would refuse this")


def fresh_environment(directory: Path, wheel: Path) -> Path:
    """Install the wheel, and what its tests need, into a new environment; its Python."""
    venv.create(directory, with_pip=True)
    python = directory / "bin" / "python"
    _run([str(python), "-m", "pip", "install", "--quiet", f"{wheel}[test]"], "the wheel can't be installed")
    return python


def unpack_tests(sdist: Path, directory: Path) -> Path:
    """Unpack the source distribution without our packages."""
    with tarfile.open(sdist) as archive:
        archive.extractall(directory, filter="data")
    [unpacked] = directory.iterdir()
    for package in PACKAGES:
        shutil.rmtree(unpacked / package)
    return unpacked


def run_tests(python: Path, directory: Path, words: list[str]) -> None:
    """Run the tests that were unpacked, on the packages that are installed."""
    command = [str(python), "-m", "pytest", "-p", "tests.from_wheel", "-p", "no:cacheprovider", *words]
    # What the caller's Python is told to import from would come before the environment's own packages.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "PYTEST_"))}
    _run(command, "its tests fail", cwd=directory, env=environ)


def _run(command: list[str], otherwise: str, **where: Any) -> None:
    status = subprocess.run(command, check=False, **where).returncode
    if status != 0:
        raise NotReadyError(f"{otherwise} (exit status {status} of {' '.join(command)})")


def main() -> int:
    """Build and check everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tag", help="the tag of the release; without one, this is a rehearsal")
    parser.add_argument("words", nargs="*", help="words for pytest, after --")
    arguments = parser.parse_args()
    try:
        sdist, wheel = build(ROOT / "dist")
        check_version(wheel.name, arguments.tag, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
        check_metadata(sdist, wheel)
        with tempfile.TemporaryDirectory() as work:
            python = fresh_environment(Path(work) / "venv", wheel)
            run_tests(python, unpack_tests(sdist, Path(work) / "tests"), arguments.words or SUITE)
    except NotReadyError as error:
        print(f"release-check: {error}", file=sys.stderr)
        return 1
    print(f"release-check: {wheel.name} and {sdist.name} are in dist/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
