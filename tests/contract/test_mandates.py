"""What becomes of changes under a process backend: foreign ones go nowhere, own ones everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.lab import Lab, Step

Labs = Callable[..., Lab]

# Runs in main, before enforcement is switched on: one job a worker, tells what main's elements hold in the end, and
# writes on an element while a job of it runs, as the main thread may.
_IN_MAIN = """
import json, os
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "1"
from pathlib import Path
from buildstream._scheduler.scheduler import Scheduler
from buildstream.element import Element
from buildstream.plugin import Plugin
import enforcer.bst.runs.in_processes

HERE = Path(__file__).parent
run, tick = Scheduler.run, Scheduler._tick

def elements():
    return {plugin.name: plugin for plugin in list(Plugin._Plugin__TABLE.values()) if isinstance(plugin, Element)}

def public(plugin):
    return {name: repr(value) for name, value in vars(plugin).items() if not name.startswith("_")}

def told_run(self, *args):
    try:
        return run(self, *args)
    finally:
        held = {name: [dict(element.get_environment()), public(element), *map(public, element.sources())]
                for name, element in elements().items()}
        (HERE / "held.json").write_text(json.dumps(held))

def writing_tick(self):
    if (HERE / "running").exists() and not (HERE / "running-done").exists():
        elements()["fed.bst"].from_main = "main"
        (HERE / "running-done").touch()
    tick(self)

Scheduler.run, Scheduler._tick = told_run, writing_tick
enforcer.bst.runs.in_processes.default_worker_jobs = lambda elements: int(os.environ.get("WORKER_JOBS", 200))
"""

_WRITES = """
dep.get_environment()["SEEN"] = "yes"
open(os.environ["WRITTEN"], "w").close()
while not os.path.exists(os.environ.get("READING", "/")): threading.Event().wait(0.01)
"""
_READS = """
import re
if "READING" in os.environ:
    open(os.environ["READING"], "w").close()
    while not re.search(r"build:a-writes.bst *.SUCCESS.tiny/", open(os.environ["LOG"]).read()):
        threading.Event().wait(0.01)
written = os.path.exists(os.environ["WRITTEN"])
self.info("written: {}, seen: {}".format(written, dep.get_environment().get("SEEN")))
"""
_BUILDS = """
self.info("told in another process: {}".format(list(self.sources())[0].told != os.getpid()))
self.note, self.lock = ["from", "build"], threading.Lock()
open(os.environ["RUNNING"], "w").close()
while not os.path.exists(os.environ["RUNNING"] + "-done"): threading.Event().wait(0.01)
"""
_LOOKS = """
fed = dep._plugin
source = list(fed.sources())[0]
self.info(repr((fed.note, fed.from_main, hasattr(fed, "lock"), source.told != os.getpid())))
"""


def prepare(lab: Lab) -> None:
    (lab.directory / "in_main.py").write_text(_IN_MAIN)
    lab.prepare(f"sys.path.insert(0, {str(lab.directory)!r}); import in_main")


def held_by_main(lab: Lab) -> dict[str, Any]:
    held: dict[str, Any] = json.loads((lab.directory / "held.json").read_text())
    return held


def write_and_read(lab: Lab, *args: str, **env: str) -> Step:
    """A job writes on what is not its own, and another one looks there, at the same time or afterwards."""
    prepare(lab)
    lab.element("a-writes", _WRITES, "base")
    lab.element("b-reads", _READS, "base")
    lab.element("all", "stack", "a-writes", "b-reads", runs=True)
    return lab.bst("--on-error", "continue", *args, "build", "all.bst", WRITTEN=str(lab.directory / "written"), **env)


@pytest.mark.parametrize(
    ("mode", "seen", "status"),
    [("soft", "yes", 0), ("discard", "None", 0), ("strict", "None", 1)],
    ids=["soft: it stays", "discard: it is gone", "strict: it is gone"],
)
def test_a_foreign_change_for_the_next_job_of_that_worker(mode: str, seen: str, status: int, lab_of: Labs) -> None:
    lab = lab_of("pool", mode, "--workers", "1")
    step = write_and_read(lab, "--fetchers", "1", "--builders", "1")  # in this order
    assert f"written: True, seen: {seen}" in step.log
    assert step.status == status
    assert [found["rule"] for found in lab.report()["violations"]] == ["foreign-write"]
    assert "SEEN" not in held_by_main(lab)["base.bst"][0]


def test_a_foreign_change_that_stays_in_its_worker_is_seen_in_no_other_process(
    process_backend: str, lab_of: Labs
) -> None:
    lab = lab_of(process_backend, "soft")
    where = lab.directory
    step = write_and_read(lab, READING=str(where / "reading"), LOG=str(where / "log-0.txt"))
    assert "written: True, seen: None" in step.log
    assert step.status == 0
    assert [found["rule"] for found in lab.report()["violations"]] == ["foreign-write"]
    assert "SEEN" not in held_by_main(lab)["base.bst"][0]


def test_own_changes_are_seen_by_every_later_job_and_by_main_but_for_what_cannot_be_sent(
    process_backend: str, lab_of: Labs
) -> None:
    """Those of a Fetch job, those of a Build job, and what main writes on the same element meanwhile."""
    lab = lab_of(process_backend)
    prepare(lab)
    lab.element("fed", _BUILDS, source="feeds", fetch="self.told = os.getpid()")
    lab.element("looks", _LOOKS, "fed")
    step = lab.bst("build", "looks.bst", RUNNING=str(lab.directory / "running"), WORKER_JOBS="1")
    assert step.status == 0
    assert "told in another process: True" in step.log
    assert "(['from', 'build'], 'main', False, True)" in step.log
    assert [(found["rule"], found["path"]) for found in lab.report()["violations"]] == [("unshippable-state", "lock")]
    assert re.search(r"build:fed\.bst *\|WARNING\|enforcement strict: unshippable-state", step.log)
    _, element, source = held_by_main(lab)["fed.bst"]
    assert (element["note"], element["from_main"]) == ("['from', 'build']", "'main'")
    assert "lock" not in element
    assert source["told"].isdigit()


def test_the_processes_of_one_scheduler_run_are_gone_before_the_next_one(process_backend: str, lab_of: Labs) -> None:
    """A junction is fetched by a run of its own before its project can be loaded."""
    lab = lab_of(process_backend)
    note = "open(os.environ['PIDS'], 'w').write('{} {}'.format(os.getpid(), os.getppid()))"
    lab.write("sub/project.conf", "name: sub\nmin-version: 2.5\nelement-path: elements\n")
    lab.write("sub/elements/inner.bst", "kind: stack\n")
    lab.raw_element(
        "sub", f"kind: junction\nsources:\n- {{kind: local, path: sub}}\n- {{kind: feeds, line: {json.dumps(note)}}}\n"
    )
    alive = "[pid for pid in open(os.environ['PIDS']).read().split() if os.path.exists('/proc/' + pid)]"
    lab.element("app", f"self.info('alive: {{}}'.format({alive}))")
    with (lab.project / "elements" / "app.bst").open("a") as file:
        file.write("build-depends: ['sub.bst:inner.bst']\n")
    step = lab.bst("build", "app.bst", PIDS=str(lab.directory / "pids"))
    assert step.status == 0
    assert "alive: []" in step.log
    assert step.left_running == []


_WRITES_UNSEEN = """
from buildstream import Plugin
for found in list(Plugin._Plugin__TABLE.values()):
    # No attribute is asked for by a way that could be watched, and nothing depends on that element.
    if object.__getattribute__(found, "name") == "base.bst":
        object.__getattribute__(found, "_Element__environment")["SEEN"] = "yes"
"""


def test_artifacts_of_jobs_that_may_have_seen_a_foreign_change_are_withdrawn_and_built_again(lab_of: Labs) -> None:
    """It is found only when everything is compared, and that comes late here: when the worker retires."""
    lab = lab_of("pool", "strict", "--workers", "1")
    never_due = "enforcer.bst.judging.comparison.SinceFullCompare.due = lambda since_full_compare: False"
    lab.prepare(
        f"import os; os.environ['GRPC_ENABLE_FORK_SUPPORT'] = '1'; import enforcer.bst.judging.comparison; {never_due}"
    )
    lab.element("a-writes", _WRITES_UNSEEN)
    lab.element("b-after", "pass")
    lab.element("all", "stack", "a-writes", "b-after", "base", runs=True)
    for _ in range(2):
        step = lab.bst("--builders", "1", "build", "all.bst")
        assert step.status == 1
        [found] = lab.report()["violations"]
        assert (found["rule"], found["owner"]["name"]) == ("foreign-write", "base.bst")
        assert {"a-writes.bst", "b-after.bst"} <= {job["element"] for job in found["candidates"]}
        assert lab.artifacts_of("a-writes") == lab.artifacts_of("b-after") == []
    lab.element("a-writes", "pass")
    assert lab.bst("build", "all.bst").status == 0
    assert lab.report()["violations"] == []
    assert lab.artifacts_of("a-writes") != []
