"""To compare only what a job touched finds all that a full compare finds, later: held to an account of all writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from enforcer.settings.settings import Mode
from tests.bst.gating import ACTS, BYPASSES, CLASSES, HELD, OWN, Act, Hold, Replica
from tests.properties import property_settings

ELEMENTS = st.integers(0, len(CLASSES) - 1)
KEYS = st.integers(0, 2)
HOLDS = st.lists(st.builds(Hold, ELEMENTS, ELEMENTS, st.sampled_from(sorted(HELD))), max_size=4)
BYPASS = st.builds(Act, st.sampled_from(BYPASSES), ELEMENTS, KEYS)
ANY = st.builds(Act, st.sampled_from(sorted(ACTS)), ELEMENTS, KEYS)
UPDATE = st.tuples(st.just("update"), ELEMENTS, st.sampled_from(OWN), KEYS)
JOB = st.tuples(
    *(
        st.just("job"),
        ELEMENTS,
        st.lists(st.tuples(st.booleans(), ANY | BYPASS), max_size=5),
        st.sampled_from([0, 0, 0, 1]),
    )
)
PROGRAM = st.lists(JOB | JOB | UPDATE, min_size=1, max_size=9)


@property_settings("ENFORCER_GATING_EXAMPLES", 100)
@given(holds=HOLDS, program=PROGRAM, mode=st.sampled_from([Mode.STRICT, Mode.STRICT, Mode.DISCARD, Mode.SOFT]))
def test_every_foreign_write_is_found_once_and_never_leaves(holds: list[Hold], program: list[Any], mode: Mode) -> None:
    run(holds, program, mode, note)


def run(holds: list[Hold], program: list[Any], mode: Mode, log: Callable[[str], None]) -> Replica:
    replica = Replica(holds, mode)
    try:
        for step, number, what, last in program:
            if step == "update":
                replica.update(number, what, last)
            else:
                # Half of all acts, whatever they are, are the job's own.
                acts = [act._replace(target=number) if own else act for own, act in what]
                replica.job(number, acts, due=bool(last))
            if replica.threads:
                break  # as its worker would
        for event, thread in replica.threads:
            event.set()
            thread.join()
        replica.sweep()
        check(replica)
    finally:
        log("\n".join(replica.log))
        replica.end()
    return replica


def check(replica: Replica) -> None:
    found = Counter(token for report in replica.reports for token in report.tokens)
    for report in replica.reports:
        for token in report.tokens:
            assert token in replica.foreign, f"{token} was no foreign write"
            assert replica.foreign[token].job in report.candidates, f"{token} is said to be another job's"
    for token, write in replica.foreign.items():
        allowed = range(1 if write.firm else 0, 2 if write.owned else 9)
        assert found[token] in allowed, f"{token} was found {found[token]} times"
    common = replica.in_common()
    left = [token for token, write in replica.foreign.items() if write.owned and repr(token) in repr(common)]
    assert left == [], "foreign writes left"
    assert replica.mode is Mode.SOFT or replica.dropped or replica.up_to_date() == common


A, B, GUARDED, CAREFUL, TABLE = range(len(CLASSES))
Start = Callable[..., Replica]


@pytest.fixture
def start() -> Iterator[Start]:
    """Makes a replica; its tokens are checked in the end."""
    started: list[Replica] = []

    def start(*holds: Hold, mode: Mode = Mode.STRICT) -> Replica:
        started.append(Replica(holds, mode))
        return started[0]

    yield start
    for replica in started:
        try:
            replica.sweep()
            check(replica)
        finally:
            replica.end()


def when(replica: Replica) -> list[tuple[str, list[str]]]:
    """When something was found, and the elements whose jobs can have done it."""
    return [(report.when, [job.element for job in report.candidates]) for report in replica.reports]


@pytest.mark.parametrize("way", sorted(HELD))
def test_what_an_element_has_kept_since_before_the_fork_is_compared_at_once(start: Start, way: str) -> None:
    replica = start(Hold(B, A, way))
    replica.job(B, [Act("write to what is held", B)])
    assert when(replica) == [("at once", ["e1"])]


def test_what_a_job_writes_on_what_it_holds_is_its_own_doing_although_it_reaches_for_the_owner_later(
    start: Start,
) -> None:
    replica = start(Hold(B, A, "list"))
    # After this one, the owner is not among what was compared.
    replica.job(GUARDED, [Act("attribute", GUARDED)])
    replica.job(B, [Act("write to what is held", B), Act("read", A)])
    assert when(replica) == [("at once", ["e1"])]


def test_a_container_that_an_earlier_job_has_kept_is_compared_at_once(start: Start) -> None:
    replica = start()
    replica.job(A, [Act("hold a container", B), Act("hold a method", B, 1)])
    replica.job(A, [Act("write to what is held", A)])
    assert when(replica) == [("at once", ["e0"])]


def test_a_container_inside_of_a_kept_one_is_compared_at_once(start: Start) -> None:
    replica = start(Hold(B, A, "container"), Hold(TABLE, B, "keep"))
    replica.run_graph.stash["k0"] = replica.run_graph.elements[A].core_env
    replica.job(TABLE, [Act("write to what is stashed", TABLE)])
    assert when(replica) == [("at once", ["e4"])]


@pytest.mark.parametrize(
    ("name", "target"), [("vars", B), ("attribute", GUARDED), ("attribute", CAREFUL), ("dict.__setitem__", TABLE)]
)
def test_elements_that_evade_the_hooks_are_compared_at_once(start: Start, name: str, target: int) -> None:
    replica = start()
    replica.job(A, [Act(name, target)])
    assert when(replica) == [("at once", ["e0"])]


@pytest.mark.parametrize("name", ["class", "module"])
def test_what_is_shared_is_compared_at_once_and_told_once(start: Start, name: str) -> None:
    replica = start()
    replica.job(A, [Act(name, A)], due=True)
    assert when(replica) == [("at once", ["e0"])]


PAST_THE_HOOKS = ["object.__getattribute__", "object.__setattr__", "gc.get_referents", "write to what is stashed"]


def past_the_hooks(replica: Replica, name: str) -> None:
    """Jobs of others, one of which writes to B in a way that no hook sees, and of A."""
    if name == "write to what is stashed":
        replica.job(GUARDED, [Act("stash a container", B)])
    replica.job(A, [Act(name, B)])
    replica.job(GUARDED, [])
    assert when(replica) == []
    assert replica.foreign != {}


def check_found_once(replica: Replica, found: str, last_candidates: list[str]) -> None:
    """One write was found, then, and these are the last of the jobs that can have done it."""
    ((then, candidates),) = when(replica)
    assert (then, candidates[-len(last_candidates) :]) == (found, last_candidates)


@pytest.mark.parametrize("name", PAST_THE_HOOKS)
def test_a_write_past_the_hooks_is_found_before_its_victims_own_job(start: Start, name: str) -> None:
    replica = start()
    past_the_hooks(replica, name)
    replica.job(B, [Act("environment", B, 2), Act("list", B), Act("attribute", B)])
    check_found_once(replica, "before", ["e0", "e2"])


@pytest.mark.parametrize("name", PAST_THE_HOOKS)
def test_a_write_past_the_hooks_is_found_by_a_full_compare(start: Start, name: str) -> None:
    replica = start()
    past_the_hooks(replica, name)
    replica.job(CAREFUL, [], due=True)
    check_found_once(replica, "full compare", ["e0", "e2", "e3"])


@pytest.mark.parametrize("name", PAST_THE_HOOKS)
def test_a_write_past_the_hooks_is_found_when_the_worker_retires(start: Start, name: str) -> None:
    replica = start()
    past_the_hooks(replica, name)
    replica.sweep()
    check_found_once(replica, "end", ["e0", "e2"])


def test_who_reads_past_the_hooks_sees_what_was_there_before(start: Start) -> None:
    replica = start()
    replica.update(B, "attribute", 0)
    element = replica.run_graph.elements[B]
    assert object.__getattribute__(element, "note") is None
    replica.job(A, [Act("read", B)])
    assert object.__getattribute__(element, "note").startswith("update")


@pytest.mark.parametrize("name", PAST_THE_HOOKS)
def test_who_only_reads_there_later_is_not_alone_to_blame(start: Start, name: str) -> None:
    replica = start()
    past_the_hooks(replica, name)
    replica.job(CAREFUL, [Act("read", B)])
    check_found_once(replica, "early", ["e0", "e2", "e3"])


def test_who_writes_past_the_hooks_to_what_was_just_compared_is_alone_to_blame(start: Start) -> None:
    replica = start()
    replica.job(CAREFUL, [Act("read", B)])
    replica.job(A, [Act("object.__setattr__", B), Act("read", B)])
    assert when(replica) == [("at once", ["e0"])]


@pytest.mark.parametrize("mode", [Mode.STRICT, Mode.SOFT])
def test_a_write_is_found_before_an_update_that_comes_later_is_applied(start: Start, mode: Mode) -> None:
    replica = start(mode=mode)
    replica.job(A, [Act("object.__setattr__", B), Act("object.__getattribute__", B)])
    replica.update(B, "attribute", 0)
    replica.update(B, "environment", 1)
    replica.job(CAREFUL, [Act("read", B)])
    assert when(replica) == [("early", ["e0", "e3"])]


def test_all_updates_at_once_cover_no_write(start: Start) -> None:
    replica = start()
    replica.job(A, [Act("object.__setattr__", B)])
    replica.update(B, "attribute", 0)
    replica.pending.apply_all()
    replica.job(CAREFUL, [])
    assert when(replica) == [("before", ["e0"])]


def test_a_unit_that_is_walked_anew_for_anothers_sake_covers_no_write(start: Start) -> None:
    """B keeps A's environment, which A then replaces: the old one is B's alone."""
    replica = start(Hold(B, A, "container"))
    replica.job(CAREFUL, [Act("object.__setattr__", B)])
    replica.update(A, "new environment", 0)
    replica.job(A, [])
    assert when(replica) == [("before", ["e3"])]


def test_a_job_whose_element_would_be_walked_anew_meanwhile_loses_nothing(start: Start) -> None:
    """B comes to keep A's list as core keeps things: from then on it is B's, but not while a job of A runs."""
    replica = start()
    replica.job(B, [Act("hold a list by a framework attribute", A)])
    replica.job(A, [Act("attribute", A), Act("read", B)])
    assert when(replica) == []


def test_what_a_thread_writes_when_its_job_is_over_is_found_when_the_worker_retires(start: Start) -> None:
    replica = start()
    replica.job(A, [Act("leave a thread", B)])
    for event, thread in replica.threads:
        event.set()
        thread.join()
    replica.sweep()
    assert when(replica) == [("end", ["e0"])]


@pytest.mark.parametrize("name", ["attribute", "environment", "list", "set", "object", "source"])
def test_under_soft_a_foreign_change_stays_and_leaves_with_no_later_job(start: Start, name: str) -> None:
    replica = start(mode=Mode.SOFT)
    replica.job(A, [Act(name, B)])
    replica.job(A, [Act("read", B)], due=True)
    assert replica.run_graph.elements[B].note is not None or name != "attribute"
    replica.job(B, [Act(own, B, 1) for own in OWN if own not in ("new environment", "new object")])
    assert when(replica) == [("at once", ["e0"])]
