"""Of a silent thread nothing is heard, of all others everything, and nothing is left of it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import types
import warnings

import pytest

from enforcer.bst.observing.silence import silence, unless_silent


def speak(text: str) -> None:
    print(text)
    print(text, file=sys.stderr)
    logging.getLogger("acme").warning(text)
    warnings.warn(text)


@pytest.fixture
def module() -> types.ModuleType:
    made = types.ModuleType("acme")
    exec("import warnings\ndef warn(text): warnings.warn(text)", vars(made))
    return made


@pytest.mark.filterwarnings("always")
def test_only_the_thread_that_asked_for_it_is_silent(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings(record=True) as warned:
        with silence([]):
            speak("silent")
            thread = threading.Thread(target=speak, args=["heard"])
            thread.start()
            thread.join()
        speak("after")
    assert capsys.readouterr() == ("heard\nafter\n", "heard\nafter\n")
    assert [record.getMessage() for record in caplog.records] == ["heard", "after"]
    assert [str(warning.message) for warning in warned] == ["heard", "after"]


@pytest.mark.filterwarnings("default")
def test_a_warning_that_was_not_heard_is_heard_the_next_time(module: types.ModuleType) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")
        with silence([module]):
            module.warn("once a place")
        assert "__warningregistry__" not in vars(module)
        module.warn("once a place")
        with silence([module]):
            module.warn("another")
        module.warn("once a place")
    assert [str(warning.message) for warning in warned] == ["once a place"]


def test_a_program_can_be_given_the_streams(capfd: pytest.CaptureFixture[str]) -> None:
    with silence([]):
        subprocess.run([sys.executable, "-c", "print('said')"], stdout=sys.stdout, check=True)
    assert capfd.readouterr().out == ""


def test_streams_are_put_back_whatever_happens() -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(KeyError), silence([]):
        raise KeyError
    assert (sys.stdout, sys.stderr) == before


def test_what_is_wrapped_is_silent_only_meanwhile() -> None:
    said: list[str] = []
    say = unless_silent(said.append)
    with silence([]):
        say("silent")
    say("after")
    assert said == ["after"]
