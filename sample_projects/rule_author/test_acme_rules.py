"""A rule is a pure function of evidence, so its tests need no build."""

from acme_rules import PathWrite
from enforcer.findings import Job, Owner
from enforcer.rules.evidence import Change, Evidence

JOB = Job("app.bst", "Build", plugin="my_kind")


def evidence(path):
    change = Change(owner=Owner("element", "base.bst"), unit_kind="element", path=path, change="set", after="'/acme'")
    return Evidence(job=JOB, changes=(change,))


def test_another_path_breaks_the_rule():
    [finding] = PathWrite().findings(evidence("environment['PATH']"))
    assert finding.allow_line == "path-write base.bst environment[*]"


def test_another_variable_does_not():
    assert list(PathWrite().findings(evidence("environment['CC']"))) == []
