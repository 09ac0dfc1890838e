"""A suite that is spread over workers elsewhere, each in a process and a directory of its own, gives one report."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("xdist")
pytest.importorskip("buildstream")

from enforcer.reports.value import installed_versions
from enforcer.results.record import Record
from enforcer.settings.settings import Settings
from pytest_plugin.workers import Workers
from tests.pytest_plugin import real

WRITING = """
        if self.name == "known.bst":
            type(self).known = 1
        elif self.name == "ignored.bst":
            dep.get_environment()["ignored"] = "X"  # enforcer: ignore[foreign-write] fine
        else:
            dep.get_environment()[self.name.partition(".")[0]] = "X"
"""

TESTS = """
from conftest import PROJECT

def test_new(cli):
    assert cli.run(project=PROJECT, args=["build", "app.bst"]).exit_code != 0

def test_others(cli):
    cli.run(project=PROJECT, args=["build", "allowed.bst", "ignored.bst", "known.bst"]).assert_success()
"""

TABLE = """
[tool.enforcer]
allow = [{ entry = "foreign-write base.bst environment['allowed']", reason = "fine" }]
"""

FORMATS = ("json", "html", "junit", "sarif")


@pytest.fixture
def suite(inner: pytest.Pytester) -> Path:
    """A suite of two tests, whose findings are new, allowed by a file and by a comment, and known from another file."""
    directory = inner.path / "suite"
    hazard = "kind: hazard\nbuild-depends:\n- base.bst\n"
    plugin = real.write(directory / "project", allowed=hazard, ignored=hazard, known=hazard) / "plugins" / "hazard.py"
    plugin.write_text(re.sub(r"\n +dep\.get_environment.*\n", WRITING, plugin.read_text()))
    for name, text in {"conftest.py": real.CONFTEST, "test_it.py": TESTS, "pytest.ini": "[pytest]\n"}.items():
        (directory / name).write_text(text)
    (directory / "pyproject.toml").write_text(TABLE)
    (inner.path / "known.txt").write_text("class-write hazard class known\n")
    return directory


def elsewhere(directory: Path) -> list[str]:
    """Options for two workers behind sockets, each with a copy of `directory` without its pyproject.toml."""
    words = ["--dist=load", "--max-worker-restart=0", "--rsyncdir", str(directory), "--rsyncignore", "pyproject.toml"]
    for name in ("one", "two"):
        words += ["--px", f"id={name}//popen//python={sys.executable}"]
        words += ["--tx", f"socket//installvia={name}//chdir={directory.parent / name}"]
    return words


def reports(inner: pytest.Pytester, suite: Path, *args: str) -> tuple[list[str], dict[str, bytes]]:
    """The lines that a run prints, and its reports by format, each written once."""
    words = [f"--enforce-report={name}:out.{name}" for name in FORMATS]
    words += [
        "--enforce=strict",
        "--enforce-coverage",
        "--enforce-baseline=known.txt",
        "--junitxml=out.pytest",
        str(suite),
        "-v",
    ]
    result = inner.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words, *args, timeout=120)
    assert result.ret == pytest.ExitCode.TESTS_FAILED, result.outlines
    written = sorted(inner.path.rglob("out.*"))
    found = {path.name: path.read_bytes() for path in written}
    assert written == [inner.path / f"out.{name}" for name in sorted([*FORMATS, "pytest"])]
    return result.outlines, found


def test_the_reports_are_those_of_a_run_that_is_not_spread(inner: pytest.Pytester, suite: Path) -> None:
    _, expected = reports(inner, suite)
    lines, found = reports(inner, suite, *elsewhere(suite))
    assert {line[:5] for line in lines if re.match(r"\[gw\d\] .*test_(new|others)", line)} == {"[gw0]", "[gw1]"}

    assert [len(re.findall(b"<testcase ", each.pop("out.pytest"))) for each in (expected, found)] == [2, 2]
    summary = json.loads(found["out.json"])["summary"]
    assert [summary[name] for name in ("violations", "known", "allowed")] == [1, 1, 2]
    assert b'"path": "project/plugins/hazard.py"' in found["out.json"]
    assert found == expected


def test_what_a_worker_elsewhere_took_with_it_is_told(fake: pytest.Pytester) -> None:
    suite = fake.path / "suite"
    suite.mkdir()
    (fake.path / "conftest.py").rename(suite / "conftest.py")
    (suite / "pytest.ini").write_text("[pytest]\n")
    (suite / "test_it.py").write_text(
        "import os\n"
        "def test_crash(build):\n    build(path='unseen')\n    os._exit(3)\n"
        "def test_build(build): build(path='seen')\n"
    )
    result = fake.runpytest_subprocess(
        "--enforce=strict", "--enforce-report=json:r.json", str(suite), *elsewhere(suite), timeout=60
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = json.loads((fake.path / "r.json").read_text())
    assert [violation["path"] for violation in report["violations"]] == ["seen"]
    assert report["errors"] == [
        "what was built in test_it.py::test_crash was not seen: its worker of pytest-xdist ended"
    ]
    assert "1 of 2 tests did not run to their end" in report["partial"]


def test_a_python_where_nothing_can_be_enforced_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A link to this Python from elsewhere: it has no packages.
    bare = tmp_path / "python"
    bare.symlink_to(Path(sys.executable).resolve())
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    group = pytest.importorskip("execnet").Group()
    try:
        gateway = group.makegateway(f"popen//python={bare}")
        gateway.spec.popen = False  # of a gateway behind a socket, execnet leaves the socket open
        with pytest.raises(pytest.UsageError, match=rf"enforced in {bare} \(Python .*: .*No module named 'enforcer'"):
            started(gateway)
    finally:
        group.terminate(timeout=5)


class Gateway:
    """One behind which there is another Python, `answer` being what a probe gives there."""

    def __init__(self, version: tuple[int, ...] = (3, 9, 1), popen: bool = False, answer: Any = None) -> None:
        self.spec = SimpleNamespace(popen=popen, chdir=None)
        self._rinfo = lambda: SimpleNamespace(executable="/other/python", version_info=version)
        self._answer = answer

    def remote_exec(self, source: str) -> SimpleNamespace:
        return SimpleNamespace(send=lambda words: None, receive=lambda: self._answer, waitclose=lambda: None)


class Node(SimpleNamespace):
    """A worker as pytest-xdist's hooks show it."""

    __hash__ = object.__hash__


def started(*gateways: Any) -> Workers:
    workers = Workers(Settings())
    for gateway in gateways:
        workers.pytest_configure_node(Node(gateway=gateway, workerinput={}))
    return workers


def probed(**versions: str) -> tuple[int, str, str]:
    return (0, json.dumps({**installed_versions(), **versions}) + "\n", "")


def test_a_popen_worker_of_another_version_of_python_is_refused_with_what_to_do() -> None:
    with pytest.raises(pytest.UsageError, match=r"popen//python=/other/python --tx socket//installvia=NAME"):
        started(Gateway(popen=True))


def test_another_version_of_the_enforcer_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match=r"has version 9\.9 of the enforcer"):
        started(Gateway(answer=probed(enforcer="9.9")))


def test_the_report_has_the_versions_of_all_workers_and_not_of_their_controller() -> None:
    workers = started(Gateway(answer=probed(python="3.9.1")), Gateway(answer=probed(python="3.12.1")))
    assert workers.versions is not None
    assert workers.versions["python"] == "3.12.1, 3.9.1"
    assert started().versions is None


def test_a_worker_that_did_not_enforce_is_told() -> None:
    workers = Workers(Settings())
    workers.pytest_testnodedown(Node(workeroutput={}), None)
    assert "ran without the enforcer" in workers.rest().errors[0]


def test_a_worker_that_is_told_of_twice_counts_once() -> None:
    """As pytest-xdist does when one was interrupted."""
    workers = Workers(Settings())
    data = Record(jobs=2).to_plain()
    node = Node(workeroutput={"enforcement": data}, gateway=Gateway(popen=True))
    workers.pytest_testnodedown(node, None)
    workers.pytest_testnodedown(node, "keyboard-interrupt")
    assert workers.rest() == Record(jobs=2)
