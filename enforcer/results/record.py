"""What one enforced run saw, as data that merges: counts, names and findings, no live object.

Between processes that were forked from one a record is pickled. Everywhere else it is *plain*, as `to_plain` writes it
and `from_plain` reads it: from a `bst` process to the one that has started it (`enforcer.embedding.bst_processes`), and
from a worker of pytest-xdist to its controller. Both ends are of one version: an unknown key raises.
The plain form is a JSON object, its keys are names of fields of `Record`, and its values are theirs but for

    a set          a list, sorted
    a Counter      an object, sorted by key: the number of each
    costs          an object, sorted by key
    dependencies   an object: for each element a list, sorted
    files          a list of [name, place], sorted
    actions        an object, sorted by action: the fields of a `JobCounts`
    coverage       {"code": {key: the fields of a `PluginCode`}, "ran": {key: [lines, names of methods], both sorted}}
    accesses       see `enforcer.results.accesses`
    findings       a list, in the order in which they were found: the fields of a `Finding`; in these
                     job, candidates       {"element", "action", "try", "plugin"}, one and a list of them
                     owner                 {"kind", "name"}
                     site, obtained, core  null, or the fields of a `Site`
                     maker                 null, or those of a `Maker`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from enforcer.results.accesses import Accesses
from enforcer.results.findings import Finding, Job
from enforcer.results.job_counts import JobCounts
from enforcer.results.plugin_coverage import Coverage

_SETS = (
    *("elements", "exercised", "cached", "plugins", "had_turn", "distrusted"),
    *("left_behind", "incomplete_reasons", "not_due"),
    *("allow_used", "allow_marked", "comments", "comments_used"),
)


@dataclass
class Record:
    """The sum of what was checked and found.

    Attributes:
        jobs: jobs that the scheduler ran.
        checked: of those, the ones that were compared to their end.
        actions: more of them, by the scheduler's name of the action.
        elements: junction-qualified names of the elements that were in the graph.
        kinds: for each of these elements, the kind of its plugin.
        dependencies: for each of them, the elements that it depends on directly.
        exercised: elements that had at least one checked job that runs plugin code.
        cached: elements whose artifact was there already.
        plugins: the kinds of plugins in the graph that do not come with BuildStream, with their types.
        had_turn: of all kinds, those whose code a checked job ran.
        distrusted: elements of which something in the caches was not taken, as it was made under a violation.
        opaque: for each type that cannot be seen into, how many objects of it the graph held at most.
        opaque_in_plugins: of these, what is in state of plugins and modules that do not come with BuildStream.
        opaque_places: where the latter are, and their types; of very many the first by name.
        cells: the most cells that one graph had.
        core_fills: for each listed memo of BuildStream's core, how often a job filled it on a foreign element.
        errors: sentences about what kept us from looking.
        unwatched: `bst` processes that ran without enforcement, one sentence each.
        left_behind: what a failed job may have left on disk and cannot be forgotten.
        allow_used: allow entries that matched something.
        allow_marked: allow entries that markers gave to tests which ran.
        comments: comments that say that findings are fine, of which checked jobs may have run the code.
        comments_used: those that a finding needed.
        files: for each file of a plugin that is not installed, how reports name it and where it is on this machine.
        incomplete_reasons: reasons why the run did not look at all that there is, apart from what the counts say.
        not_due: why there was no job to run, where that is nobody's mistake.
        coverage: which plugin code ran inside of checked jobs; empty unless that was asked for.
        accesses: which job read and wrote what; empty unless that was asked for.
        costs: what enforcement itself took, by the names in `enforcer.results.costs`.
    """

    jobs: int = 0
    checked: int = 0
    actions: dict[str, JobCounts] = field(default_factory=dict)
    elements: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)
    dependencies: dict[str, set[str]] = field(default_factory=dict)
    exercised: set[str] = field(default_factory=set)
    cached: set[str] = field(default_factory=set)
    plugins: set[str] = field(default_factory=set)
    had_turn: set[str] = field(default_factory=set)
    distrusted: set[str] = field(default_factory=set)
    cells: int = 0
    opaque: Counter[str] = field(default_factory=Counter)
    opaque_in_plugins: Counter[str] = field(default_factory=Counter)
    opaque_places: set[tuple[str, str]] = field(default_factory=set)
    core_fills: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unwatched: list[str] = field(default_factory=list)
    left_behind: set[str] = field(default_factory=set)
    allow_used: set[str] = field(default_factory=set)
    allow_marked: set[str] = field(default_factory=set)
    comments: set[str] = field(default_factory=set)
    comments_used: set[str] = field(default_factory=set)
    incomplete_reasons: set[str] = field(default_factory=set)
    not_due: set[str] = field(default_factory=set)
    files: set[tuple[str, str]] = field(default_factory=set)
    coverage: Coverage = field(default_factory=Coverage)
    accesses: Accesses = field(default_factory=Accesses)
    costs: dict[str, float] = field(default_factory=dict)

    def spend(self, name: str, amount: float) -> None:
        """Add to one of the costs."""
        self.costs[name] = self.costs.get(name, 0.0) + amount

    def of_action(self, action: str) -> JobCounts:
        """The counts of one action, to add to them."""
        return self.actions.setdefault(action, JobCounts())

    def note_begin(self, action: str) -> None:
        """A job has begun."""
        self.jobs += 1
        self.of_action(action).jobs += 1

    def note_checked(self, job: Job, skipped: bool, plugin_code: bool) -> None:
        """A job was compared to its end."""
        self.checked += 1
        counts = self.of_action(job.action)
        counts.merge(JobCounts(checked=1, skipped=int(skipped), plugin_code=int(plugin_code)))
        if plugin_code:
            self.exercised.add(job.element)

    def note_element(self, name: str, kind: str, dependencies: Iterable[str]) -> None:
        """Add an element of a graph; elements of one name in several graphs are one, with all their dependencies."""
        self.elements.add(name)
        self.kinds[name] = min(kind, self.kinds.get(name, kind))
        self.dependencies.setdefault(name, set()).update(dependencies)

    def merge(self, other: Record) -> None:
        """Add what another process or phase saw."""
        self.jobs += other.jobs
        self.checked += other.checked
        for action, counts in other.actions.items():
            self.of_action(action).merge(counts)
        self.cells = max(self.cells, other.cells)
        for name in _SETS:
            getattr(self, name).update(getattr(other, name))
        for name, kind in other.kinds.items():
            self.note_element(name, kind, other.dependencies[name])
        self.files |= other.files
        self.coverage.merge(other.coverage)
        self.accesses.merge(other.accesses)
        self.opaque |= other.opaque
        self.opaque_in_plugins |= other.opaque_in_plugins
        self.opaque_places |= other.opaque_places
        self.core_fills += other.core_fills
        for name, amount in other.costs.items():
            self.spend(name, amount)
        self.findings += other.findings
        self.errors += other.errors
        self.unwatched += other.unwatched

    def to_plain(self) -> dict[str, Any]:
        """JSON-ready data (sets sorted); the inverse of `from_plain`."""
        return {
            "jobs": self.jobs,
            "checked": self.checked,
            "actions": {action: counts.to_plain() for action, counts in sorted(self.actions.items())},
            "cells": self.cells,
            "elements": sorted(self.elements),
            "kinds": dict(sorted(self.kinds.items())),
            "dependencies": {name: sorted(found) for name, found in sorted(self.dependencies.items())},
            "exercised": sorted(self.exercised),
            "cached": sorted(self.cached),
            "plugins": sorted(self.plugins),
            "had_turn": sorted(self.had_turn),
            "distrusted": sorted(self.distrusted),
            "left_behind": sorted(self.left_behind),
            "allow_used": sorted(self.allow_used),
            "allow_marked": sorted(self.allow_marked),
            "comments": sorted(self.comments),
            "comments_used": sorted(self.comments_used),
            "incomplete_reasons": sorted(self.incomplete_reasons),
            "not_due": sorted(self.not_due),
            "files": sorted(map(list, self.files)),
            "coverage": self.coverage.to_plain(),
            "accesses": self.accesses.to_plain(),
            "opaque": dict(sorted(self.opaque.items())),
            "opaque_in_plugins": dict(sorted(self.opaque_in_plugins.items())),
            "opaque_places": sorted(map(list, self.opaque_places)),
            "core_fills": dict(sorted(self.core_fills.items())),
            "findings": [finding.to_plain() for finding in self.findings],
            "errors": list(self.errors),
            "unwatched": list(self.unwatched),
            "costs": dict(sorted(self.costs.items())),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Record:
        """Rebuild a record from `to_plain` data."""
        values = dict(data)
        for name in _SETS:
            values[name] = set(values[name])
        values["actions"] = {action: JobCounts(**counts) for action, counts in values["actions"].items()}
        for name in ("opaque", "opaque_in_plugins", "core_fills"):
            values[name] = Counter(values[name])
        values["dependencies"] = {name: set(found) for name, found in values["dependencies"].items()}
        for name in ("files", "opaque_places"):
            values[name] = {(first, second) for first, second in values[name]}
        values["coverage"] = Coverage.from_plain(values["coverage"])
        values["accesses"] = Accesses.from_plain(values["accesses"])
        values["findings"] = [Finding.from_plain(item) for item in values["findings"]]
        return cls(**values)
