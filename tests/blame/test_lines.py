"""Lines of chosen code are told in its own run, and whoever traces already goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import pytest

from enforcer.blame.code import functions_of, nested_code
from enforcer.blame.lines import line_events
from tests.blame import followed

MONITORED = sys.version_info >= (3, 12)
START = followed.two_steps.__code__.co_firstlineno


class Told:
    """Notes what it is told, as (event, function, line after the start of `two_steps`)."""

    files = frozenset({followed.__file__})

    def __init__(self) -> None:
        self.events: list[tuple[str, str, int]] = []

    def step(self, frame: FrameType) -> None:
        self.events.append(("step", frame.f_code.co_name, frame.f_lineno - START))

    def leave(self, frame: FrameType) -> None:
        self.events.append(("leave", frame.f_code.co_name, frame.f_lineno - START))

    def lines(self, function: str) -> list[int]:
        """The lines of a function, each once, in the order in which they were told."""
        return list(dict.fromkeys(line for event, name, line in self.events if (event, name) == ("step", function)))


@contextmanager
def following(told: Told, frame: FrameType | None = None) -> Iterator[None]:
    codes = [code for function, _ in functions_of([followed]) for code in nested_code(function.__code__)]
    events = line_events(told, lambda: codes)
    assert events.start(frame) is None
    try:
        yield
    finally:
        events.stop()


def test_each_line_of_the_chosen_files_is_told_and_where_a_function_ends() -> None:
    told = Told()
    with following(told):
        followed.calls({})
    assert [line for line in told.lines("two_steps") if line > 0] == [1, 2]
    assert ("leave", "two_steps", 2) in told.events
    assert told.events[-1][:2] == ("leave", "calls")


def test_other_files_are_not_told() -> None:
    told = Told()
    with following(told):
        subprocess.list2cmdline(["a", "b"])
    assert told.events == []


def test_what_ran_while_its_file_was_not_followed_is_told_when_it_is() -> None:
    """As in the next scheduler run of a process, whose plugins are others."""
    nobody, told = Told(), Told()
    nobody.files = frozenset()
    for each in (nobody, told):
        events = line_events(each, None)
        assert events.start(None) is None
        followed.two_steps({})
        events.stop()
    assert nobody.events == []
    assert [line for line in told.lines("two_steps") if line > 0] == [1, 2]


def test_nothing_is_told_once_it_is_stopped() -> None:
    told = Told()
    with following(told):
        pass
    followed.calls({})
    assert told.events == []
    assert sys.gettrace() is None or not MONITORED


def test_a_function_that_ends_with_an_exception_is_left() -> None:
    told = Told()
    with following(told), suppress(KeyError):
        followed.fails()
    assert ("leave", "fails") in [event[:2] for event in told.events]


def test_a_generator_is_left_and_comes_back() -> None:
    told = Told()
    with following(told):
        list(followed.yields())  # type: ignore[call-overload]
    events = [event for event, _, _ in told.events]
    assert events.count("leave") == 3


def test_a_new_thread_is_followed() -> None:
    told = Told()
    with following(told):
        thread = threading.Thread(target=followed.two_steps, args=({},))
        thread.start()
        thread.join()
    assert [line for line in told.lines("two_steps") if line > 0] == [1, 2]


def test_a_thread_that_goes_on_afterwards_is_left_alone() -> None:
    told, go, results = Told(), threading.Event(), []

    def wait() -> None:
        go.wait()
        followed.two_steps({})
        results.append(sys.gettrace())

    with following(told):
        thread = threading.Thread(target=wait)
        thread.start()
    go.set()
    thread.join()
    assert told.events == []
    assert results == [threading._trace_hook]  # type: ignore[attr-defined]


def test_another_running_function_can_be_followed_too() -> None:
    told = Told()
    events = line_events(told, lambda: ())
    assert events.start(None) is None

    def elsewhere() -> int:
        events.follow(sys._getframe())
        first = 1
        return first + 1

    elsewhere()
    events.stop()
    assert {name for _, name, _ in told.events} == {"elsewhere"}
    assert len(told.lines("elsewhere")) >= 2


@contextmanager
def traced() -> Iterator[list[tuple[str, str, int]]]:
    """Someone else's trace function, in this thread and in new ones."""
    seen: list[tuple[str, str, int]] = []

    def trace(frame: FrameType, event: str, arg: object) -> Callable[..., object]:
        if frame.f_code.co_filename == followed.__file__:
            seen.append((event, frame.f_code.co_name, frame.f_lineno - START))
        return trace

    before, hook = sys.gettrace(), threading._trace_hook  # type: ignore[attr-defined]
    sys.settrace(trace)
    threading.settrace(trace)
    try:
        yield seen
        assert sys.gettrace() is trace, "it was not put back"
        assert threading._trace_hook is trace  # type: ignore[attr-defined]
    finally:
        sys.settrace(before)
        threading.settrace(hook)


def _work() -> None:
    with suppress(KeyError):
        followed.fails()
    list(followed.yields())  # type: ignore[call-overload]
    thread = threading.Thread(target=followed.calls, args=({},))
    thread.start()
    thread.join()


def test_an_installed_tracer_sees_what_it_would_see_anyway() -> None:
    with traced() as alone:
        _work()
    told = Told()
    with traced() as beside, following(told):
        _work()
    assert beside == alone
    assert told.lines("calls")


def test_a_debugger_that_takes_over_in_between_keeps_the_thread() -> None:
    mine: list[str] = []

    def debugger(frame: FrameType, event: str, arg: object) -> None:
        mine.append(frame.f_code.co_name)

    before = sys.gettrace()
    try:
        with following(Told(), sys._getframe()):
            sys.settrace(debugger)
            followed.two_steps({})
        assert sys.gettrace() is debugger
        assert "two_steps" in mine
    finally:
        sys.settrace(before)


@pytest.mark.skipif(not MONITORED, reason="there are no tool numbers before Python 3.12")
def test_without_a_number_left_it_says_so() -> None:
    if sys.version_info >= (3, 12):
        free = [number for number in range(6) if sys.monitoring.get_tool(number) is None]
        for number in free:
            sys.monitoring.use_tool_id(number, "test")
        try:
            why_not = line_events(Told(), lambda: ()).start(None)
        finally:
            for number in free:
                sys.monitoring.free_tool_id(number)
        assert why_not == "other tools have taken all numbers of sys.monitoring"


_MEASURED = """
import sys
sys.path[:0] = {paths!r}
from tests.blame import followed
from tests.blame.test_lines import Told, following
told = Told()
followed.two_steps({{}})
with following(told):
    followed.calls({{}})
followed.yields()
assert told.lines("calls"), told.events
"""


@pytest.mark.parametrize("core", ["ctrace", "pytrace", *(["sysmon"] if MONITORED else [])])
def test_coverage_measures_the_same_lines_with_every_core(tmp_path: Path, core: str) -> None:
    script = tmp_path / "measured.py"
    script.write_text(_MEASURED.format(paths=sys.path), encoding="utf-8")
    command = [sys.executable, "-m", "coverage", "run", "--data-file", str(tmp_path / "data")]
    environment = {"COVERAGE_CORE": core, "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run([*command, str(script)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    from coverage import CoverageData

    data = CoverageData(str(tmp_path / "data"))
    data.read()
    lines = {line - START for line in data.lines(followed.__file__) or ()}
    body = followed.calls.__code__.co_firstlineno - START
    assert {1, 2, body + 1, body + 2} <= lines


def test_a_function_that_one_follower_follows_can_be_followed_by_another_that_comes_later() -> None:
    first, second = Told(), Told()
    with following(first):
        events = line_events(second, list)

        def start() -> None:
            running = sys._getframe(1)
            assert events.start(running) is None
            events.follow(running)

        try:
            followed.starts_another(start)
        finally:
            events.stop()
    assert first.events[-1] == second.events[-1]
    assert second.events[-1][:2] == ("leave", "starts_another")
