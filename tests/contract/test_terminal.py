"""On a terminal: status lines, progress, and the question that follows a failure."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from collections.abc import Callable

import pytest

from tests.contract.conftest import BACKENDS
from tests.contract.lab import TIMEOUT, Lab

_ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|\x1b\(B|\r")
_COUNT = re.compile(r"\d jobs? checked, ")
_WAITING = "while not os.path.exists(os.environ['SEEN']): threading.Event().wait(0.01)"
_FAILING = "os.path.exists(os.environ['SEEN'] + '-twice') or exec(\"raise ElementError('my own fault')\")"


@pytest.mark.parametrize("backend", [None, *BACKENDS], ids=["stock", *BACKENDS])
def test_it_shows_what_runs_and_asks_what_to_do_about_a_failure(
    backend: str | None, lab_of: Callable[..., Lab]
) -> None:
    lab = lab_of(backend)
    lab.element("slow", _WAITING)
    lab.element("bad", _FAILING, "slow")
    seen = lab.directory / "seen"
    screen = Screen(lab, "build", "bad.bst", SEEN=str(seen))
    count = r" enforcement strict: 2 jobs checked, 0 new violations\n" if backend is not None else ""
    screen.wait_for(rf"= 00:00:\d\d tiny \(2/2\) =(.|\n)*{count}\[00:00:\d\d\]\[Build:slow\.bst\]")
    seen.touch()
    screen.wait_for(r"Build failure on element: bad\.bst(.|\n)*Choice:")
    (lab.directory / "seen-twice").touch()
    screen.type("retry\n")
    assert screen.end() == 0, screen.text
    assert "Build Queue: processed 2, skipped 0, failed 0" in screen.text
    lab.wait_for(lambda: not lab.processes(), "nothing runs any more")


def test_the_count_is_not_there_without_enforcement(lab_of: Callable[..., Lab]) -> None:
    lab = lab_of("threads", "off")
    lab.element("one", "pass")
    screen = Screen(lab, "build", "one.bst")
    assert screen.end() == 0
    assert "tiny (1/1) =" in screen.text
    assert not _COUNT.search(screen.text)


def test_the_count_is_not_in_a_pipe(lab_of: Callable[..., Lab]) -> None:
    lab = lab_of("threads")
    lab.element("one", "pass")
    step = lab.bst("build", "one.bst")
    assert "enforcement strict on threads: clean" in step.stderr
    assert not _COUNT.search(step.stdout + step.stderr)


class Screen:
    """A `bst` on a terminal of its own."""

    def __init__(self, lab: Lab, *args: str, **env: str) -> None:
        self._master, slave = pty.openpty()
        command = [word for word in lab.command(*args) if word not in ("--no-interactive", "--no-colors")]
        environment = {**lab.environment(env), "TERM": "xterm"}
        self._process = lab.popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self._bytes = b""

    @property
    def text(self) -> str:
        """What was shown so far, without escape sequences."""
        return _ESCAPES.sub("", self._bytes.decode("utf-8", "replace"))

    def wait_for(self, pattern: str) -> None:
        """Wait until this is shown."""
        self._read_until(lambda: re.search(pattern, self.text) is not None, pattern)

    def type(self, text: str) -> None:
        """Type this."""
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Wait for its end, reading on; its exit status."""
        self._read_until(lambda: self._process.poll() is not None, "its end")
        os.close(self._master)
        return self._process.wait()

    def _read_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < deadline, f"still not: {what}\n{self.text}"
            if select.select([self._master], [], [], 0.05)[0]:
                self._read()
        while select.select([self._master], [], [], 0)[0] and self._read():
            pass

    def _read(self) -> bool:
        try:
            self._bytes += (read := os.read(self._master, 65536))
        except OSError:  # nobody holds the other end any more
            read = b""
        return bool(read)
