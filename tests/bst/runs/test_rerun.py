"""A job runs again only where that can show a line: once for each group, a Build job, and no workspace."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.bst.runs.rerun import Reruns
from enforcer.results.findings import ERROR, Finding, Job, Owner, Site

SITE = Site("plugins/kind.py", 7, "assemble", "write()")
CORE = Site("<site-packages>/buildstream/element.py", 70, "set", "write()")


def finding(path: str = "LEVEL", **changes: Any) -> Finding:
    made = Finding("class-write", ERROR, Job("app.bst", "Build", 1, "kind"), Owner("class", "kind.Kind"), path)
    return replace(made, **{"unblamed": "not seen", **changes})


def job(action: str = "Build", workspace: object = None) -> Any:
    element = SimpleNamespace(_get_workspace=lambda: workspace)
    return SimpleNamespace(action_name=action, get_element=lambda: element)


class Again:
    """Counts the runs, each of which shows the same."""

    def __init__(self, *shown: Finding) -> None:
        self.runs = 0
        self._shown = list(shown)
        self.reruns = Reruns(self._run)

    def _run(self, job: Any) -> list[Finding]:
        self.runs += 1
        return self._shown


def test_what_another_run_shows_completes_the_finding() -> None:
    again, unattributed = Again(finding(site=SITE, core=CORE, obtained=SITE)), finding()
    assert again.reruns.complete(job(), [unattributed])
    assert (unattributed.site, unattributed.core, unattributed.obtained, unattributed.unblamed) == (
        SITE,
        CORE,
        SITE,
        None,
    )


def test_a_finding_with_a_line_needs_no_other_run() -> None:
    again = Again()
    assert not again.reruns.complete(job(), [finding(site=SITE, unblamed=None)])
    assert again.runs == 0


def test_what_is_no_write_has_no_line_to_look_for() -> None:
    again = Again()
    assert not again.reruns.complete(job(), [finding(rule="leaked-thread")])
    assert again.runs == 0


def test_a_group_is_run_again_once() -> None:
    again = Again(finding(site=SITE))
    again.reruns.complete(job(), [finding()])
    second = finding()
    assert not again.reruns.complete(job(), [second])
    assert (again.runs, second.site) == (1, None)
    assert second.unblamed == "not seen; the group of this finding was run again for another one"
    assert again.reruns.complete(job(), [finding("OTHER")])
    assert again.runs == 2


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (job("Fetch"), "not seen; only Build jobs are run again"),
        (job(workspace="open"), "not seen; a workspace is not built twice"),
    ],
)
def test_other_jobs_are_not_run_again_and_the_finding_says_so(asked: Any, reason: str) -> None:
    again, unattributed = Again(finding(site=SITE)), finding()
    assert not again.reruns.complete(asked, [unattributed])
    assert (again.runs, unattributed.unblamed) == (0, reason)


def test_what_another_run_does_not_show_says_so() -> None:
    again, unattributed = Again(finding("OTHER", site=SITE), finding()), finding()
    assert again.reruns.complete(job(), [unattributed])
    assert unattributed.site is None
    assert unattributed.unblamed == "not seen; no line was seen changing it when the job ran again, either"
