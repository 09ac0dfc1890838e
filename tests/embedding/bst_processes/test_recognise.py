"""Which commands run `bst`."""

from __future__ import annotations

import pytest

from enforcer.embedding.bst_processes.recognise import as_shown, is_bst, may_run_bst, split


@pytest.mark.parametrize(
    "command",
    [
        "bst build app.bst",
        "/usr/local/bin/bst --version",
        "python3 /usr/bin/bst build",
        "/opt/venv/bin/python3.12 -X dev -W error -u /usr/bin/bst build",
        "python -m buildstream build",
        "python -Im buildstream",
        "python -mbuildstream",
        "env -i PATH=/bin -u HOME bst build",
        "nice -n 5 bst build",
        "timeout -k 5 60 bst build",
        "env python -I /usr/bin/bst",
    ],
)
def test_these_surely_do(command: str) -> None:
    assert is_bst(command.split())
    assert may_run_bst(command.split())


@pytest.mark.parametrize(
    "command",
    ["", "git add bst", "python -c bst", "python -m pytest bst", "python script.py bst", "ls /srv/bst", "bstx", "env"],
)
def test_these_do_not_surely(command: str) -> None:
    assert not is_bst(command.split())


@pytest.mark.parametrize(
    "command", ["make && bst build", "(bst build)", "x | /usr/bin/bst show", "for i in 1; do bst; done"]
)
def test_a_shell_script_may(command: str) -> None:
    assert may_run_bst(split(command))
    assert may_run_bst(["sh", "-c", command])


@pytest.mark.parametrize("command", ["ls", "python -m pytest", "buildbox-casd --quota", "cat app.bst", "unbalanced '"])
def test_these_never_do(command: str) -> None:
    assert not may_run_bst(split(command))


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("/venv/bin/python -I /venv/bin/bst -C /tmp/x/project build app.bst", "bst -C project build app.bst"),
        ("python -m buildstream build", "bst build"),
        ("env -i bst build", "bst build"),
    ],
)
def test_it_is_shown_without_this_machine_s_directories(command: str, shown: str) -> None:
    assert as_shown(command.split()) == shown
