"""A started `bst` is told to watch itself; what it can't tell is told about it. The `bst` here is a script of ours."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import enforcer
from enforcer.embedding.bst_processes.parent import REQUEST_VARIABLE, SITE, BstProcesses
from enforcer.results.record import Record
from enforcer.session import Session
from enforcer.settings.plain import settings_to_plain
from enforcer.settings.settings import Mode, Settings

TELL = """
import json, os, sys
print(json.dumps({
    "watched": "enforcer" in sys.modules, "buildstream": "buildstream" in sys.modules,
    "environ": {name: value for name, value in os.environ.items() if name in ("PYTHONPATH", "ENFORCER_SUBPROCESS")},
    "path": sys.path, "site": getattr(sys.modules.get("sitecustomize"), "NAME", None), "argv": sys.argv,
}))
"""


@pytest.fixture
def bst(tmp_path: Path) -> str:
    script = tmp_path / "bst"
    script.write_text(f"#!{sys.executable}\n{TELL}")
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def processes() -> Iterator[BstProcesses]:
    watched = BstProcesses(Session(Settings()))
    watched.watch()
    yield watched
    watched.close()


def told(process: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert process.stderr == ""
    data: dict[str, Any] = json.loads(process.stdout)
    return data


def run(command: Any, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, **kwargs)


def test_a_bst_watches_itself_and_sees_nothing_of_us(bst: str, processes: BstProcesses, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "sitecustomize.py").write_text("NAME = 'the other one'\n")
    data = told(run([bst, "build"], env={**os.environ, "PYTHONPATH": str(tmp_path / "other")}))
    assert data["watched"]
    assert data["buildstream"]
    # The other sitecustomize has run, and only its directory is left.
    assert data["site"] == "the other one"
    assert data["environ"] == {"PYTHONPATH": str(tmp_path / "other")}
    assert str(SITE) not in data["path"]
    assert data["argv"][1:] == ["build"]
    record = processes.take()
    assert (record.unwatched, record.errors) == ([], [])


def test_grpc_is_prepared_for_a_process_backend_whatever_environment_it_is_given(tmp_path: Path) -> None:
    script = tmp_path / "bst"
    script.write_text("from grpc._cython import cygrpc\nprint(cygrpc._GRPC_ENABLE_FORK_SUPPORT)\n")
    processes = BstProcesses(Session(Settings(backend="pool")))
    processes.watch()
    try:
        done = run([sys.executable, str(script)], env={**os.environ, "GRPC_ENABLE_FORK_SUPPORT": "0"})
        assert (done.stdout, done.stderr) == ("True\n", "")
        assert processes.take().unwatched == []
    finally:
        processes.close()


def test_this_process_s_environment_is_left_alone(bst: str, processes: BstProcesses) -> None:
    before = dict(os.environ)
    run([bst])
    assert dict(os.environ) == before


def test_other_programs_get_nothing(processes: BstProcesses) -> None:
    data = told(run([sys.executable, "-c", TELL]))
    assert not data["watched"]
    assert REQUEST_VARIABLE not in data["environ"]


def test_a_python_that_a_shell_starts_beside_bst_leaves_the_path_at_once(processes: BstProcesses, bst: str) -> None:
    data = told(run(f"{sys.executable} -c '{TELL}'; true || bst", shell=True))
    assert not data["watched"]
    assert str(SITE) not in data["path"]
    assert "environ" in data
    assert REQUEST_VARIABLE not in data["environ"]
    assert processes.take().unwatched == []


def test_it_is_watched_in_a_shell_and_from_asyncio(processes: BstProcesses, bst: str) -> None:
    assert told(run(f"true && {bst} build", shell=True))["watched"]

    async def start() -> bytes:
        process = await asyncio.create_subprocess_exec(bst, stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0]

    assert json.loads(asyncio.run(start()))["watched"]
    assert processes.take().unwatched == []


def test_off_starts_it_as_it_is(bst: str) -> None:
    processes = BstProcesses(Session(Settings(mode=Mode.OFF)))
    processes.watch()
    try:
        assert not told(run([bst]))["watched"]
    finally:
        processes.close()
    assert processes.take().unwatched == []


def test_one_that_was_killed_is_reported(processes: BstProcesses, tmp_path: Path, bst: str) -> None:
    Path(bst).write_text(f"#!{sys.executable}\nimport os\nos.kill(os.getpid(), {signal.SIGKILL})\n")
    run([bst, "build"])
    assert processes.take().unwatched == ["ended without a report, as if it was killed: bst build"]
    assert processes.take().unwatched == []


def test_one_without_us_in_its_environment_is_reported(processes: BstProcesses, bst: str) -> None:
    run([sys.executable, "-E", bst, "build"])
    run([sys.executable, "-I", bst, "show"])
    why = "enforcement was not in its environment (was that cleared?)"
    assert processes.take().unwatched == [f"{why}: bst build", f"{why}: bst show"]


def test_one_with_another_enforcer_is_reported(
    processes: BstProcesses, bst: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforcer, "__version__", "9.9")
    run([bst, "build"])
    (sentence,) = processes.take().unwatched
    assert sentence.endswith("is installed beside it, not 9.9: bst build")


def test_one_that_has_no_enforcer_is_reported(processes: BstProcesses, bst: str, tmp_path: Path) -> None:
    (tmp_path / "enforcer.py").write_text("raise ImportError('none')")
    assert not told(run([bst, "build"], env={**os.environ, "PYTHONPATH": str(tmp_path)}))["buildstream"]
    (sentence,) = processes.take().unwatched
    assert sentence.startswith("no enforcer is installed beside it")


def test_one_that_still_runs_is_reported_at_the_end(processes: BstProcesses, bst: str) -> None:
    Path(bst).write_text(f"#!{sys.executable}\ninput()\n")
    with subprocess.Popen([bst, "build"], stdin=subprocess.PIPE) as process:
        assert processes.take().unwatched == []
        assert processes.take(at_end=True).unwatched == ["still running at the end: bst build"]
        process.communicate(b"\n")


def test_one_that_could_not_be_started_is_not(processes: BstProcesses) -> None:
    with pytest.raises(FileNotFoundError):
        run(["/no/such/bst", "build"])
    assert processes.take(at_end=True).unwatched == []


def test_popen_is_restored(bst: str) -> None:
    original = subprocess.Popen.__init__
    outer, inner = BstProcesses(Session(Settings())), BstProcesses(Session(Settings()))
    outer.watch()
    inner.watch()
    inner.close()
    inner.close()
    outer.close()
    assert subprocess.Popen.__init__ is original


def test_what_parent_and_child_exchange_is_as_their_package_says(bst: str, processes: BstProcesses) -> None:
    started = subprocess.run([bst, "build"], capture_output=True, check=True)
    assert started.stderr == b""
    directory = processes._directory
    assert directory is not None
    assert directory.stat().st_mode & 0o777 == 0o700
    (request,) = directory.glob("*.request")
    assert request.name == "000001.request"
    assert json.loads(request.read_text(encoding="utf-8")) == {
        "version": enforcer.__version__,
        "token": "000001",
        "answers": str(directory / "answers"),
        "settings": settings_to_plain(Settings()),
        "caches": None,
    }
    begun, answer = sorted((directory / "answers").iterdir(), key=lambda path: path.suffix, reverse=True)
    assert (begun.suffix, answer.suffix) == (".started", ".json")
    assert begun.stem == answer.stem
    assert begun.stem.startswith("000001.")
    assert begun.read_bytes() == b""
    plain = json.loads(answer.read_text(encoding="utf-8"))
    assert list(plain) == ["record"]
    assert Record.from_plain(plain["record"]).to_plain() == plain["record"]
    processes.take()
    assert list((directory / "answers").iterdir()) == []
