"""Each way to start a process or a thread has its line, also where nobody tells the number."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.blame.place import Place
from enforcer.bst.observing import events
from enforcer.bst.observing.launches import Launches
from enforcer.bst.observing.makers import Makers

_FILE = "/plugins/starts.py"
_TEXT = """
import _thread, multiprocessing, os, subprocess, tempfile, threading
from os import fork, posix_spawn as spawn, system as shell
from subprocess import Popen as Start

SLEEP = ["sleep", "60"]
SHELL = "sleep 60 >/dev/null 2>&1 & echo $!"

def popen():
    STARTED.append(subprocess.Popen(SLEEP))  # <-
    return STARTED[-1].pid

def popen_of_a_shell():
    STARTED.append(subprocess.Popen("exec sleep 60", shell=True))  # <-
    return STARTED[-1].pid

def posix_spawn():
    return os.posix_spawnp("sleep", SLEEP, os.environ)  # <-

def posix_spawn_by_another_name():
    others()
    return spawn("/bin/sleep", SLEEP, os.environ)  # <-

def system_by_another_name():
    with tempfile.NamedTemporaryFile() as file:
        shell(SHELL + " >" + file.name)  # <-
        others()
        return int(file.read())

def popen_by_another_name():
    STARTED.append(Start(SLEEP))  # <-
    return STARTED[-1].pid

def spawned():
    return os.spawnvp(os.P_NOWAIT, "sleep", SLEEP)  # <-

def forked():
    pid = fork()  # <-
    if not pid:
        os.execvp("sleep", SLEEP)
    return pid

def process():
    process = multiprocessing.get_context("spawn").Process(target=print)
    process.start()  # <-
    return process.pid

def in_a_thread():
    def start():
        STARTED.append(subprocess.Popen(SLEEP))  # <-
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    return STARTED[-1].pid

def in_a_thread_without_own_code():
    thread = threading.Thread(target=through_a_library, args=(SLEEP,))
    thread.start()  # <-
    thread.join()
    return STARTED[-1].pid

def by_a_shell():
    others()
    return int(subprocess.run(SHELL, shell=True, stdout=subprocess.PIPE).stdout)  # <-

def by_system():
    with tempfile.NamedTemporaryFile() as file:
        os.system(SHELL + " >" + file.name)  # <-
        others()
        return int(file.read())

def fork_of_a_fork():
    reader, writer = os.pipe()
    others()
    pid = fork()  # <-
    if not pid:
        if not fork():
            os.write(writer, str(os.getpid()).encode())
            os.execvp("sleep", SLEEP)
        os._exit(0)
    os.waitpid(pid, 0)
    told = os.read(reader, 20)
    os.close(reader), os.close(writer)
    return int(told)

def others():
    subprocess.run(["true"])
    os.system("true")
"""
_LINES = _TEXT.splitlines()
_WAYS = [line[4:-3] for line in _LINES if line.startswith("def ") and line != "def others():"]


@pytest.fixture
def launches() -> Launches:
    events.listen()
    return Launches({_FILE}, Makers(None, {_FILE}, {_FILE}, "Build", str), lambda name: None)


MAKERS: Any = SimpleNamespace(by_file=lambda place: None)


@pytest.fixture
def plugin() -> dict[str, Any]:
    started: list[subprocess.Popen[bytes]] = []

    def through_a_library(command: list[str]) -> None:
        started.append(subprocess.Popen(command))

    space: dict[str, Any] = {"through_a_library": through_a_library, "STARTED": started}
    exec(compile(_TEXT, _FILE, "exec"), space)
    return space


@pytest.mark.parametrize("way", _WAYS)
def test_a_process_has_the_line_that_started_it(way: str, launches: Launches, plugin: dict[str, Any]) -> None:
    with launches.watching():
        pid = plugin[way]()
    try:
        where = launches.place_of(pid, "sleep")
    finally:
        os.kill(pid, signal.SIGKILL)
        for process in plugin["STARTED"]:
            process.wait()
    assert where is not None
    assert where.plugin is not None
    first = _LINES.index(f"def {way}():")
    marked = next(number for number, line in enumerate(_LINES, 1) if number > first and line.endswith("# <-"))
    assert (where.plugin.line, where.plugin.function) == (marked, "start" if way == "in_a_thread" else way)


def test_a_thread_that_was_started_past_the_class_has_its_line(launches: Launches) -> None:
    text = "import _thread\ndef start(target):\n    return _thread.start_new_thread(target, ())\n"
    space: dict[str, Any] = {}
    exec(compile(text, _FILE, "exec"), space)
    go = threading.Event()
    with launches.watching():
        ident = space["start"](go.wait)
    go.set()
    where = launches.place_of_thread(ident)
    assert where is not None
    assert where.plugin is not None
    assert where.plugin.line == 3


def test_a_thread_that_was_started_by_another_name_has_the_line_that_names_what_starts_some() -> None:
    here = Place(_FILE, 7, "start")
    launches = Launches({_FILE}, MAKERS, {"start_new_thread": here}.get)
    seen = launches.place_of_thread(-1)
    assert seen is not None
    assert seen.plugin == here
    # One that Python's module knows is started by its class.
    assert launches.place_of_thread(threading.get_ident()) is None
    assert Launches((), MAKERS, {"start_new_thread": here}.get).place_of_thread(-1) is None


def test_what_others_start_has_no_line(launches: Launches, plugin: dict[str, Any]) -> None:
    with launches.watching():
        plugin["through_a_library"](["sleep", "60"])
    (process,) = plugin["STARTED"]
    process.kill()
    assert launches.place_of(process.pid, "sleep") is None
    process.wait()


def test_what_is_started_when_nobody_watches_is_not_noted(launches: Launches, plugin: dict[str, Any]) -> None:
    with launches.watching():
        pass
    pid = plugin["forked"]()
    os.kill(pid, signal.SIGKILL)
    assert launches.place_of(pid, "sleep") is None
    os.waitpid(pid, 0)
