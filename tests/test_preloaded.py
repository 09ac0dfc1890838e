"""A preloaded program is to its test, and to itself, what one of `subprocess` is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.preloaded import programs

pytest.importorskip("buildstream")

PIPES: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
Run = Callable[..., "subprocess.CompletedProcess[Any]"]

# What a program finds. What is no value of its own (its number, its parent, what it has imported) is left out.
FOUND = """
import gc, json, locale, os, signal, sys, threading, time, warnings
streams = [sys.stdin, sys.stdout, sys.stderr]
os.umask(mask := os.umask(0))
main = sys.modules["__main__"]
numbers = sorted(os.listdir("/proc/self/fd"), key=int)[:-1]
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv, "path": sys.path, "flags": str(sys.flags), "exe": sys.executable,
    "directory": os.getcwd(), "environment": dict(os.environ), "mask": mask, "zone": time.tzname,
    "streams": [[s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.write_through, s.isatty(), s.fileno(),
                 type(s.buffer).__name__, s.newlines] for s in streams],
    "are kept": [sys.__stdin__ is sys.stdin, sys.__stdout__ is sys.stdout, sys.__stderr__ is sys.stderr],
    "locale": locale.setlocale(locale.LC_CTYPE), "threads": threading.active_count(), "descriptors": numbers,
    "signals": {str(s): str(signal.getsignal(s)) for s in signal.valid_signals()},
    "blocked": str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "main": [main.__name__, getattr(main, "__file__", None), sorted(n for n in vars(main) if n == "serve")],
    "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()],
    "command": open("/proc/self/cmdline").read().rstrip("\\0").split("\\0"),
    "outside": sorted(open("/proc/self/environ", errors="surrogateescape").read().rstrip("\\0").split("\\0")),
    "name": open("/proc/self/comm").read(), "warnings": str(warnings.filters),
    "patched": gc.isenabled(),
}))
"""


@pytest.fixture(autouse=True)
def _not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(programs._MEASURED):
            monkeypatch.delenv(name)


@pytest.fixture(params=[subprocess.run, programs.run], ids=["subprocess", "preloaded"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run Python with some words, each way: the same claims hold for both."""
    return lambda *words, **options: _run(request.param, *words, **options)


def _run(how: Callable[..., Any], *words: str, **options: Any) -> Any:
    imports = {"imports": "enforcer"} if how is programs.run else {}
    return how([sys.executable, *words], **imports, **PIPES | options)


def _found(how: Callable[..., Any], *words: str, **options: Any) -> Mapping[str, Any]:
    done = _run(how, *words, **options)
    assert (done.returncode, done.stderr) == (0, "")
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LC_ALL": "C", "PYTHONUNBUFFERED": "1", "TZ": "Asia/Tokyo", "PYTHONPATH": "/nowhere:/tmp"},
        {"PYTHONIOENCODING": "latin-1:replace", "PYTHONWARNINGS": "ignore::ImportWarning", "LANG": "C.UTF-8"},
    ],
    ids=["plain", "unbuffered", "other streams"],
)
def test_what_it_finds_at_its_start_is_what_python_would_have_given_it(
    variables: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "found.py"
    script.write_text(FOUND)
    (tmp_path / "link.py").symlink_to(script)
    (tmp_path / "elsewhere").mkdir()
    before = os.umask(0o027)
    try:
        for words in (["-c", FOUND, "a", "b c"], [str(script), "x"], ["../link.py"]):
            options = {"cwd": tmp_path / "elsewhere", "env": {"PATH": os.defpath, **variables, "A": "\udcff=ü"}}
            options["start_new_session"] = len(words) == 2
            assert _found(programs.run, *words, **options) == _found(subprocess.run, *words, **options)
    finally:
        os.umask(before)


def test_a_module_is_run_as_python_runs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "enforcer_found.py").write_text(FOUND)
    words = "-m", "enforcer_found", "x"
    # Python's own: its C library may have set more, which only a new process inherits.
    assert _found(programs.run, *words, env=os.environ) == _found(subprocess.run, *words, env=os.environ)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 0),
        ("raise SystemExit(7)", 7),
        ("raise SystemExit('said')", 1),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("import os; os._exit(9)", 9),
    ],
)
def test_it_ends_with_its_own_status(run: Run, text: str, status: int) -> None:
    assert run("-c", text).returncode == status


def test_its_streams_are_the_ones_that_it_was_given(run: Run, tmp_path: Path) -> None:
    text = "import sys; print(sys.stdin.read()); print('error', file=sys.stderr); import os; os.write(1, b'raw')"
    (tmp_path / "in").write_text("read")
    with (tmp_path / "in").open() as stdin:
        done = run("-c", text, stdin=stdin, env={"PATH": os.defpath})
    assert (done.stdout, done.stderr) == ("rawread\n", "error\n")
    with (tmp_path / "out").open("w") as out:
        run("-c", text, capture_output=False, stdout=out, stderr=subprocess.STDOUT, env={"PATH": os.defpath})
    assert (tmp_path / "out").read_text() == "error\nraw\n"


def test_what_is_done_at_exit_is_done_in_its_order_and_threads_are_waited_for(run: Run) -> None:
    text = """
import atexit, threading, time, weakref
class Holder: pass
holder = Holder()
weakref.finalize(holder, print, "finalized")
atexit.register(print, "at exit")
go = threading.Event()
threading.Thread(target=lambda: go.wait() and print("thread")).start()
threading.Timer(0.01, go.set).start()
"""
    assert run("-c", text).stdout == "thread\nat exit\nfinalized\n"


def test_a_traceback_says_what_happened(run: Run) -> None:
    done = run("-c", "def f(): raise ValueError('mine')\nf()")
    assert done.stderr.splitlines()[-1] == "ValueError: mine"
    assert 'File "<string>", line 1, in f' in done.stderr


def test_nothing_of_one_program_is_seen_by_the_next() -> None:
    spoil = "import os, sys, enforcer; enforcer.spoilt = sys.spoilt = 1; os.environ['SPOILT'] = '1'; os.chdir('/')"
    assert _run(programs.run, "-c", spoil).returncode == 0
    look = (
        "import os, sys, enforcer; print('SPOILT' in os.environ, hasattr(sys, 'spoilt'), hasattr(enforcer, 'spoilt'))"
    )
    assert _run(programs.run, "-c", look).stdout == "False False False\n"


_HELPERS = """
import json, multiprocessing, os, re, sys, time
from multiprocessing import forkserver, resource_tracker
os.close(os.dup(0)); held = open(os.devnull)
sys.stdout.write("unwritten ")
forkserver.ensure_running()
started = forkserver._forkserver._forkserver_pid, resource_tracker._resource_tracker._pid
with multiprocessing.get_context("forkserver").Pool(1) as pool:
    print(pool.apply(os.path.join, ("a", "b")), pool.apply(os.getppid) == started[0])

def target(link):
    try:
        return os.readlink(link)
    except FileNotFoundError:  # closed meanwhile
        return ""

def found(pid):
    deadline = time.monotonic() + 60
    while True:
        status = dict(re.findall(r"(\\w+):\\t(.*)", open(f"/proc/{pid}/status").read()))
        # The server has served; the tracker ignores SIGTERM, then blocks nothing any more.
        if pid == started[0] or (int(status["SigIgn"], 16) & 1 << 14 and not int(status["SigBlk"], 16)):
            break
        assert time.monotonic() < deadline
        time.sleep(0.01)
    words = open(f"/proc/{pid}/cmdline").read().rstrip("\\0").split("\\0")
    files = sorted({re.sub(r"\\d+", "N", target(f"/proc/{pid}/fd/{n}")) for n in os.listdir(f"/proc/{pid}/fd")} - {""})
    return [re.sub(r"\\d+", "N", " ".join(words)).partition("**")[0], files, os.getsid(pid) == os.getsid(0),
            os.getpgid(pid) == os.getpgid(0), os.readlink(f"/proc/{pid}/cwd") == os.getcwd(),
            *(int(status[n], 16) & ~(3 << 31) for n in ("SigBlk", "SigIgn", "SigCgt")), status["Umask"],
            status["Threads"]]  # signals 32 and 33 are the C library's

print(json.dumps([found(pid) for pid in started]))
"""


def test_the_helpers_of_multiprocessing_are_those_that_python_starts() -> None:
    alone, preloaded = (_run(run, "-c", _HELPERS) for run in (subprocess.run, programs.run))
    assert alone.stdout.startswith("unwritten a/b True\n[")
    assert preloaded.stdout == alone.stdout
    # They end after it, and what they write comes as well.
    assert preloaded.stderr == alone.stderr == ""


def test_where_the_program_has_threads_they_are_started() -> None:
    text = """
import threading, os
from multiprocessing import forkserver
threading.Thread(target=(go := threading.Event()).wait, daemon=True).start()
forkserver.ensure_running()
print('grpc' in open(f'/proc/{forkserver._forkserver._forkserver_pid}/maps').read())
"""
    assert _run(programs.run, "-c", text).stdout == "False\n"
    assert _run(programs.run, "-c", text.replace("threading.Thread", "# ")).stdout == "True\n"


def test_it_begins_with_imports_and_nothing_that_runs() -> None:
    text = """
import sys, threading, os
from grpc._cython import cygrpc
print('enforcer.bst.attach' in sys.modules, cygrpc._GRPC_ENABLE_FORK_SUPPORT, 'pytest' in sys.modules,
      threading.active_count(), len(os.listdir('/proc/self/task')))
"""
    assert _run(programs.run, "-c", text).stdout.split() == ["True", "True", "False", "1", "1"]
    assert _run(programs.run, "-c", text, "--backend", "threads").stdout.split() == ["True", "False", "False", "1", "1"]
    text = "import sys; print([name for name in sys.modules if name.startswith('enforcer')])"
    done = programs.run([sys.executable, "-c", text], imports="buildstream", **PIPES)
    assert done.stdout == "[]\n"


_WAITS = "print('begun', flush=True); input()"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[programs.Popen]:
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    process = programs.Popen([sys.executable, "-c", _WAITS], imports="enforcer", text=True, **pipes)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()


def test_one_that_runs_is_waited_for_as_long_as_is_said_and_can_be_signalled(running: programs.Popen) -> None:
    assert running.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.01)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == running.poll() == -signal.SIGTERM


def test_one_that_is_not_waited_for_any_longer_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        _run(programs.run, "-c", "input()", stdin=subprocess.PIPE, timeout=0.01)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.default_int_handler], ids=["ignored", "raises"])
def test_it_is_interrupted_as_one_of_subprocess_is(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # A shell has what it starts in the background ignore it. Another environment: another zygote, started now.
    monkeypatch.setenv("BST_INTERRUPT", str(handler))
    before = signal.signal(signal.SIGINT, handler)
    try:
        statuses = [_interrupt(subprocess.Popen), _interrupt(programs.Popen, imports="enforcer")]
    finally:
        signal.signal(signal.SIGINT, before)
    assert statuses == [0 if handler is signal.SIG_IGN else -signal.SIGINT] * 2


def _interrupt(popen: Callable[..., subprocess.Popen[str]], **options: Any) -> int:
    """The status of a program that is interrupted while it waits for a line."""
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    program = popen([sys.executable, "-c", _WAITS], stderr=subprocess.DEVNULL, text=True, **pipes, **options)
    with program:
        assert program.stdout is not None
        assert program.stdout.readline() == "begun\n"
        program.send_signal(signal.SIGINT)
        program.communicate("go\n", timeout=60)
        return program.returncode


def test_two_run_at_once(running: programs.Popen) -> None:
    assert _run(programs.run, "-c", "print('other')").stdout == "other\n"
    assert running.communicate("go\n") == ("", None)
    assert running.returncode == 0


_PARENT = """
import subprocess, sys
from tests.preloaded import programs
text = "import os; print(os.getppid(), flush=True); input()"
process = programs.Popen([sys.executable, "-c", text], imports="enforcer", stdin=subprocess.PIPE)
sys.stdin.read()
"""


def test_a_zygote_ends_with_the_process_that_it_is_for() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        zygote = psutil.Process(int(parent.stdout.readline()))
        assert zygote.ppid() == parent.pid
        parent.kill()
    zygote.wait(60)


def test_a_zygote_that_was_ended_is_replaced() -> None:
    ask = "import os; print(os.getppid())"
    first = psutil.Process(int(_run(programs.run, "-c", ask).stdout))
    first.kill()
    first.wait(60)
    assert int(_run(programs.run, "-c", ask).stdout) != first.pid


@pytest.mark.parametrize(
    "refused",
    [{"shell": True}, {"pass_fds": (0,)}, {"preexec_fn": print}, {"executable": "/bin/sh"}],
    ids=lambda refused: next(iter(refused)),
)
def test_what_it_cannot_do_it_refuses(refused: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is for a process that subprocess starts"):
        _run(programs.run, "-c", "", **refused)


@pytest.mark.parametrize("words", [["-X", "dev", "-c", ""], ["-Werror", "-m", "enforcer"], ["-I", "-c", ""]])
def test_options_of_python_are_for_one_that_starts(words: list[str]) -> None:
    with pytest.raises(ValueError, match="Python reads its options when it starts"):
        _run(programs.run, *words)


def test_one_whose_start_is_measured_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = "import os; print(os.getppid())"
    assert int(_run(programs.run, "-c", ask).stdout) != os.getpid()
    monkeypatch.setenv("COVERAGE_PROCESS_START", "/nowhere")
    assert int(_run(programs.run, "-c", ask, env={**os.environ, "COVERAGE_PROCESS_START": ""}).stdout) == os.getpid()
