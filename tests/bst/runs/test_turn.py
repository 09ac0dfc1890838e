"""One job at a time, first come first served, and nobody waits for what will not come."""

from __future__ import annotations

import threading

from enforcer.bst.runs.turn import Turn


def never() -> bool:
    return False


def test_the_turn_goes_to_whoever_asked_first() -> None:
    turn, order = Turn(), []
    assert turn.acquire("first", never)
    threads = []
    for name in ("second", "third"):
        thread = threading.Thread(
            target=lambda name=name: (turn.acquire(name, never), order.append(name), turn.release(name))
        )
        thread.start()
        while name not in turn._waiting:  # the next must queue behind this one
            threading.Event().wait(0.001)
        threads.append(thread)
    turn.release("first")
    for thread in threads:
        thread.join()
    assert order == ["second", "third"]


def test_only_the_holder_releases_and_twice_is_harmless() -> None:
    turn = Turn()
    assert turn.acquire("holder", never)
    turn.release("somebody else")
    turn.release("holder")
    turn.release("holder")
    assert turn.acquire("next", never)


def test_a_turn_that_nobody_will_release_is_given_up() -> None:
    turn = Turn()
    assert turn.acquire("holder", never)
    assert not turn.acquire("waiting", lambda: True)
    turn.release("holder")
    assert turn.acquire("next", never)
