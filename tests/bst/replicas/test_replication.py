"""What main and a job change at the same time, and that all processes agree in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from enforcer.bst.replicas.assignments import Assigned
from enforcer.bst.replicas.replication import ConflictError
from tests.bst.loaded import Do, Loaded

Start = Callable[..., Loaded]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Loads a project and forks, with the functions of a test."""
    for kind in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    started: list[Loaded] = []

    def start(*functions: Do, note: Any = None) -> Loaded:
        started.append(Loaded(tmp_path, *functions, note=note))
        return started[0]

    yield start
    for loaded in started:
        loaded.end()


def assign(loaded: Loaded, obj: Any, **values: Any) -> None:
    """Let main assign attributes, as its hooks would tell of it."""
    for name, value in values.items():
        setattr(obj, name, value)
    send_changes(loaded, [Assigned(obj, set(values))])


def send_changes(loaded: Loaded, assigned: list[Assigned], exact: set[Any] | None = None) -> int:
    """Send what main has changed; returns how many updates that were."""
    author = f"main{loaded.replication.position}"
    updates = loaded.replication.capture(assigned, exact or set(), author)
    for _, payload in updates:
        loaded.send(payload)
    return len(updates)


def look(loaded: Loaded) -> Any:
    app = loaded.app
    return app.note, app._Element__cache_key, app._message_kwargs.get("element_key")


def look_at_note(loaded: Loaded) -> Any:
    return loaded.app.note


def job_with_keys(loaded: Loaded) -> None:
    loaded.app.note = "job"
    loaded.app._Element__cache_key = "job's"
    loaded.app._message_kwargs["element_key"] = "job's"


def test_what_main_assigns_reaches_all_workers_with_what_hangs_on_it(start: Start) -> None:
    def nested(loaded: Loaded) -> Any:
        return loaded.app.note["list"], loaded.base.tags

    loaded = start(nested)
    assign(loaded, loaded.app, note={"list": [1]})
    assign(loaded, loaded.base, tags=("a",))
    assert loaded.everywhere(nested) == ([1], ("a",))


def test_a_job_changes_what_main_has_made(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app.note["list"].append(2)

    loaded = start(change, look_at_note)
    assign(loaded, loaded.app, note={"list": [1]})
    loaded.job(change)
    assert loaded.everywhere(look_at_note) == {"list": [1, 2]}


def test_what_main_deletes_is_gone_everywhere(start: Start) -> None:
    def has_note(loaded: Loaded) -> Any:
        return hasattr(loaded.app, "note")

    loaded = start(has_note)
    del loaded.app.note
    send_changes(loaded, [Assigned(loaded.app, {"note"})])
    assert loaded.everywhere(has_note) is False


def test_changes_inside_of_containers_are_found_where_plugin_code_ran_in_main(start: Start) -> None:
    loaded = start(look_at_note, note=[1])
    loaded.app.note.append(2)
    assert send_changes(loaded, [], {loaded.app}) == 1
    assert loaded.everywhere(look_at_note) == [1, 2]
    assert send_changes(loaded, [], {loaded.app}) == 0


def test_what_core_says_of_a_key_goes_with_the_key(start: Start) -> None:
    loaded = start(look)
    loaded.app._message_kwargs["element_key"] = "shown"
    assign(loaded, loaded.app, _Element__cache_key="main's")
    assert loaded.everywhere(look) == (None, "main's", "shown")


def test_mains_cache_keys_win_over_a_jobs_in_all_processes(start: Start) -> None:
    loaded = start(job_with_keys, look)
    known = loaded.replication.position
    payload = loaded.work(job_with_keys)
    assert payload is not None
    loaded.app._message_kwargs["element_key"] = "main's"
    assign(loaded, loaded.app, _Element__cache_key="main's")
    loaded.send(loaded.replication.apply_job(payload, known))
    assert look(loaded) == ("job", "main's", "main's")
    send_changes(loaded, [])
    assert loaded.everywhere(look) == ("job", "main's", "main's")


def test_a_job_that_knew_mains_change_wins(start: Start) -> None:
    loaded = start(job_with_keys, look)
    # An update of nothing comes first: positions count what is sent.
    send_changes(loaded, [Assigned(loaded.project, {"name"})])
    assign(loaded, loaded.app, _Element__cache_key="main's", note="main")
    loaded.job(job_with_keys)
    assert loaded.everywhere(look) == ("job", "job's", "job's")


def change_note(loaded: Loaded) -> None:
    loaded.app.note = "job"


def change_inside(loaded: Loaded) -> None:
    if type(loaded.app.note) is dict:
        loaded.app.note[("a", 1)] = "job"
    else:
        loaded.app.note.append("job")


def mains_note(loaded: Loaded) -> None:
    assign(loaded, loaded.app, note="main")


def mains_inside(loaded: Loaded) -> None:
    if type(loaded.app.note) is dict:
        loaded.app.note[("a", 1)] = "main"
    else:
        loaded.app.note.append("main")
    send_changes(loaded, [], {loaded.app})


@pytest.mark.parametrize(
    ("note", "job", "main", "told"),
    [
        (None, change_note, mains_note, "'note'"),
        ([], change_inside, mains_inside, "what it holds"),
        ({("a", 1): 1}, change_inside, mains_inside, r"\('a', 1\)"),
    ],
    ids=["attribute", "list", "dict"],
)
def test_anything_else_that_both_changed_is_an_error_that_names_it(
    start: Start, note: Any, job: Do, main: Callable[[Loaded], None], told: str
) -> None:
    loaded = start(job, note=note)
    known = loaded.replication.position
    payload = loaded.work(job)
    assert payload is not None
    main(loaded)
    with pytest.raises(ConflictError, match=f"both changed {told} of a "):
        loaded.replication.apply_job(payload, known)


def test_main_may_change_another_key_meanwhile(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app.note["job"] = 1

    loaded = start(change, look_at_note, note={})
    known = loaded.replication.position
    payload = loaded.work(change)
    assert payload is not None
    loaded.app.note["main"] = 2
    send_changes(loaded, [], {loaded.app})
    loaded.send(loaded.replication.apply_job(payload, known))
    assert loaded.everywhere(look_at_note) == {"main": 2, "job": 1}
