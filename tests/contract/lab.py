"""Run one project by stock `bst` or by the enforcer on one backend, and keep what can be seen of each run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

import enforcer
from tests.bst.builds import Build
from tests.preloaded import programs

_HERE = Path(enforcer.__file__).parents[1]
_MARK = "CONTRACT_LAB"
_NOT_INHERITED = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
"""What changes how Python buffers output, and how fast it starts."""
TIMEOUT = 60.0
"""Seconds that a `bst` may take here, however busy the machine is; more is a hang."""

_PROJECT = """
name: tiny
min-version: 2.5
element-path: elements
ref-storage: {ref_storage}
aliases:
  loop: {url}/
plugins:
- origin: local
  path: plugins
  elements: [acts]
  sources: [feeds, marks]
"""

# Wall clock and microseconds are there for the one case that looks at times; all others are compared without.
_CONFIGURATION = """
logging:
  message-format: "@@|%{wallclock-us}|%{elapsed-us}|%{key}|%{element}|%{action}|%{message}"
  message-lines: 1000
  throttle-ui-updates: False
"""

_TRACKED_SOURCE = '''
import os
from buildstream import Source


class Marks(Source):
    """A source with a ref, which its Track job takes from a file beside the project."""

    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        self.path = node.get_str("path")
        self.load_ref(node)

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"path": self.path, "ref": self.ref}

    def load_ref(self, node):
        self.ref = node.get_str("ref", None)

    def get_ref(self):
        return self.ref

    def set_ref(self, ref, node):
        node["ref"] = self.ref = ref

    def track(self):
        with self.timed_activity("Reading {}".format(self.path)):
            with open(os.path.join(self._get_project().directory, self.path)) as file:
                return file.read().strip()

    def is_cached(self):
        return True

    def fetch(self):
        pass

    def stage(self, directory):
        with open(os.path.join(directory, "mark"), "w") as file:
            file.write(self.ref)


def setup():
    return Marks
'''

_DRIVER = """
import sys
from enforcer.cli.main import main

if __name__ == "__main__":
    {before}
    sys.exit(main(sys.argv[1:]))
"""

CASD = "buildbox-casd"
_APPLETS = ("sh", "cat", "cp", "echo", "ls", "mkdir", "sleep", "touch")


@dataclass
class Step:
    """One `bst` process that has ended."""

    number: int
    args: tuple[str, ...]
    status: int
    stdout: str
    stderr: str
    log: str
    left_running: list[str]
    left_behind: list[str]
    project: dict[str, str]
    """The text of each file of the project that BuildStream may write."""


class Lab(Build):
    """A project, its caches, and a temporary directory of its own; every process of its runs carries a mark.

    `backend` is None for stock.
    """

    def __init__(self, directory: Path, backend: str | None = None, mode: str = "strict", *options: str) -> None:
        super().__init__(directory)
        self.backend = backend
        self.is_preloaded = True
        """Whether what it runs begins with its imports done; see `tests.preloaded`."""
        self._command = [sys.executable, "-m", "buildstream"]
        if backend is not None:
            self._command = [
                sys.executable,
                "-m",
                "enforcer",
                "run",
                "--mode",
                mode,
                "--backend",
                backend,
                "--report",
                f"json:{directory / 'report.json'}",
                *options,
                "--",
            ]
        # Short, for what is made there: sockets.
        self.temporary = Path(tempfile.mkdtemp(prefix="lab"))
        self.steps: list[Step] = []
        self._started: list[subprocess.Popen[bytes]] = []
        self.write_project()
        self._write("plugins/marks.py", _TRACKED_SOURCE)
        self.configure(_CONFIGURATION)

    def report(self) -> dict[str, Any]:
        """The JSON report of the last enforced run."""
        found: dict[str, Any] = json.loads((self.directory / "report.json").read_text(encoding="utf-8"))
        return found

    @contextmanager
    def given(self, *options: str) -> Iterator[None]:
        """Run the enforcer with these options too, while the block runs."""
        where = self._command.index("--")
        self._command[where:where] = options
        try:
            yield
        finally:
            del self._command[where : where + len(options)]

    def prepare(self, line: str) -> None:
        """Have this line of Python run in each enforced process, before all else."""
        driver = self.directory / "driver.py"
        driver.write_text(_DRIVER.format(before=line), encoding="utf-8")
        where = self._command.index("-m")
        self._command[where : where + 2] = [str(driver)]

    def write_project(self, ref_storage: str = "inline", url: str = "http://localhost", more: str = "") -> None:
        """Write `project.conf`; `url` is what the alias `loop` stands for."""
        self._write("project.conf", _PROJECT.format(ref_storage=ref_storage, url=url) + more)

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        self._write(name, text)

    def raw_element(self, name: str, text: str) -> None:
        """Add an element by its YAML."""
        self._write(f"elements/{name}.bst", text)

    def add_root(self) -> None:
        """Add the element `root`: a root directory in which sandboxed commands run."""
        folder = self.project / "root" / "bin"
        folder.mkdir(parents=True)
        busybox = shutil.which("busybox")
        assert busybox is not None
        shutil.copy(busybox, folder / "busybox")
        for applet in _APPLETS:
            (folder / applet).symlink_to("busybox")
        (folder.parent / "tmp").mkdir()
        self.raw_element("root", "kind: import\nsources:\n- kind: local\n  path: root\n")

    def bst(self, *args: str, **env: str) -> Step:
        """Run `bst ARGS`, and wait for its end."""
        return self.start(*args, **env).end()

    def start(self, *args: str, **env: str) -> Running:
        """Start `bst ARGS` in a session of its own; its output goes into files: who holds one open holds up nobody."""
        number = len(self.steps)
        command = self.command("--log-file", str(self.directory / f"log-{number}.txt"), *args)
        out, err = (self.directory / f"{name}-{number}.txt" for name in ("stdout", "stderr"))
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = self.popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=self.environment(env)
            )
        return Running(self, number, args, process)

    def popen(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own, which `close` ends at the latest."""
        options["start_new_session"] = True
        if self.is_preloaded:
            imports = "buildstream" if self.backend is None else "enforcer"
            self._started.append(programs.Popen(command, imports=imports, **options))
        else:
            self._started.append(subprocess.Popen(command, **options))
        return self._started[-1]

    def command(self, *args: str) -> list[str]:
        """The words that run `bst ARGS`."""
        return [*self._command, *self._arguments(), *args]

    def environment(self, env: dict[str, str]) -> dict[str, str]:
        """What a process of this lab has as its environment."""
        path = os.pathsep.join(filter(None, [str(_HERE), os.environ.get("PYTHONPATH")]))
        own = {"HOME": self.directory, "XDG_CACHE_HOME": self.directory / "xdg", "TMPDIR": self.temporary}
        named = {name: str(value) for name, value in own.items()}
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        return {**inherited, **named, "PYTHONPATH": path, _MARK: str(self.directory), **env}

    def processes(self) -> list[psutil.Process]:
        """Every living process of this lab's runs: by the mark, by the caches that it serves, and what they started."""
        found = {process.pid: process for process in self._marked()}
        for process in list(found.values()):
            with suppress(psutil.Error):
                found.update((child.pid, child) for child in process.children(recursive=True))
        return [process for process in found.values() if _alive(process)]

    def _marked(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                own = process.environ().get(_MARK) == str(self.directory)
                if own or str(self.cache) in " ".join(process.cmdline()):
                    yield process

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait until `condition()` is true, and return what it gave."""
        deadline = time.monotonic() + TIMEOUT
        while not (found := condition()):
            assert time.monotonic() < deadline, f"still not: {what}\n{self.everything()}"
            time.sleep(0.02)
        return found

    def everything(self) -> str:
        """What all runs have said so far, for a message."""
        return "\n".join(path.read_text(errors="replace")[-6000:] for path in sorted(self.directory.glob("std*.txt")))

    def wipe(self, *names: str) -> None:
        """Forget the local `cache` or the `sources`."""
        for name in names:
            shutil.rmtree(self.directory / name, ignore_errors=True)

    def clean_up(self) -> None:
        """End whatever of this lab still runs, and empty its temporary directory."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        self._unmount()
        for path in list(self.temporary.iterdir()):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _unmount(self) -> None:
        """Take off what a file system of a sandbox that was killed has left mounted; nobody could remove it."""
        for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
            if Path(line.split()[1]).is_relative_to(self.directory):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)

    def close(self) -> None:
        """Clean up for good."""
        self.clean_up()
        for process in self._started:
            process.wait()
        self.temporary.rmdir()


class Running:
    """A `bst` process that was started."""

    def __init__(self, lab: Lab, number: int, args: tuple[str, ...], process: subprocess.Popen[bytes]) -> None:
        self.lab = lab
        self.number = number
        self.args = args
        self.process = process

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the main process alone."""
        self.process.send_signal(number)

    def wait_for_file(self, name: str) -> str:
        """Wait until a job has written this file into the lab's directory; returns what it says."""
        path = self.lab.directory / name
        self._wait_for(lambda: path.exists() and path.stat().st_size > 0, f"{name} is written")
        return path.read_text(encoding="utf-8")

    def wait_for_log(self, pattern: str) -> None:
        """Wait until its log has a line of this pattern."""
        path = self.lab.directory / f"log-{self.number}.txt"
        self._wait_for(lambda: re.search(pattern, _read(path)) is not None, pattern)

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        def fulfilled() -> bool:
            assert condition() or self.process.poll() is None, f"it ended before {what}\n{self.lab.everything()}"
            return condition()

        self.lab.wait_for(fulfilled, what)

    def end(self) -> Step:
        """Wait for its end, and look at what it leaves."""
        lab = self.lab
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            shown = "\n".join(f"{p.pid} {p.status()} {' '.join(p.cmdline())[:200]}" for p in lab.processes())
            self.process.kill()
            raise AssertionError(f"{self.args} did not end\n{shown}\n{lab.everything()}") from None
        out, err, log = (_read(lab.directory / f"{name}-{self.number}.txt") for name in ("stdout", "stderr", "log"))
        left = self._left_running()
        temporary, project = _files(lab.temporary), _project_files(lab.project)
        step = Step(self.number, self.args, status, out, err, log, left, temporary, project)
        lab.steps.append(step)
        lab.clean_up()
        return step

    def _left_running(self) -> list[str]:
        """The names of the processes that outlive it for more than a moment; stock that is killed leaves casd."""
        now = time.monotonic()
        while left := _names(self.lab.processes()):
            if time.monotonic() > now + (0.5 if set(left) == {CASD} else 5):
                break
            time.sleep(0.05)
        return left


def _alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _names(processes: list[psutil.Process]) -> list[str]:
    names = []
    for process in processes:
        with suppress(psutil.Error):
            names.append(process.name())
    return sorted(names)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _project_files(project: Path) -> dict[str, str]:
    paths = [*project.glob("elements/*.bst"), *project.glob("*.refs"), *project.glob(".bst/*")]
    return {str(path.relative_to(project)): _read(path) for path in sorted(paths) if path.is_file()}


def _files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))
