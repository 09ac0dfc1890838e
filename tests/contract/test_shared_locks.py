"""What a lock of plugins keeps apart in stock is kept apart where jobs are processes, and nothing else is."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import pytest

from tests.contract.lab import CASD, Lab, Running, Step

Labs = Callable[..., Lab]

_KIND = '''
import collections, os, threading
from buildstream import Source, SourceError
{lock}
HERE = os.environ["MEETING"]


def say(word):
    open(os.path.join(HERE, word), "w").close()


def heard(word):
    return os.path.exists(os.path.join(HERE, word))


class Guarded(Source):
    """Says when it is in its room, in which it must be alone, and waits there for what it is to hear."""

    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        self.who = node.get_str("who")
        self.room = node.get_str("room", "room")
        self.until = node.get_str("until", "go")
        self.fails = node.get_str("fails", "")
        self.ref = "1"
        self.fetched = False

    def preflight(self): pass
    def get_unique_key(self): return [self.who]
    def load_ref(self, node): pass
    def get_ref(self): return self.ref
    def set_ref(self, ref, node): pass
    def is_cached(self): return self.fetched
    def stage(self, directory): pass

    def fetch(self):
        with {guard}:
            self.enter()
        self.fetched = True

    def enter(self):
        room = os.path.join(HERE, self.room)
        try:
            os.close(os.open(room, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            say("refused-" + self.who)
            raise SourceError("two at once in the " + self.room)
        try:
            say("in-" + self.who)
            for _ in range(6000):
                if heard(self.until) or not self.until:
                    break
                threading.Event().wait(0.01)
            else:
                raise SourceError("never heard " + self.until)
        finally:
            os.unlink(room)
        self.fail()

    def fail(self):
        if self.fails == "once" and not heard("failed"):
            say("failed")
            raise SourceError("not now", temporary=True)
        if self.fails == "raises":
            raise SourceError("never")
        if self.fails == "dies":
            os.kill(os.getpid(), 9)


def setup():
    return Guarded
'''

LOCKS = {
    "global": ("LOCK = threading.Lock()", "LOCK"),
    "table": ("LOCKS = {}", "LOCKS.setdefault(self.room, threading.Lock())"),
    "class": ("class Shared:\n    LOCK = threading.RLock()", "Shared.LOCK"),
}
_CONF = """
name: tiny
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
  sources: [guarded, other]
"""

_ENTRY_POINTS = """
[buildstream.plugins.sources]
guarded = acme.guarded
other = acme.other
"""


class Meeting:
    """A project of one lab whose jobs meet in rooms, and the folder in which they talk."""

    def __init__(self, lab: Lab, lock: str = "global") -> None:
        self.lab = lab
        self.folder = lab.directory / "meeting"
        self.folder.mkdir()
        lab.write("project.conf", _CONF)
        for kind, of in (("guarded", lock), ("other", "global")):
            self.kind(kind, *LOCKS[of])

    def kind(self, kind: str, lock: str, guard: str) -> None:
        """Write a kind of source with this lock."""
        self.lab.write(f"plugins/{kind}.py", _KIND.format(lock=lock, guard=guard))

    def package(self, lock: str, guard: str) -> str:
        """Install both kinds as a package that has a module with a lock beside them; what PYTHONPATH is then."""
        self.lab.is_preloaded = False  # installed packages are looked up when a process starts
        packages = self.lab.directory / "packages"
        files = {
            "acme/__init__.py": "",
            "acme/_shared.py": "import threading\nLOCK = threading.Lock()\n",
            "acme/guarded.py": _KIND.format(lock=lock, guard=guard),
            "acme/other.py": _KIND.format(lock=lock, guard=guard),
            "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
            "acme-1.0.dist-info/entry_points.txt": _ENTRY_POINTS,
        }
        for name, text in files.items():
            path = packages / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.lab.write("project.conf", _CONF.replace("local\n  path: plugins", "pip\n  package-name: acme"))
        return os.pathsep.join([str(packages), self.lab.environment({})["PYTHONPATH"]])

    def element(self, who: str, *kinds: str, **config: str) -> None:
        """Add an element with a source of each kind."""
        options = "".join(f"  {name}: {value!r}\n" for name, value in {"who": who, **config}.items())
        sources = "".join(f"- kind: {kind}\n{options}" for kind in kinds or ["guarded"])
        self.lab.raw_element(who, f"kind: import\nsources:\n{sources}")

    def start(self, *who: str, **env: str) -> Running:
        """Start fetching these elements."""
        names = [f"{name}.bst" for name in who]
        arguments = ("--on-error", "continue", "source", "fetch", "--deps", "none", *names)
        return self.lab.start(*arguments, MEETING=str(self.folder), **env)

    def fetch(self, *who: str) -> Step:
        """Fetch these elements."""
        return self.start(*who).end()

    def heard(self, word: str) -> bool:
        """Whether a job has said this."""
        return (self.folder / word).exists()

    def forget(self, *words: str) -> None:
        """Take back what was said, and what of the sources is cached."""
        for word in words:
            (self.folder / word).unlink()
        self.lab.wipe("cache", "sources")

    def go(self) -> None:
        """Let all go on that wait for it."""
        (self.folder / "go").touch()

    def wait_until_one_is_in(self, *who: str) -> str:
        """Who of these is in its room, once one is."""
        self.lab.wait_for(lambda: any(self.heard(f"in-{name}") for name in who), f"one of {who} is in")
        return next(name for name in who if self.heard(f"in-{name}"))

    def wait_until_kept_out(self, running: Running, *who: str) -> None:
        """Until each of these waits or, which it must not, has tried to get in."""
        log = self.lab.directory / f"log-{running.number}.txt"

        def is_kept_out(name: str) -> bool:
            said = log.read_text(encoding="utf-8") if log.exists() else ""
            waits = re.search(rf"fetch:{name}.bst *\|STATUS *\|enforcement: waits for other jobs", said)
            return waits is not None or self.heard(f"refused-{name}")

        self.lab.wait_for(lambda: all(map(is_kept_out, who)), f"{who} are kept out")


def said_of(who: str, step: Step) -> str:
    """What the warning in the log of an element's job says was done about its lock."""
    warning = rf"fetch:{who}.bst *\|WARNING\|enforcement strict: process-local-lock\n\n *"
    says = (
        rf"plugins/guarded.py:\d+: .*: excludes nobody in another process(.*) \(by {who}.bst sources\[0\] \(guarded\)\)"
    )
    found = re.search(f"{warning}{says}\n", step.log)
    assert found, step.log
    return found[1]


_KEPT = ", so jobs that can come to it ran one at a time"
_FOUND_LATE = "; found only in this job: others that use it may have run at the same time"


@pytest.mark.parametrize("lock", LOCKS)
def test_one_job_at_a_time_is_where_a_lock_lets_one_in(lock: str, process_backend: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(process_backend), lock)
    meeting.element("one")
    meeting.element("two")
    running = meeting.start("one", "two")
    first = meeting.wait_until_one_is_in("one", "two")
    second = "two" if first == "one" else "one"
    meeting.wait_until_kept_out(running, second)
    meeting.go()
    step = running.end()
    assert step.status == 0, step.log
    assert meeting.heard(f"in-{second}")
    assert "2 jobs that can come to" in step.log
    assert (said_of("one", step), said_of("two", step)) == (_KEPT, _KEPT)


@pytest.mark.parametrize("lock", LOCKS)
def test_stock_builds_it(lock: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(None), lock)
    meeting.element("one")
    meeting.element("two")
    running = meeting.start("one", "two")
    meeting.wait_until_one_is_in("one", "two")
    meeting.go()
    step = running.end()
    assert step.status == 0, step.log


@pytest.mark.parametrize("named", ["from acme._shared import LOCK", "from acme import _shared"])
def test_two_kinds_that_share_a_lock_of_their_package_keep_each_other_out(
    named: str, process_backend: str, lab_of: Labs
) -> None:
    meeting = Meeting(lab_of(process_backend))
    packages = meeting.package(named, "LOCK" if named.endswith("LOCK") else "_shared.LOCK")
    meeting.element("one", "guarded")
    meeting.element("two", "other")
    running = meeting.start("one", "two", PYTHONPATH=packages)
    first = meeting.wait_until_one_is_in("one", "two")
    meeting.wait_until_kept_out(running, "two" if first == "one" else "one")
    meeting.go()
    step = running.end()
    assert step.status == 0, step.log
    assert "2 jobs that can come to LOCK of module acme._shared ran one at a time: 1 waited" in step.log


def test_an_allow_entry_takes_the_warning_away_and_not_the_turn(
    process_backend: str, lab_of: Labs, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = Meeting(lab_of(process_backend))
    entry = '{ entry = "process-local-lock guarded LOCK", reason = "known" }'
    (meeting.lab.directory / "pyproject.toml").write_text(f"[tool.enforcer]\nallow = [{entry}]\n", encoding="utf-8")
    monkeypatch.chdir(meeting.lab.directory)
    meeting.element("one")
    meeting.element("two")
    running = meeting.start("one", "two")
    first = meeting.wait_until_one_is_in("one", "two")
    meeting.wait_until_kept_out(running, "two" if first == "one" else "one")
    meeting.go()
    step = running.end()
    assert step.status == 0, step.log
    assert [violation["allowed"] for violation in meeting.lab.report()["violations"]] == ["known"]


def test_two_locks_keep_nobody_out_of_each_other(process_backend: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(process_backend))
    meeting.element("one", "guarded", room="left", until="in-two")
    meeting.element("two", "other", room="right", until="in-one")
    step = meeting.fetch("one", "two")
    assert step.status == 0, step.log
    assert "one at a time:" not in step.log


def test_a_job_without_the_lock_runs_while_others_wait_for_it(process_backend: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(process_backend))
    meeting.kind("other", "import contextlib", "contextlib.nullcontext()")
    meeting.element("one")
    meeting.element("two")
    meeting.element("free", "other", room="lobby", until="")
    running = meeting.start("one", "two", "free")
    first = meeting.wait_until_one_is_in("one", "two")
    meeting.wait_until_kept_out(running, "two" if first == "one" else "one")
    meeting.wait_until_one_is_in("free")
    meeting.go()
    step = running.end()
    assert step.status == 0, step.log


def test_a_job_that_can_come_to_two_locks_keeps_out_those_of_both(process_backend: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(process_backend))
    meeting.element("both", "guarded", "other")
    meeting.element("left", "guarded", until="")
    meeting.element("right", "other", until="")
    running = meeting.start("both")
    meeting.wait_until_one_is_in("both")
    meeting.go()
    step = running.end()
    assert step.status == 0, step.log
    meeting.forget("go", "in-both")
    running = meeting.start("both", "left", "right")
    meeting.wait_until_one_is_in("both")
    late = [name for name in ("left", "right") if not meeting.heard(f"in-{name}")]
    meeting.wait_until_kept_out(running, *late)
    meeting.go()
    step = running.end()
    assert step.status == 0, step.log


@pytest.mark.parametrize(("how", "status"), [("raises", 255), ("dies", 3), ("once", 0)])
def test_a_job_that_fails_dies_or_is_tried_again_lets_the_others_in(
    how: str, status: int, process_backend: str, lab_of: Labs
) -> None:
    meeting = Meeting(lab_of(process_backend))
    meeting.lab.configure("scheduler:\n  network-retries: 1\n")
    for who in ("one", "two", "three"):
        meeting.element(who, until="", fails=how if who == "one" else "")
    step = meeting.fetch("one", "two", "three")
    assert step.status == status, step.log
    assert all(meeting.heard(f"in-{who}") for who in ("one", "two", "three"))
    assert not any(meeting.heard(f"refused-{who}") for who in ("one", "two", "three"))
    assert step.left_running == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_waits_is_ended_as_others_are(number: signal.Signals, process_backend: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(process_backend))
    meeting.element("one")
    meeting.element("two")
    running = meeting.start("one", "two")
    first = meeting.wait_until_one_is_in("one", "two")
    second = "two" if first == "one" else "one"
    meeting.wait_until_kept_out(running, second)
    os.killpg(running.process.pid, number)
    step = running.end()
    assert step.status != 0
    assert not meeting.heard(f"in-{second}")
    assert set(step.left_running) <= {CASD}, step.left_behind
    (meeting.folder / "room").unlink(missing_ok=True)  # a process that is terminated does not clean up
    meeting.go()
    step = meeting.fetch("one", "two")
    assert step.status == 0, step.log


def test_a_lock_that_is_found_in_a_job_is_kept_from_then_on(process_backend: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(process_backend))
    hidden = "LOCKS, make = {}, [threading.Lock]"
    meeting.kind("guarded", hidden, "LOCKS.setdefault(self.room, make[0]())")
    meeting.lab.configure("scheduler:\n  fetchers: 1\n")
    meeting.element("one", until="")
    meeting.element("two", until="")
    step = meeting.fetch("one", "two")
    assert step.status == 0, step.log
    assert (said_of("one", step), said_of("two", step)) == (_FOUND_LATE, _KEPT)
    first, second = meeting.lab.report()["violations"]
    assert (first["after"][-len(_FOUND_LATE) :], second["after"][-len(_KEPT) :]) == (_FOUND_LATE, _KEPT)


def test_a_failure_is_tied_to_a_lock_that_was_not_kept(process_backend: str, lab_of: Labs) -> None:
    meeting = Meeting(lab_of(process_backend))
    hidden = "LOCKS, make = {}, [threading.Lock]"
    meeting.kind("guarded", hidden, "LOCKS.setdefault(self.room, make[0]())")
    meeting.element("one", until="", fails="raises")
    step = meeting.fetch("one")
    assert step.status == 255, step.log
    assert said_of("one", step) == f"{_FOUND_LATE}, and this job has failed"
