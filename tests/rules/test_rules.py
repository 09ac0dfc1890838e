"""Every rule turns its own kind of evidence into findings, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from enforcer.errors import EnforcerError, UsageError
from enforcer.findings import ERROR, WARNING, Finding, Job, Owner, Site
from enforcer.rules import registry
from enforcer.rules.entry_points import Registered
from enforcer.rules.evidence import UNIT_KINDS, Change, Drift, Evidence, Left, SharedLock, Unshippable
from enforcer.rules.registry import all_rules, apply_rules, get_rule

JOB = Job("app.bst", "Build", 1, "my_kind")
JOB_OWNER = Owner("element", "app.bst")


def change(unit_kind: str = "element", path: str = "environment['CC']", **values: object) -> Change:
    defaults = {"change": "added", "after": "'clang'", "dependents": 14}
    return Change(owner=Owner(unit_kind, "base.bst"), unit_kind=unit_kind, path=path, **{**defaults, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit_kind", "rule"),
    [
        ("element", "foreign-write"),
        ("project", "project-write"),
        ("context", "context-write"),
        ("class", "class-write"),
        ("module", "module-write"),
        ("process", "process-write"),
    ],
)
def test_a_change_breaks_the_one_rule_of_its_kind_of_unit(unit_kind: str, rule: str) -> None:
    [finding] = apply_rules(Evidence(JOB, (change(unit_kind),)))
    assert (finding.rule, finding.severity, finding.job) == (rule, ERROR, JOB)


def test_no_kind_of_unit_is_judged_by_nobody() -> None:
    evidence = Evidence(JOB, tuple(change(kind) for kind in UNIT_KINDS))
    assert len(apply_rules(evidence)) == len(UNIT_KINDS)


def test_no_evidence_is_no_finding() -> None:
    assert apply_rules(Evidence(JOB)) == []


def test_a_finding_keeps_everything_that_the_change_says() -> None:
    site = Site("plugins/my_kind.py", 31, "assemble", 'env["CC"] = "clang"')
    seen = change(aliases=("other.bst",), explanation=("one line",), undone=False, obtained=site, site=site)
    seen = replace(seen, core=site, unblamed="no line was seen doing it")
    [finding] = apply_rules(Evidence(JOB, (seen,), plugin_file="plugins/my_kind.py"))
    assert finding == Finding(
        "foreign-write",
        ERROR,
        JOB,
        Owner("element", "base.bst"),
        "environment['CC']",
        "added",
        None,
        "'clang'",
        site,
        site,
        site,
        "no line was seen doing it",
        14,
        aliases=["other.bst"],
        explanation=["one line"],
        undone=False,
        plugin_file="plugins/my_kind.py",
        fix="work on a copy: `env = dict(dep.get_environment())`",
    )


def test_a_finding_never_carries_a_secret() -> None:
    code = Site("plugins/my_kind.py", 3, "assemble", 'env["API_TOKEN"] = "s3cret"')
    seen = change(path="environment['API_TOKEN']", before="'old s3cret'", after="'s3cret'", obtained=code)
    [finding] = apply_rules(Evidence(JOB, (seen,)))
    assert "s3cret" not in str(finding.to_plain())


@pytest.mark.parametrize(
    ("evidence", "rule", "path"),
    [
        (Evidence(JOB, threads=(Left("watcher"),)), "leaked-thread", "thread 'watcher'"),
        (Evidence(JOB, processes=(Left("sleep"),)), "leaked-process", "process 'sleep'"),
        (Evidence(JOB, descriptors=(Left("log.txt"),)), "leaked-descriptor", "descriptor 'log.txt'"),
        (Evidence(JOB, temporary=(Left("acme-*"),)), "leaked-descriptor", "temporary file 'acme-*'"),
        (Evidence(JOB, temporary=(Left("acme-*/"),)), "leaked-descriptor", "temporary directory 'acme-*/'"),
    ],
)
def test_what_is_left_running_belongs_to_the_process(evidence: Evidence, rule: str, path: str) -> None:
    [finding] = apply_rules(evidence)
    assert (finding.rule, finding.owner, finding.path) == (rule, Owner("process", "process"), path)
    assert (finding.change, finding.undone) == ("added", False)


def test_the_number_of_a_thread_does_not_make_it_another_finding() -> None:
    first, second = apply_rules(Evidence(JOB, threads=(Left("Thread-7 (run)"), Left("Thread-12 (run)"))))
    assert first.fingerprint == second.fingerprint


def test_a_drifted_key_names_its_owner_and_both_keys() -> None:
    drift = Drift(Owner("source", "app.bst"), "sources[0].get_unique_key()", "{'a': 1}", "{'a': 2}")
    [finding] = apply_rules(Evidence(JOB, drifts=(drift,)))
    assert (finding.rule, finding.owner, finding.path) == (
        "key-drift",
        Owner("source", "app.bst"),
        "sources[0].get_unique_key()",
    )
    assert (finding.change, finding.before, finding.after) == ("set", "{'a': 1}", "{'a': 2}")


def test_what_cannot_be_sent_names_its_place_and_its_type_and_only_warns() -> None:
    stays = Unshippable(Owner("source", "app.bst"), "sources[0].session", "_io.TextIOWrapper")
    [finding] = apply_rules(Evidence(JOB, unshippable=(stays,)))
    assert (finding.rule, finding.severity, finding.fails) == ("unshippable-state", WARNING, False)
    assert (finding.owner, finding.path, finding.after) == (stays.owner, "sources[0].session", "_io.TextIOWrapper")


def test_a_shared_lock_names_who_holds_it_and_only_warns() -> None:
    site = Site("plugins/my_kind.py", 31, "fetch", "with LOCK:")
    lock = SharedLock(Owner("module", "my_kind"), "LOCK", site)
    [finding] = apply_rules(Evidence(JOB, locks=(lock,)))
    assert (finding.rule, finding.severity, finding.fails) == ("process-local-lock", WARNING, False)
    assert (finding.owner, finding.path, finding.obtained) == (lock.owner, "LOCK", site)


STUCK = Unshippable(Owner("element", "a"), "cache['a'].lock", "_thread.lock")


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (Evidence(JOB, unshippable=(STUCK,)), "no line in this Build job assigned to cache: it was put inside of what"),
        (
            Evidence(replace(JOB, action="Fetch"), unshippable=(replace(STUCK, path="sources[0].cache[1]"),)),
            "no line in this Fetch job assigned to sources[0].cache: it was put inside of what that holds",
        ),
        (Evidence(JOB, drifts=(Drift(JOB_OWNER, "get_unique_key()", "1", "2"),)), "no line of the job assigned to an"),
        (Evidence(JOB, threads=(Left("t"),)), "no line of plugin code was seen starting the thread"),
        (Evidence(JOB, locks=(SharedLock(JOB_OWNER, "LOCK"),)), "no line of the code that ran names the lock"),
    ],
)
def test_why_no_line_is_known_says_what_was_looked_for(evidence: Evidence, why: str) -> None:
    [finding] = apply_rules(evidence)
    assert (finding.unblamed or "").startswith(why)
    if not evidence.locks:
        [finding] = apply_rules(replace(evidence, unfollowed="blame is touch"))
        assert finding.unblamed == "blame is touch"


def test_of_a_lock_the_line_that_names_it_is_all_there_is_to_know() -> None:
    lock = SharedLock(JOB_OWNER, "LOCK", Site("plugins/my_kind.py", 3, "assemble", "with LOCK:"))
    [finding] = apply_rules(Evidence(JOB, locks=(lock,)))
    assert finding.unblamed is None


def test_findings_survive_the_way_through_plain_data() -> None:
    evidence = Evidence(
        JOB,
        (change(aliases=("x.bst",)),),
        (Left("t"),),
        (Left("p"),),
        (Drift(Owner("element", "a"), "get_unique_key()", "1", "2"),),
        unshippable=(Unshippable(Owner("element", "a"), "handle", "_thread.lock"),),
        locks=(SharedLock(Owner("class", "my_kind.MyElement"), "LOCK"),),
    )
    findings = apply_rules(evidence)
    assert [Finding.from_plain(finding.to_plain()) for finding in findings] == findings


def test_every_rule_has_a_stable_id_and_one_line_about_itself() -> None:
    assert [rule.id for rule in all_rules()] == [
        "foreign-write",
        "project-write",
        "context-write",
        "class-write",
        "module-write",
        "process-write",
        "leaked-thread",
        "leaked-process",
        "leaked-descriptor",
        "key-drift",
        "unshippable-state",
        "process-local-lock",
    ]
    assert all(rule.title and "\n" not in rule.title for rule in all_rules())


class Failing:
    """A rule of somebody else's with a mistake in it; what it gives is `given`, or raised."""

    id = "failing"
    severity = "warning"
    title = "meets a mistake"

    def __init__(self, given: object) -> None:
        self.given = given

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        if isinstance(self.given, Exception):
            raise self.given
        yield self.given  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (KeyError("x"), "failed with KeyError('x')"),
        ("text", "failed with TypeError(\"findings() gave 'text', not an enforcer.findings.Finding\")"),
        (Finding("other", "warning", JOB, Owner("element", "a"), "x"), "gave one of the rule 'other', warning"),
        (Finding("failing", "error", JOB, Owner("element", "a"), "x"), "gave one of the rule 'failing', error"),
    ],
)
def test_a_rule_that_fails_is_named_with_its_distribution(
    given: object, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {"failing": Registered(Failing(given), "acme-rules 1.0")}
    monkeypatch.setattr(registry, "registered", lambda: rules)
    with pytest.raises(EnforcerError) as raised:
        apply_rules(Evidence(JOB))
    assert str(raised.value).startswith("the rule 'failing' of acme-rules 1.0 failed with ")
    assert reason in str(raised.value)


def test_an_unknown_rule_is_refused_with_the_list_of_rules() -> None:
    with pytest.raises(UsageError, match="unknown rule 'nope': choose one of foreign-write, "):
        get_rule("nope")
