"""The message about one finding says what, whose and where, and stays short and harmless."""

from dataclasses import replace

import pytest

from enforcer.reports.message import finding_lines, short_line, short_lines
from enforcer.reports.shown import shown
from enforcer.results.findings import Finding, Job, Maker, Owner, Site

IN_FULL = "The report at the end of the run says more."
DOT = "\N{MIDDLE DOT}"
FINDING = Finding(
    rule="foreign-write",
    severity="error",
    job=Job("app.bst", "Build", 1, "my_kind"),
    owner=Owner("element", "base.bst"),
    path="environment['CC']",
    change="added",
    after="'clang'",
    site=Site("plugins/my_kind.py", 31, "assemble", '    env["CC"] = "clang"'),
    obtained=Site("plugins/my_kind.py", 29, "assemble", "    env = dep.get_environment()"),
    dependents=14,
    aliases=["other.bst"],
    plugin_file="plugins/my_kind.py",
)


def test_the_message_is_two_ended() -> None:
    assert finding_lines(FINDING) == [
        "foreign-write  app.bst (my_kind) changed base.bst in its Build job",
        "  environment['CC']: added 'clang'",
        '  plugins/my_kind.py:31 in assemble         env["CC"] = "clang"',
        "  obtained at plugins/my_kind.py:29         env = dep.get_environment()",
        f"  also held by other.bst {DOT} 14 elements depend on base.bst {DOT} enforcer explain foreign-write",
        '  allow: "foreign-write base.bst environment[*]"',
    ]


def test_a_line_that_obtains_and_changes_is_shown_once() -> None:
    lines = finding_lines(replace(FINDING, obtained=FINDING.site))
    assert sum("my_kind.py:31" in line for line in lines) == 1


def test_a_place_in_another_file_or_function_is_given_in_full() -> None:
    other = Site("plugins/helper.py", 7, "put", "mapping[key] = value")
    lines = finding_lines(replace(FINDING, site=other))
    assert "  obtained at plugins/my_kind.py:29 in assemble  env = dep.get_environment()" in lines
    lines = finding_lines(replace(FINDING, obtained=replace(FINDING.obtained, function="stage")))
    assert "  obtained at plugins/my_kind.py:29 in stage  env = dep.get_environment()" in lines


def test_what_core_does_for_a_plugin_names_both_lines() -> None:
    core = Site("<site-packages>/buildstream/element.py", 777, "set_public_data", "self.__dynamic_public[domain] = x")
    lines = finding_lines(replace(FINDING, core=core))
    assert lines[2].startswith("  plugins/my_kind.py:31 in assemble ")
    assert lines[3].startswith("  by way of <site-packages>/buildstream/element.py:777 in set_public_data  self.__dyn")


def test_what_could_not_be_blamed_says_why() -> None:
    lines = finding_lines(replace(FINDING, site=None, unblamed="blame is touch"))
    assert "  line unknown: blame is touch" in lines


def test_without_a_site_the_plugin_file_is_named() -> None:
    lines = finding_lines(replace(FINDING, site=None, obtained=None))
    assert lines[2] == "  plugin my_kind: plugins/my_kind.py"


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"owner": Owner("process", "process")}, "app.bst (my_kind) changed the process in its Build job"),
        ({"owner": Owner("context", "context")}, "app.bst (my_kind) changed the context in its Build job"),
        ({"owner": Owner("class", "MyElement")}, "app.bst (my_kind) changed class MyElement in its Build job"),
        ({"rule": "leaked-thread"}, "app.bst (my_kind) left a thread running after its Build job"),
        ({"rule": "leaked-process"}, "app.bst (my_kind) left a child process running after its Build job"),
        ({"rule": "leaked-descriptor", "after": "open"}, "app.bst (my_kind) left something open after its Build job"),
        (
            {"rule": "leaked-descriptor", "after": "there"},
            "app.bst (my_kind) left something behind after its Build job",
        ),
        ({"rule": "key-drift"}, "app.bst (my_kind) changed the unique key of base.bst in its Build job"),
        (
            {"rule": "unshippable-state"},
            "app.bst (my_kind) left what cannot be sent to another process after its Build job",
        ),
        (
            {"rule": "process-local-lock", "owner": Owner("module", "my_kind")},
            "app.bst (my_kind) relied on a lock of module my_kind in its Build job",
        ),
        ({"job": Job("app.bst", "Fetch", 2)}, "app.bst changed base.bst in its Fetch job (try 2)"),
        ({"maker": Maker("app.bst", "feeds", 1)}, "app.bst sources[1] (feeds) changed base.bst in its Build job"),
        ({"maker": Maker("app.bst", "feeds")}, "app.bst (feeds) changed base.bst in its Build job"),
        (
            {"maker": Maker("sub.bst:base.bst", "feeds", 0)},
            "sub.bst:base.bst sources[0] (feeds) changed base.bst in the Build job of app.bst (my_kind)",
        ),
        (
            {"maker": Maker("mirrors['one']", "acme"), "job": Job("app.bst", "Fetch", 2, "my_kind")},
            "mirrors['one'] (acme) changed base.bst in the Fetch job of app.bst (my_kind) (try 2)",
        ),
    ],
)
def test_the_headline_reads_as_a_sentence(changes: dict[str, object], headline: str) -> None:
    finding = replace(FINDING, **changes)  # type: ignore[arg-type]
    assert finding_lines(finding)[0] == f"{finding.rule}  {headline}"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"change": "removed", "before": "'gcc'", "after": None}, "environment['CC']: removed 'gcc'"),
        ({"change": "set", "before": "'gcc'"}, "environment['CC']: 'gcc' became 'clang'"),
        (
            {"change": "reordered", "before": "[1, 2]", "after": "[2, 1]"},
            "environment['CC']: reordered, [1, 2] became [2, 1]",
        ),
        ({"rule": "leaked-thread", "path": "thread 'w'", "after": "running"}, "thread 'w': still running"),
        ({"rule": "leaked-descriptor", "path": "descriptor 'f'", "after": "open"}, "descriptor 'f': still open"),
        (
            {"rule": "unshippable-state", "path": "handle", "after": "_thread.lock"},
            "handle: _thread.lock stays in the process of this job, and is absent in all others",
        ),
        (
            {"rule": "process-local-lock", "path": "LOCKS", "after": "excludes nobody in another process"},
            "LOCKS: excludes nobody in another process",
        ),
    ],
)
def test_the_second_line_says_what_changed(changes: dict[str, object], line: str) -> None:
    assert finding_lines(replace(FINDING, **changes))[1] == f"  {line}"  # type: ignore[arg-type]


LONG = str([f"name-{number}" for number in range(30)])


@pytest.mark.parametrize(
    ("change", "explanation", "lines"),
    [
        ("set", ["+ [30]: 'x'"], ["  names: + [30]: 'x'"]),
        ("set", ["- [0]: 'a'", "+ [30]: 'x'"], ["  names: changed", "    - [0]: 'a'", "    + [30]: 'x'"]),
        ("reordered", ["- [0]: 'a'", "+ [9]: 'a'"], ["  names: reordered", "    - [0]: 'a'", "    + [9]: 'a'"]),
    ],
)
def test_of_a_large_value_only_what_differs_is_shown(change: str, explanation: list[str], lines: list[str]) -> None:
    changed = replace(FINDING, path="names", change=change, before=LONG, after=LONG, explanation=explanation)
    assert finding_lines(changed)[1 : 1 + len(lines)] == lines
    short = replace(changed, before="[1]", after="[2]")
    assert finding_lines(short)[1].endswith("[1] became [2]")


def written(path: str, line: int = 31) -> Finding:
    return replace(FINDING, path=path, site=Site("plugins/my_kind.py", line, "assemble", "dep.queue.put(1)"))


def test_what_one_line_made_is_one_message_that_names_it_all() -> None:
    first, *others = [written(f"queue.{name}") for name in "abcdefg"]
    lines = finding_lines(first, others=others)
    assert lines[1:7] == [*(f"  queue.{name}: added 'clang'" for name in "abcde"), "  and 2 more by the same line"]
    assert lines[7].startswith("  plugins/my_kind.py:31 in assemble ")
    assert lines[-5:] == [f'  allow: "foreign-write base.bst queue.{name}"' for name in "abcde"]


def test_a_short_line_begins_with_the_place_and_the_rule() -> None:
    assert short_line(FINDING) == "plugins/my_kind.py:31: foreign-write base.bst environment['CC']: added 'clang'"
    obtained = replace(FINDING, site=None)
    assert short_line(obtained).startswith("plugins/my_kind.py:29: foreign-write base.bst ")
    assert short_line(replace(obtained, obtained=None)).startswith("plugins/my_kind.py: foreign-write base.bst ")
    assert short_line(replace(obtained, obtained=None, plugin_file=None)).startswith("my_kind: foreign-write ")
    thread = replace(FINDING, rule="leaked-thread", owner=Owner("process", "process"), path="thread 'w'")
    assert short_line(thread) == "plugins/my_kind.py:31: leaked-thread thread 'w': still running"


def test_a_short_line_is_short_whatever_was_added() -> None:
    line = short_line(replace(FINDING, after=LONG))
    assert line.startswith("plugins/my_kind.py:31: foreign-write base.bst environment['CC']: added ['name-0', ")
    assert len(line) < 250


def test_a_short_line_names_the_source_whose_plugin_did_it() -> None:
    line = short_line(replace(FINDING, maker=Maker("app.bst", "feeds", 1)))
    assert line.endswith("environment['CC']: added 'clang' (by app.bst sources[1] (feeds))")


def test_short_lines_are_one_for_each_line_of_code_and_few() -> None:
    told = short_lines([written("a"), written("b", 32), written("c")])
    assert told == [
        "plugins/my_kind.py:31: foreign-write base.bst a: added 'clang' (and 1 more by this line)",
        "plugins/my_kind.py:32: foreign-write base.bst b: added 'clang'",
        IN_FULL,
    ]
    assert short_lines([written("a", line) for line in range(20)])[-2:] == ["and 5 more", IN_FULL]


def test_what_is_accepted_says_so_and_is_told_nowhere_else() -> None:
    place = "plugins/my_kind.py:31: foreign-write base.bst environment['CC']: added 'clang'"
    assert short_lines([replace(FINDING, known=True)]) == [f"{place} (known from the baseline)"]
    assert short_lines([replace(FINDING, allowed="fixed upstream")]) == [f"{place} (allowed: fixed upstream)"]


@pytest.mark.parametrize(
    "other",
    [
        replace(written("b"), owner=Owner("element", "other.bst")),
        replace(written("b"), job=Job("two.bst", "Build", 1, "my_kind")),
        replace(written("b"), rule="unshippable-state"),
        replace(written("b"), known=True),
        replace(written("b"), undone=False),
        replace(written("b"), site=None),
    ],
)
def test_other_writes_do_not_hide_behind_one_of_the_same_line(other: Finding) -> None:
    assert len(short_lines([written("a"), other])) == 3


def test_a_change_that_stays_says_so() -> None:
    assert "  the change could not be undone" in finding_lines(replace(FINDING, undone=False))


def test_an_allowed_finding_shows_its_reason_instead_of_an_allow_line() -> None:
    lines = finding_lines(replace(FINDING, allowed="fixed upstream"))
    assert "  allowed: fixed upstream" in lines
    assert not any("allow:" in line for line in lines)


def test_every_line_but_the_one_to_be_copied_respects_the_width() -> None:
    *lines, allow = finding_lines(FINDING, 40)
    assert max(map(len, lines)) == 40
    assert allow == '  allow: "foreign-write base.bst environment[*]"'


def test_the_longest_message_fits_into_the_20_lines_that_bst_shows() -> None:
    many = [f"line {n}" for n in range(50)]
    jobs = [Job(f"e{n}.bst", "Build") for n in range(50)]
    longest = replace(FINDING, explanation=many, aliases=many, candidates=jobs, undone=False, plugin_file="x.py")
    assert len(finding_lines(longest)) <= 14


def test_nothing_that_others_wrote_can_steer_the_terminal() -> None:
    evil = "\x1b[2J\r\n\u202e"
    site = Site(evil, 1, evil, evil)
    finding = Finding(
        "foreign-write", "error", Job(evil, evil, 1, evil), Owner("element", evil), evil, "set", evil, evil, site, site,
        aliases=[evil], explanation=[evil], plugin_file=evil + "x", candidates=[Job(evil, evil)],
    )  # fmt: skip
    assert all(line.isprintable() for line in finding_lines(finding))


def test_what_is_shown_can_be_shown_again() -> None:
    many = replace(FINDING, aliases=[f"e{n}.bst" for n in range(8)])
    assert shown(many).aliases[-1] == "and 3 more"
    assert shown(shown(many)) == shown(many)


def test_secrets_are_masked_in_values_and_in_code() -> None:
    site = Site("p.py", 1, "f", 'env["API_TOKEN"] = "s3cret"')
    finding = replace(FINDING, path="environment['API_TOKEN']", before="'s3cret0'", after="'s3cret'", site=site)
    assert "s3cret" not in "\n".join(finding_lines(finding))
