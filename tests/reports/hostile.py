"""Texts that would mean something to a format, where others can write."""

from __future__ import annotations

from dataclasses import replace

from enforcer.results.accesses import PHASES, Accessed, Accesses, By, Counts
from enforcer.results.findings import Finding, Job, Maker, Owner, Site
from enforcer.results.plugin_coverage import Coverage, Method, PluginCode, Ran
from enforcer.results.record import Record
from tests.reports.records import FINDING, record

TEXTS = (
    "<script>alert(1)</script>",
    "</code></summary></details><img src=x onerror=alert(1)>",
    "a | b",
    "```\n# heading",
    "`x` *y* _z_ [link](https://example.org) ![image](x) <https://example.org> https://example.org www.example.org",
    "::error file=x::injected",
    "%0A::error::injected",
    "a,line=1::b",
    "]]><!-- --> &amp; &lt; &#60;",
    "\x1b[2J\r\n\u202e\x00\ud800\ufffe",
    "{0} {name} [one](1)",
    "@somebody #12",
)


def hostile_record(text: str) -> Record:
    """A record in which `text` stands wherever others can write."""
    site = Site(f"plugins/{text}.py", 31, text, text)
    found = Finding(
        "foreign-write", "error", Job(text, "Build", 1, text), Owner("element", text), text, "set", text, text, site,
        replace(site, line=29), replace(site, line=30), nodeid=text, aliases=[text], explanation=[text],
        candidates=[Job(text, "Fetch")], plugin_file=f"plugins/{text}.py",
    )  # fmt: skip
    others = [replace(found, known=True), replace(found, allowed=text), replace(found, severity="warning", path="p")]
    others.append(replace(found, path="q", maker=Maker(text, text, 1, f"plugins/{text}.py")))
    return record(
        found, FINDING, *others, errors=[text], unwatched=[text], left_behind={text}, incomplete_reasons={text},
        cached={text}, opaque={text: 1}, coverage=hostile_coverage(text),
        accesses=hostile_accesses(text),
    )  # fmt: skip


def hostile_accesses(text: str) -> Accesses:
    """Accesses in which `text` stands wherever others can write."""
    site, found = Site(text, 1, text, text), Accesses()
    for phase in PHASES:
        place = Accessed("element", text, text, "public")
        found.add(Job(text, text, 1, text), phase, [(place, Counts(1, 1, By(site, site), By(site, site)))])
    return found


def hostile_coverage(text: str) -> Coverage:
    """Coverage in which `text` stands wherever others can write."""
    code = PluginCode(text, "element", text, text, False, (1, 2), methods=(Method("stage", text, True),))
    return Coverage({"only": code}, {"only": Ran({1})})
