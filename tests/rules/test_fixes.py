"""Each finding says what to do, in the line of the rule's page that fits its case."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from enforcer.findings import ERROR, Finding, Job, Owner, Site
from enforcer.reports.shown import shown
from enforcer.rules import registry
from enforcer.rules.entry_points import Registered
from enforcer.rules.evidence import UNIT_KINDS, Change, Drift, Evidence, Left, SharedLock, Unshippable
from enforcer.rules.fixes import Fix, at
from enforcer.rules.making import from_changes
from enforcer.rules.pages import rule_page
from enforcer.rules.protocol import Rule
from enforcer.rules.registry import all_rules, apply_rules
from tests.reports.records import FINDING

ROOT = Path(__file__).parents[2]
JOB = Job("app.bst", "Build", 1, "my_kind")
ELEMENT = Owner("element", "app.bst")


def changed(unit_kind: str, path: str, owner: str = "base.bst", **values: object) -> Evidence:
    return Evidence(JOB, (Change(Owner(unit_kind, owner), unit_kind, path, "set", "1", "2", **values),))  # type: ignore[arg-type]


def fix(evidence: Evidence) -> str:
    [finding] = apply_rules(evidence)
    assert finding.fix is not None
    return finding.fix


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_the_lines_are_those_of_the_page(rule: Rule) -> None:
    section = rule_page(rule.id).partition("## The fix\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", section, re.MULTILINE)
    assert rows[1:] == [(each.case, each.text) for each in rule.fixes]  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_line_is_shown_as_it_is(rule: Rule) -> None:
    for each in rule.fixes:  # type: ignore[attr-defined]
        assert shown(replace(FINDING, fix=each.text)).fix == each.text
        assert each.text.count("`") % 2 == 0


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (changed("element", "environment['CC']"), "`env = dict(dep.get_environment())`"),
        (changed("element", "environment"), "`env = dict(dep.get_environment())`"),
        (changed("element", "public['bst']"), "`self.set_public_data()`"),
        (changed("element", "sources[0].ref"), "another element's source"),
        (changed("element", "index.entries['a'].lines[1]"), "`mine = copy.deepcopy(theirs)`"),
        (changed("element", "['total']"), "`mine = copy.deepcopy(theirs)`"),
        (changed("element", "opt"), "keep it on `self`"),
        (changed("element", "opt", site=Site("k.py", 3, "integrate", "self.opt = 1")), "write nothing on `self` in it"),
        (changed("project", "base_environment['A']"), "`project.conf`"),
        (changed("project", "mirrors['near'].calls"), "`translate_url()`"),
        (changed("context", "session"), "keep it on `self`"),
        (changed("context", "messenger.count"), "`self.warn()`"),
        (changed("class", "SHARED[0]", "kind.Kind"), "`self.names = []`"),
        (changed("class", "MEMO", "kind.Kind"), "`self.memo = ...`"),
        (changed("class", "remember.__defaults__[0][0]", "kind.Kind"), "let the default be `None`"),
        (changed("class", "get_variable", "buildstream.element.Element"), "override it"),
        (changed("class", "MEMO", "buildstream_acme.Kind"), "`self.memo = ...`"),
        (changed("module", "STATE['n']", "counter"), "compute at import"),
        (changed("module", "_cache", "buildstream._loader"), "leave it as it is"),
        (changed("module", "_cache", "buildstream_acme"), "compute at import"),
        (changed("process", "os.environ['CC']"), "`self.call(command, env=dict(os.environ, NAME=\"value\"))`"),
        (changed("process", "os.getcwd()"), "`self.call(command, cwd=directory)`"),
        (changed("process", "umask"), "`os.chmod()`"),
        (changed("process", "sys.path[0]"), "install the package"),
        (changed("process", "locale.setlocale(LC_ALL)"), "`LC_ALL`"),
        (changed("process", "signal handlers"), "leave it to BuildStream"),
        (Evidence(JOB, threads=(Left("t"),)), "`with ThreadPoolExecutor() as pool:`"),
        (Evidence(JOB, processes=(Left("p"),)), "`self.call()`"),
        (Evidence(JOB, drifts=(Drift(ELEMENT, "get_unique_key()", "1", "2"),)), "does not read"),
        (Evidence(JOB, drifts=(Drift(ELEMENT, "get_unique_key()", "1", "raised KeyError"),)), "work after the job"),
        (Evidence(JOB, unshippable=(Unshippable(ELEMENT, "log", "_io.TextIOWrapper"),)), "`with open(path) as file:`"),
        (Evidence(JOB, unshippable=(Unshippable(ELEMENT, "guard", "_thread.lock"),)), "make it in `configure()`"),
        (Evidence(JOB, unshippable=(Unshippable(ELEMENT, "gen", "builtins.generator"),)), "what it was made from"),
        (Evidence(JOB, locks=(SharedLock(Owner("module", "kind"), "LOCK"),)), "`fcntl.flock(file, fcntl.LOCK_EX)`"),
    ],
)  # fmt: skip
def test_the_line_fits_the_case(evidence: Evidence, words: str) -> None:
    assert words in fix(evidence)


def test_every_kind_of_change_has_a_line() -> None:
    for kind in UNIT_KINDS:
        path = "umask" if kind == "process" else "x"
        assert fix(changed(kind, path))


class Own:
    """A rule of another package."""

    id = "own"
    severity = ERROR
    title = "changes an element"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        return from_changes(self, evidence, "element")


class WithFixes(Own):
    fixes = (Fix("a path", "write the whole path", at(r".*\['PATH'\]")),)


class WithItsOwn(WithFixes):
    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        return (replace(finding, fix="as it says") for finding in super().findings(evidence))


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        (Own(), "environment['PATH']", None),
        (WithFixes(), "environment['PATH']", "write the whole path"),
        (WithFixes(), "environment['CC']", None),
        (WithItsOwn(), "environment['PATH']", "as it says"),
    ],
)
def test_a_rule_of_another_package_may_have_lines(
    rule: Rule, path: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "registered", lambda: {"own": Registered(rule, "acme-rules 1.0")})
    [finding] = apply_rules(changed("element", path))
    assert finding.fix == expected
