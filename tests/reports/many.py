"""Ten thousand findings of each shape that is hard on a report, summed up once for all tests of a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from enforcer.reports.value import Report, build_report
from enforcer.results.findings import Finding, Job, Owner, Site
from enforcer.settings.settings import Settings
from tests.reports.records import COMMAND, SITE, VERSIONS, by, record


def long_finding(number: int, letter: str) -> Finding:
    """A finding of its own group, every text of which is longer than any report shows."""
    text = letter * 500
    site = Site(f"plugins/{text}.py", 31, text, f"env[{text!r}] = {text!r}")
    return by(
        f"e{number}-{text}.bst",
        path=f"p{number}_{text}",
        before=text,
        after=text,
        site=site,
        obtained=replace(site, line=29),
        core=replace(site, line=30),
        nodeid=f"tests/test_{text}.py::test[{number}]",
        owner=Owner("element", f"base-{number}-{text}.bst"),
        candidates=[Job(text, "Build", 1, text)] * 9,
        aliases=[text] * 9,
        explanation=[text] * 9,
        plugin_file=text,
        unblamed=text,
    )


MANY: dict[str, Callable[[int], Finding]] = {
    "every job its own owner": lambda n: by(f"e{n}.bst", owner=Owner("element", f"dependency-number-{n}.bst")),
    "every finding its own group": lambda n: by("app.bst", path=f"attribute_{n}"),
    "the same everywhere": lambda n: by(f"e{n}.bst"),
    "long values": lambda n: by(f"e{n}.bst", path=f"p{n}", before="x" * 5000, after="y" * 5000, site=SITE),
    "long everything": lambda n: long_finding(n, "x"),
    "long everything, in letters that JSON escapes": lambda n: long_finding(n, "\N{SNOWMAN}"),
    "long everything in one group": lambda n: replace(long_finding(n, "x"), path=f"table['{n}']['{'x' * 500}']"),
}


@cache
def ten_thousand(made: Callable[[int], Finding]) -> Report:
    """The report of a run with ten thousand of these."""
    return build_report(record(*map(made, range(10_000))), Settings(), COMMAND, VERSIONS)
