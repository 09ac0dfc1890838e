"""Each limit that the documents state is one: small plugins do what it says, one build of all of them a backend.

A probe that fails because something is found after all is good news: the sentence goes.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sample_projects import harness
from tests.contract.writing import MARKS, environment, for_bst
from tests.preloaded import programs

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "known-limits.md"
PROJECT = Path(__file__).parent / "limits"

THREADS, FORK, POOL = "threads", "fork", "pool"
EVERYWHERE = (THREADS, POOL)
"""Where jobs are threads, and where they are processes; what depends on neither is not built three times."""
PROCESSES = (FORK, POOL)
ALL = (THREADS, FORK, POOL)
NEWER = sys.version_info >= (3, 12)


class Probe(NamedTuple):
    """What shows a limit.

    Attributes:
        says: words of the document.
        does: the element that shows it, and the function in `limits/plugins/limits.py`.
        finds: rule and path of all that is found in its jobs.
        on: the backends that it is true of.
        told: what its job has seen.
        undone: whether what is found was taken back.
        line: the code of the line that is named; an empty text is none.
    """

    says: str
    does: str
    finds: tuple[str, ...] = ()
    on: tuple[str, ...] = EVERYWHERE
    told: str | None = None
    undone: bool | None = None
    line: str | None = None


def _found(rule: str, path: str) -> tuple[str, ...]:
    return (f"{rule} {path}",)


PROBES = (
    Probe("Loading, `configure()`, `preflight()`, scheduling", "before_jobs"),
    Probe(
        "Nor are functions that were registered by `atexit`",
        "at_exit",
        _found("process-write", "atexit.register()"),
        undone=False,
    ),
    Probe("state that only C code can see (locks,", "foreign_lock"),
    Probe("open files, directories that are being listed", "foreign_listing"),
    Probe("connections to databases, compiled extension types)", "foreign_database"),
    Probe("and a `Future`, is counted", "foreign_future"),
    Probe(
        "What a job does to an own file, `mmap`,",
        "own_memory",
        _found("unshippable-state", "memory"),
    ),
    Probe("connection of `sqlite3`, future or lock is seen", "own_future", _found("unshippable-state", "promised")),
    Probe("what is in another one, processes share", "shared_memory"),
    Probe("so a first result is taken for what it should be", "first_result"),
    Probe(
        "the next one in the same process is",
        "next_result",
        _found("module-write", "computed('new')[2]"),
        on=(THREADS,),
        undone=True,
    ),
    Probe("what its other threads do is theirs", "other_thread"),
    Probe("A class that derives from `threading.local` is opaque", "derived_local"),
    Probe(
        "A `ContextVar` without a default can't be unset again",
        "unset_variable",
        _found("module-write", "UNSET.get()"),
        undone=False,
    ),
    Probe("of an exception while it is raised (its traceback and context)", "raised"),
    Probe("the flags that computing raises in a `decimal.Context`", "computing"),
    Probe("a write into the dictionary inside, which only `gc` hands out, is not", "variables"),
    Probe("A global that holds an object of another library is opaque", "object_of_a_library"),
    Probe("other data of theirs is not", "data_of_a_library"),
    Probe("a class that is registered with an abstract class of theirs", "class_registered_elsewhere"),
    Probe("`codecs.register()`, `codecs.register_error()`, `os.register_at_fork()`", "registrations"),
    Probe("is not told from what the job enters itself", "entered_beside_an_import"),
    Probe("is its own as long as no other element holds it", "from_a_future"),
    Probe("it counts as the dependency's", "two_of_a_future", _found("foreign-write", "lent[0]")),
    Probe("What jobs take from such a place while they run", "taken_first"),
    Probe("is the first one's", "taken_next", _found("foreign-write", "taken[1]"), on=(THREADS,)),
    Probe("each job takes a copy", "taken_next", on=(FORK,)),
    Probe("Nor is a logger that `getLogger()` does not give", "foreign_logger"),
    Probe("what a plugin writes on disk is not looked at", "file"),
    Probe("one that is closed in the job and taken again by something that stays open", "number_taken_again"),
    Probe(
        "An epoll or eventfd is a plugin's only where its code names what makes one",
        "unnamed_epoll",
        _found("unshippable-state", "kept"),
    ),
    Probe(
        "What C code opens has no line",
        "opened_by_c",
        _found("leaked-descriptor", "descriptor 'project.conf'"),
        line="",
    ),
    Probe("what the core opens on a plugin's behalf", "opened_by_core", _found("unshippable-state", "file")),
    Probe("A job that fails by itself is not asked", "failing", _found("unshippable-state", "opened")),
    Probe("A lock that is only handed around is not seen there", "handed_around"),
    Probe(
        "name the last line that assigned to the attribute",
        "own_attribute",
        _found("unshippable-state", "file"),
        line="self.file = threading.Lock()",
    ),
    Probe(
        "and none where a container was changed in place",
        "own_container",
        _found("unshippable-state", "table['lock']"),
        line="",
    ),
    Probe(
        "the main thread can see a foreign change that is undone afterwards",
        "older_thread_reads",
        _found("foreign-write", "opt"),
        on=(THREADS,),
        told="foreign",
        undone=True,
    ),
    Probe(
        "what they change during a job counts as that job's",
        "older_thread_writes",
        _found("module-write", "STATE['late']"),
        on=(THREADS,),
    ),
    Probe(
        "its write has no line",
        "older_thread_writes",
        _found("module-write", "STATE['late']"),
        on=(THREADS,),
        line='STATE["late"] = 1' if NEWER else "",
    ),
    Probe("of the main process are not those of a job", "rings_main", told="False", on=PROCESSES),
    Probe("A worker has no such thread", "has_older_thread", on=PROCESSES, told="False"),
    Probe(
        "what the main thread writes between jobs is sent only after a Track job",
        "container_of_main",
        told="0",
        on=PROCESSES,
    ),
    Probe("BuildStream itself assigns attributes", "attribute_of_main", told="1", on=ALL),
    Probe(
        "Classes and modules that code on the main thread changes are not sent at all",
        "class_of_main",
        told="0",
        on=PROCESSES,
    ),
    Probe("has an id and a session of its own", "another_process", told="False False", on=PROCESSES),
    Probe("Nor do jobs wait for what else works only inside of one process", "hears", told="False", on=(FORK,)),
    Probe("never meet where jobs are processes", "hears", told="False", on=(FORK,)),
)
"""In the document's order."""

ELSEWHERE = {
    "sample_projects": {
        "What it changes and changes back was never there": "changed_back",
        "a job has moved on cannot be put back": "c_state_foreign",
        "or is left by a shell": "left_by_library",
        "become children of this process while a scheduler run lasts": "left_by_library",
    },
    "tests/bst/elements/test_process_units.py": {
        "only the main thread could": "test_a_signal_handler_is_seen_and_so_is_that_it_was_put_back",
    },
    "tests/contract/test_unique_keys.py": {
        "that looks for `key-drift` is silent": "test_nobody_hears_or_sees_that_it_was_asked_again",
    },
    "tests/contract/test_blame.py": {
        "the result of a `Future` that `configure()` keeps": "test_what_was_not_seen_says_so",
        "is the first line that ran": "test_where_it_was_obtained_is_the_first_line_that_reached",
        "without a line. `--blame": "test_a_job_of_many_lines_is_followed_up_to_a_bound_and_what_comes_later_says_so",
        "`--blame full` has no bound": "test_full_follows_all_lines_of_a_job",
        "takes the trace function over": "test_after_another_tracer_took_over_no_line_is_blamed_wrongly",
    },
    "writes": {
        "counts as the line that runs it": "exec_",
        "so does code of other packages that a plugin calls, and C code": "operator_",
        "is named by the line that Python gives to its last step": "several_lines_of_one_statement",
        "the line that fits the change better is named": "thread_beside_a_call",
    },
    "tests/contract/test_core_plugins.py": {
        "are not followed. What they write is found": "test_no_line_of_a_core_plugin_is_followed",
        "`--blame full` follows them, too": "test_full_follows_core_plugins_too",
    },
    "tests/bst/test_gating.py": {
        "was done in a job that is over": "test_a_write_past_the_hooks_is_found_by_a_full_compare",
        "can see what it held before": "test_who_reads_past_the_hooks_sees_what_was_there_before",
        "is found in `pool` by the next full compare": "test_a_write_past_the_hooks_is_found_by_a_full_compare",
    },
    "tests/bst/test_late_writes.py": {
        "is given to the job that left them": "test_a_job_is_not_blamed_for_what_a_left_thread_does",
        "a line of the later one was seen changing it": "test_a_jobs_own_write_is_its_own_although_a_thread_is_left",
        "the later job's own element": "test_what_a_left_thread_writes_on_a_later_jobs_own_element_is_not_told",
    },
    "tests/bst/observing/test_late.py": {
        "by what has ended meanwhile": "test_a_process_may_be_that_of_a_left_one_when_one_of_these_has_ended",
    },
    "tests/contract/test_shared_locks.py": {
        "are not carried from process to process": "test_one_job_at_a_time_is_where_a_lock_lets_one_in",
        "jobs wait from then on": "test_a_lock_that_is_found_in_a_job_is_kept_from_then_on",
    },
}
"""What shows the others: tests, sample projects, and forms of the project of `writes`."""

NO_PROBE = {
    "They are not entered": "says where the subject ends; tests/bst/elements/test_walk_policy.py has what is a border",
    "can overtake its BuildStream messages": "is about who comes first: a test of it would depend on luck",
    "a signal to it can end the build": "is BuildStream's, and a matter of luck: one of eight stock builds ended so",
    "keeps what it has dropped": "is what tracing makes of Python's own frames, and no doing of ours",
}
"""Why there can be none."""


def _bullets() -> list[str]:
    found: list[str] = []
    for line in PAGE.read_text(encoding="utf-8").partition("## Which rule arises where")[0].splitlines():
        if line.startswith("* "):
            found.append(line)
        elif line.startswith("  ") and found:
            found[-1] += f" {line.strip()}"
    return found


BULLETS = _bullets()
SAID = [*(probe.says for probe in PROBES), *(words for shows in ELSEWHERE.values() for words in shows), *NO_PROBE]


@pytest.mark.once
@pytest.mark.parametrize("words", SAID)
def test_what_is_shown_is_said(words: str) -> None:
    assert len([bullet for bullet in BULLETS if words in bullet]) == 1


@pytest.mark.once
@pytest.mark.parametrize("bullet", BULLETS, ids=lambda bullet: bullet[4:30])
def test_what_is_said_is_shown(bullet: str) -> None:
    assert any(words in bullet for words in SAID)


@pytest.mark.once
@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_is_shown_elsewhere_is_there(place: str) -> None:
    names = set(ELSEWHERE[place].values())
    if place == "sample_projects":
        there = set(harness.names())
    elif place == "writes":
        there = set(MARKS)
    else:
        there = set(re.findall(r"^def (test_\w+)\(", (ROOT / place).read_text(encoding="utf-8"), re.M))
    assert names - there == set()


class Ran(NamedTuple):
    """One build of all probes: what was found by element, and what jobs have seen."""

    found: dict[str, list[dict[str, Any]]]
    told: dict[str, str]


_NEEDS = {"next_result": "first_result", "taken_next": "taken_first", "hears": "rings", "two_of_a_future": "lends"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ran]:
    """What the probes of a backend give there; one build a backend."""

    @functools.cache
    def run(backend: str) -> Ran:
        directory = tmp_path_factory.mktemp(backend)
        project = directory / "project"
        shutil.copytree(PROJECT, project)
        elements = sorted({probe.does for probe in PROBES if backend in probe.on})
        _write_elements(project / "elements", elements)
        return _build(directory, project, backend, elements)

    return run


def _write_elements(folder: Path, elements: list[str]) -> None:
    folder.mkdir()
    for name in ("told", "done"):
        folder.with_name(name).mkdir()
    (folder / "base.bst").write_text("kind: keeps\n", encoding="utf-8")
    for name in {*elements, *(_NEEDS[name] for name in elements if name in _NEEDS)}:
        needs = ["base.bst", *(f"{_NEEDS[name]}.bst" for _ in [0] if name in _NEEDS)]
        text = f"kind: limits\nconfig:\n  does: {name}\nbuild-depends: [{', '.join(needs)}]\n"
        (folder / f"{name}.bst").write_text(text, encoding="utf-8")


def _build(directory: Path, project: Path, backend: str, elements: list[str]) -> Ran:
    report = directory / "report.json"
    command = [sys.executable, "-m", "enforcer", "run", "--mode", "discard", "--backend", backend, "--no-html"]
    command += ["--report", f"json:{report}", "--", *for_bst(directory, project), "--on-error", "continue", "build"]
    command += [f"{name}.bst" for name in elements]
    done = programs.run(command, env=environment(directory), capture_output=True, text=True, timeout=200, check=False)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["errors"] == [], done.stderr
    done_until_their_end = {path.name for path in (project / "done").iterdir()}
    assert {*elements} - done_until_their_end <= {"failing"}, done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for violation in told["violations"]:
        for example in violation["examples"]:
            found.setdefault(example["element"].removesuffix(".bst"), []).append(violation)
    seen = {path.name: path.read_text(encoding="utf-8").strip() for path in project.glob("told/*")}
    return Ran(found, seen)


@pytest.mark.parametrize(
    ("probe", "backend"),
    [
        pytest.param(probe, backend, id=f"{backend}-{probe.does}-{number}")
        for number, probe in enumerate(PROBES)
        for backend in probe.on
    ],
)
def test_it_is_so(probe: Probe, backend: str, built: Callable[[str], Ran]) -> None:
    ran = built(backend)
    found = ran.found.get(probe.does, [])
    assert sorted(f"{each['rule']} {each['path']}" for each in found) == sorted(probe.finds)
    if probe.told is not None:
        assert ran.told[probe.does] == probe.told
    for each in found:
        assert probe.undone in (None, each["undone"])
        assert probe.line in (None, (each["site"] or {"code": ""})["code"])
