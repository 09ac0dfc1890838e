"""Records to report about, made without any build."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from enforcer.results.accesses import ALL_UNITS, DONE, JOB, SCHEDULING, Accessed, Accesses, By, Counts
from enforcer.results.findings import Finding, Job, Maker, Owner, Site
from enforcer.results.plugin_coverage import Coverage, Method, PluginCode, Ran
from enforcer.results.record import Record

COMMAND = ["enforcer", "run", "--", "build", "app.bst"]
VERSIONS = {"enforcer": "0.1.0", "buildstream": "2.8.1", "python": "3.11.7"}

FINDING = Finding(
    rule="foreign-write",
    severity="error",
    job=Job("app.bst", "Build", 1, "my_kind"),
    owner=Owner("element", "base.bst"),
    path="environment['CC']",
    change="added",
    after="'clang'",
    obtained=Site("plugins/my_kind.py", 29, "assemble", "env = dep.get_environment()"),
    dependents=14,
    plugin_file="plugins/my_kind.py",
)
SITE = Site("plugins/my_kind.py", 31, "assemble", 'env["CC"] = "clang"')
CONTEXT = ("for dep in self.dependencies():", "    env = dep.get_environment()", "", '    env["CC"] = "clang"')
WITH_CONTEXT = replace(SITE, context=CONTEXT, context_start=28)


COVERAGE = Coverage(
    code={
        "kind": PluginCode(
            name="my_kind.MyKind",
            type="element",
            kind="my_kind",
            file="plugins/my_kind.py",
            bundled=False,
            lines=(10, 11, 12, 20, 21, 30),
            outside=(30,),
            methods=(
                Method("assemble", "my_kind.MyKind", True),
                Method("configure", "my_kind.MyKind", False),
                Method("stage", "base.Base", True),
            ),
        ),
        "helper": PluginCode("helper", "", "", "plugins/helper.py", False, (1, 2)),
        "import": PluginCode("import.Import", "element", "import", "<site-packages>/import.py", True, (5,)),
    },
    ran={"kind": Ran({10, 11, 20}, {"assemble"}), "import": Ran({5}, set())},
)


COSTS = {
    **{"walk": 1.2, "check": 2.5, "lines": 16.5, "job": 4.0, "catch up": 0.1, "apply": 0.1, "fork": 0.05, "turn": 4.0},
    **{"followed jobs": 3, "given up jobs": 1, "followed lines": 1_200, "followed cells": 480_000},
}


def accesses() -> Accesses:
    """What two jobs and the main thread read and wrote."""
    core = Site("<site-packages>/buildstream/element.py", 786, "get_environment", "return self.__environment")
    environment = Accessed("element", "base.bst", "environment", "public")
    kept = Accessed("element", "base.bst", "_Element__cache_key", "underscore")
    found = Accesses()
    found.add(FINDING.job, JOB, [(environment, Counts(2, 0, By(SITE, core))), (kept, Counts(1, 0, By(None, core)))])
    found.add(replace(FINDING.job, element="two.bst"), JOB, [(environment, Counts(0, 1, None, By(SITE)))])
    found.add(FINDING.job, DONE, [(kept, Counts(0, 1, None, By(None, core)))])
    found.add(Job("", ""), SCHEDULING, [(kept._replace(unit=ALL_UNITS), Counts(9, 0, By(None, core)))])
    return found


def by(element: str, finding: Finding = FINDING, **changes: object) -> Finding:
    """`finding` as another element's job would cause it."""
    return replace(finding, job=replace(finding.job, element=element), **changes)  # type: ignore[arg-type]


def record(*findings: Finding, **values: object) -> Record:
    """A record of a build of 57 jobs with these findings."""
    made = Record(
        jobs=57,
        checked=41,
        elements={f"e{n}.bst" for n in range(60)},
        exercised={"app.bst", "two.bst"},
        cached={f"e{n}.bst" for n in range(16)},
        cells=4711,
        opaque=Counter({"Variables": 8, "_thread.lock": 4}),
        opaque_in_plugins=Counter({"_thread.lock": 1}),
        opaque_places={("app.bst guard", "_thread.lock")},
        core_fills=Counter({"_Element__proxies": 12}),
        findings=list(findings),
    )
    for name, value in values.items():
        setattr(made, name, value)
    return made


def full_record() -> Record:
    """A record in which nothing is empty."""
    return record(
        FINDING,
        by("two.bst", site=WITH_CONTEXT, nodeid="tests/test_app.py::test_build"),
        by("two.bst", path="_private", change="set", before="1", after="2", undone=False),
        by("old.bst", path="old", known=True),
        by("fine.bst", path="fine", allowed="fixed upstream"),
        by("app.bst", rule="leaked-thread", owner=Owner("process", "process"), path="thread 'w'", after="running"),
        by("app.bst", path="late", candidates=[Job("x.bst", "Fetch")], aliases=["z.bst"], explanation=["a: 1"]),
        by("app.bst", path="warned", severity="warning", maker=Maker("app.bst", "feeds", 1, "plugins/feeds.py")),
        errors=["the walk met something unknown"],
        unwatched=["bst build x.bst ran without enforcer"],
        left_behind={"<cache>/sources/tar"},
        incomplete_reasons={"-k 'slow'"},
        kinds={"app.bst": "my_kind", "base.bst": "import", "two.bst": "my_kind"},
        dependencies={"app.bst": {"base.bst", "two.bst"}, "base.bst": set(), "two.bst": {"base.bst"}},
        coverage=COVERAGE,
        accesses=accesses(),
        costs=COSTS,
    )  # fmt: skip
