"""`enforcer doctor` says what works here, why not, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from enforcer.cli import main
from enforcer.cli.doctor import INFO, MISSING, OK, WARN, Check, run_checks
from enforcer.errors import UsageError

doctor = sys.modules["enforcer.cli.doctor"]


def check(name: str) -> Check:
    made: Check = getattr(doctor, name)()
    return made


def test_one_line_a_check_with_its_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "_CHECKS", (lambda: Check(OK, "one"), lambda: Check(WARN, "two")))
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["ok       one", "warning  two"]
    assert lines[-1] == "builds can be enforced here"


def test_what_is_missing_is_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "_CHECKS", (lambda: Check(MISSING, "one"),))
    assert main(["doctor"]) == 3
    assert capsys.readouterr().out.endswith("builds cannot be enforced here\n")


@pytest.mark.parametrize(
    ("version", "status"),
    [("2.4.1", WARN), ("2.5.0", OK), ("2.8.1", OK), ("2.8.0.dev3", OK), ("2.9.0", WARN), (None, MISSING)],
)
def test_buildstream(monkeypatch: pytest.MonkeyPatch, version: str | None, status: str) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: version)
    assert check("_buildstream").status == status


def test_an_old_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_PYTHON", (9, 0))
    assert check("_python") == Check(MISSING, f"Python {sys.version.split()[0]} is too old: use 9.0 or later")


def test_without_buildstream_nothing_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: None)
    monkeypatch.setattr(doctor, "_version", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    by_status = [check.status for check in run_checks()]
    assert MISSING in by_status


def test_rules_that_cannot_be_loaded_keep_builds_from_being_enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise UsageError("entry point 'x' of group enforcer.rules in the distribution acme-rules 1.0: it is broken")

    assert check("_rules").status == OK
    monkeypatch.setattr(doctor, "registered", broken)
    found = check("_rules")
    assert (found.status, "acme-rules 1.0: it is broken" in found.text) == (MISSING, True)


def test_without_bubblewrap_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert check("_bubblewrap").status == MISSING
    assert "before it builds anything" in check("_bubblewrap").text
    assert check("_namespaces").status == INFO


def test_a_sandbox_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    found = check("_namespaces")
    assert found.status == WARN
    assert "No permissions to create new namespace" in found.text


def test_it_says_what_the_process_backends_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check("_process_backends").status == OK
    monkeypatch.delattr(os, "fork")
    monkeypatch.delattr(os, "pidfd_open")
    found = check("_process_backends")
    assert found.status == WARN
    assert "this system lacks os.fork, pidfd_open (Linux 5.3 or later has it)" in found.text


def test_it_tries_whether_grpc_can_support_forks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRPC_ENABLE_FORK_SUPPORT", "0")
    assert check("_grpc").status == OK
    (tmp_path / "grpc" / "_cython").mkdir(parents=True)
    (tmp_path / "grpc" / "_cython" / "cygrpc.py").write_text("_GRPC_ENABLE_FORK_SUPPORT = False\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    # A namespace package loses against the installed one.
    (tmp_path / "grpc" / "__init__.py").write_text("")
    assert check("_grpc").status == WARN


def test_it_runs_here_without_importing_more_than_it_looks_at() -> None:
    done = subprocess.run([sys.executable, "-m", "enforcer", "doctor"], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3)
    assert done.stderr == ""
    assert all(line.split()[0] in (OK, INFO, WARN, MISSING) for line in done.stdout.splitlines()[:-1])
