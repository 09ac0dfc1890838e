"""`bst` runs in this process and ends with the exit status that a shell would see."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.bst.command import _status_of, run_bst, shell_status
from enforcer.errors import UnsupportedError


@pytest.mark.parametrize(
    ("code", "status"), [(None, 0), (0, 0), (1, 1), (-1, 255), (True, 1), (256, 0), ("some reason", 1)]
)
def test_the_status_is_that_of_a_process(code: object, status: int) -> None:
    assert shell_status(code) == status


def test_a_text_as_exit_code_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    shell_status("some reason")
    assert capsys.readouterr().err == "some reason\n"


def status_of(raised: BaseException | None) -> int:
    def command(args: list[str], prog_name: str) -> None:
        assert (args, prog_name) == (["build", "app.bst"], "bst")
        if raised is not None:
            raise raised

    return _status_of(SimpleNamespace(main=command), ["build", "app.bst"])


@pytest.mark.parametrize(
    ("raised", "status"), [(None, 0), (SystemExit(), 0), (SystemExit(-1), 255), (KeyboardInterrupt(), 130)]
)
def test_every_way_to_end_has_a_status(raised: BaseException | None, status: int) -> None:
    assert status_of(raised) == status


def test_an_unhandled_exception_is_shown_as_an_interpreter_would(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(ValueError("surprise")) == 1
    assert "ValueError: surprise" in capsys.readouterr().err


def test_the_hook_that_bst_installs_chooses_the_status_of_an_unhandled_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hook(*_: Any) -> None:
        raise SystemExit(-1)

    monkeypatch.setattr(sys, "excepthook", hook)
    assert status_of(ValueError("surprise")) == 255


def test_without_buildstream_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "buildstream", None)
    monkeypatch.setitem(sys.modules, "buildstream._frontend", None)
    with pytest.raises(UnsupportedError, match="install BuildStream beside the enforcer"):
        run_bst(["--version"])
