"""What a thread that an earlier job left changes during a later one is never said to be the later one's doing."""

from __future__ import annotations

import pytest

from tests.bst.builds import Build

# In turns with the later job, by events: nothing is left to luck.
_LEAVES = (
    "threading.asked, threading.done = threading.Event(), threading.Event(); env = dep.get_environment(); "
    "late = lambda env=env: (threading.asked.wait(30), {write}, threading.done.set(), threading.Event().wait(5)); "
    "threading.Thread(target=late, daemon=True).start()"
)
_LATE = _LEAVES.format(write="env.update(LATE='1')")
_WAITS = "threading.asked.set(); threading.done.wait(30)"


@pytest.fixture
def late(build: Build) -> Build:
    """`first` leaves a thread that writes on `base` while `second` is built."""
    build.element("first", _LATE, "base")
    return build


def built(build: Build, **line: str) -> list[tuple[str, str, list[str]]]:
    """The rule, the job and the candidates of each finding, after `first` and then `second` are built."""
    build.element("second", line["second"], "base", "first", runs=True)
    ran = build.enforced("--on-error", "continue", "build", "first.bst", "second.bst", mode="discard")
    assert ran.report["errors"] == [], ran.output
    return [
        (found["rule"], found["job"]["element"], [job["element"] for job in found["candidates"]])
        for found in ran.report["violations"]
    ]


LEFT = ("leaked-thread", "first.bst", [])


@pytest.mark.parametrize(
    "second",
    [_WAITS, f"env = dep.get_environment(); {_WAITS}; len(env)"],
    ids=["that does nothing", "that reads what is changed"],
)
def test_a_job_is_not_blamed_for_what_a_left_thread_does(late: Build, second: str) -> None:
    assert built(late, second=second) == [("foreign-write", "first.bst", ["first.bst", "second.bst"]), LEFT]


def test_a_jobs_own_write_is_its_own_although_a_thread_is_left(late: Build) -> None:
    base = "next(element for element in Plugin._Plugin__TABLE.values() if element.name == 'base.bst')"
    second = f"{base}.note = 1; {_WAITS}"
    found = built(late, second=second)
    assert sorted(found) == sorted(
        [
            ("foreign-write", "first.bst", ["first.bst", "second.bst"]),
            ("foreign-write", "second.bst", []),
            LEFT,
        ]
    )


def test_what_a_left_thread_writes_on_a_later_jobs_own_element_is_not_told(build: Build) -> None:
    build.element("first", _LEAVES.format(write="setattr(threading.later[0], 'note', 'late')"), "base")
    second = f"threading.later = [self]; {_WAITS}; assert_ = 1 / (self.note == 'late')"
    assert built(build, second=second) == [LEFT]


def test_what_a_left_thread_starts_is_left_by_its_job(build: Build) -> None:
    starts = "threading.Thread(target=lambda: threading.Event().wait(5), daemon=True).start()"
    build.element("first", _LEAVES.format(write=starts), "base")
    assert built(build, second=_WAITS) == [LEFT]


_WRITING = """
def base():
    return next(element for element in Plugin._Plugin__TABLE.values() if element.name == "base.bst")


def attribute(element):
    element.note = 1


def by_its_name(element):
    setattr(element, "note", 1)


def by_a_keyword(element):
    element.__dict__.update(note=1)


def by_a_table(element):
    vars(element).update({"note": 1, "more": 2})


def by_a_table_of_another_line(element):
    table = {"note": 1}
    element.__dict__.update(table)


def by_a_call(element):
    note = dict(note=1)
    vars(element).update(note)


"""


@pytest.mark.parametrize(
    "writes",
    ["attribute", "by_its_name", "by_a_keyword", "by_a_table", "by_a_table_of_another_line", "by_a_call"],
)
def test_a_line_that_sets_an_attribute_in_whatever_way_is_its_jobs_although_a_thread_is_left(
    build: Build, writes: str
) -> None:
    plugin = build.project / "plugins" / "acts.py"
    text = plugin.read_text(encoding="utf-8")
    plugin.write_text(text.replace("class Acts(", _WRITING + "class Acts("), encoding="utf-8")
    build.element("first", "threading.Thread(target=threading.Event().wait, args=(60,), daemon=True).start()", "base")
    found = built(build, second=f"{writes}(base())")
    assert sorted(set(map(str, found))) == sorted(map(str, [("foreign-write", "second.bst", []), LEFT]))
