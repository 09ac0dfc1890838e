"""A record in its plain form is what the module says, and comes back whole."""

from __future__ import annotations

import json
from collections import Counter

from enforcer.results.accesses import Accessed, Accesses, By, Counts
from enforcer.results.findings import Finding, Job, Maker, Owner, Site
from enforcer.results.job_counts import JobCounts
from enforcer.results.plugin_coverage import Coverage, Method, PluginCode, Ran
from enforcer.results.record import Record

JOB = Job("app.bst", "Build", 2, "kind")
PLUGIN_SITE = {"file": "k.py", "line": 3, "function": "assemble", "code": "write()"}
CORE_SITE = {
    "file": "<site-packages>/core.py",
    "line": 9,
    "function": "get",
    "code": "self.x",
    "context": [],
    "context_start": 0,
}


def accesses() -> Accesses:
    line, core = Site("k.py", 3, "assemble", "write()"), Site("<site-packages>/core.py", 9, "get", "self.x")
    found = Accesses()
    place = Accessed("element", "base.bst", "environment", "public")
    found.add(JOB, "job", [(place, Counts(2, 1, By(None, core), By(line, core)))])
    return found


def filled() -> Record:
    code = PluginCode(
        "kind.Kind", "element", "kind", "k.py", False, (3, 4), (4,), (Method("stage", "kind.Kind", True),)
    )
    finding = Finding(
        "foreign-write",
        "error",
        JOB,
        Owner("element", "base.bst"),
        "environment['CC']",
        before=None,
        after="'gcc'",
        site=Site("k.py", 3, "assemble", "write()", ("write()", ""), 3, "/p/k.py"),
        candidates=[JOB],
        maker=Maker("app.bst", "feeds", 1, "feeds.py"),
    )
    return Record(
        jobs=3,
        checked=2,
        actions={"Fetch": JobCounts(1, 1, 0, 1), "Build": JobCounts(2, 1, 0, 1)},
        elements={"base.bst", "app.bst"},
        kinds={"base.bst": "import", "app.bst": "kind"},
        dependencies={"app.bst": {"base.bst"}, "base.bst": set()},
        plugins={"kind (element)", "git_x (source)"},
        had_turn={"kind (element)"},
        cells=9,
        opaque=Counter({"Lock": 2}),
        opaque_places={("app.bst lock", "Lock")},
        findings=[finding],
        errors=["an error"],
        allow_used={"b", "a"},
        comments={"k.py:3: ignore[foreign-write]"},
        files={("k.py", "/p/k.py")},
        coverage=Coverage({"key": code}, {"key": Ran({4, 3}, {"stage"})}),
        accesses=accesses(),
        costs={"compare": 0.5},
    )


def test_it_is_laid_out_as_the_module_says() -> None:
    job = {"element": "app.bst", "action": "Build", "try": 2, "plugin": "kind"}
    assert json.loads(json.dumps(filled().to_plain())) == {
        "jobs": 3,
        "checked": 2,
        "actions": {
            "Build": {"jobs": 2, "checked": 1, "skipped": 0, "plugin_code": 1},
            "Fetch": {"jobs": 1, "checked": 1, "skipped": 0, "plugin_code": 1},
        },
        "elements": ["app.bst", "base.bst"],
        "kinds": {"app.bst": "kind", "base.bst": "import"},
        "dependencies": {"app.bst": ["base.bst"], "base.bst": []},
        "exercised": [],
        "cached": [],
        "plugins": ["git_x (source)", "kind (element)"],
        "had_turn": ["kind (element)"],
        "distrusted": [],
        "cells": 9,
        "opaque": {"Lock": 2},
        "opaque_in_plugins": {},
        "opaque_places": [["app.bst lock", "Lock"]],
        "core_fills": {},
        "findings": [
            {
                "rule": "foreign-write",
                "severity": "error",
                "job": job,
                "owner": {"kind": "element", "name": "base.bst"},
                "path": "environment['CC']",
                "change": "set",
                "before": None,
                "after": "'gcc'",
                "site": {
                    "file": "k.py",
                    "line": 3,
                    "function": "assemble",
                    "code": "write()",
                    "context": ["write()", ""],
                    "context_start": 3,
                },
                "obtained": None,
                "core": None,
                "unblamed": None,
                "dependents": 0,
                "known": False,
                "allowed": None,
                "nodeid": None,
                "candidates": [job],
                "aliases": [],
                "explanation": [],
                "undone": True,
                "plugin_file": None,
                "comment": None,
                "fix": None,
                "maker": {"name": "app.bst", "kind": "feeds", "source": 1, "file": "feeds.py"},
            }
        ],
        "errors": ["an error"],
        "unwatched": [],
        "left_behind": [],
        "allow_used": ["a", "b"],
        "allow_marked": [],
        "comments": ["k.py:3: ignore[foreign-write]"],
        "comments_used": [],
        "incomplete_reasons": [],
        "not_due": [],
        "files": [["k.py", "/p/k.py"]],
        "accesses": [
            {
                "job": job,
                "phase": "job",
                "kind": "element",
                "unit": "base.bst",
                "attribute": "environment",
                "way": "public",
                "reads": 2,
                "writes": 1,
                "read_at": {"plugin": None, "core": CORE_SITE},
                "written_at": {"plugin": {**CORE_SITE, **PLUGIN_SITE}, "core": CORE_SITE},
            }
        ],
        "coverage": {
            "code": {
                "key": {
                    "name": "kind.Kind",
                    "type": "element",
                    "kind": "kind",
                    "file": "k.py",
                    "bundled": False,
                    "lines": [3, 4],
                    "outside": [4],
                    "methods": [{"name": "stage", "defined_in": "kind.Kind", "in_jobs": True}],
                }
            },
            "ran": {"key": [[3, 4], ["stage"]]},
        },
        "costs": {"compare": 0.5},
    }


def test_it_comes_back_whole() -> None:
    record = filled()
    back = Record.from_plain(json.loads(json.dumps(record.to_plain())))
    assert back == record
