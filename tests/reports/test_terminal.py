"""The terminal report fits one screen, says what was not checked, and can be pasted from."""

import io
import shlex

import pytest

from enforcer.reports.terminal import terminal_report, wants_colour
from enforcer.reports.value import build_report
from enforcer.results.job_counts import JobCounts
from enforcer.results.record import Record
from enforcer.settings.settings import AllowEntry, Settings
from tests.reports.records import COMMAND, FINDING, SITE, VERSIONS, by, full_record, record


def lines(made: Record, **options: object) -> list[str]:
    return terminal_report(build_report(made, Settings(), COMMAND, VERSIONS), **options)  # type: ignore[arg-type]


def test_a_violation_is_shown_with_all_that_is_needed_to_act() -> None:
    assert lines(record(FINDING, by("two.bst"))) == [
        "enforcement strict on threads: failed",
        "",
        "foreign-write  app.bst (my_kind) changed base.bst in its Build job",
        "  environment['CC']: added 'clang'",
        "  obtained at plugins/my_kind.py:29 in assemble  env = dep.get_environment()",
        "  14 elements depend on base.bst \N{MIDDLE DOT} enforcer explain foreign-write",
        '  allow: "foreign-write base.bst environment[*]"',
        "  and 1 more like it: two.bst on base.bst",
        "",
        "reproduce: enforcer run -- build app.bst",
        "allow:     in [tool.enforcer] of pyproject.toml",
        '  allow = [{ entry = "foreign-write base.bst environment[*]", reason = "why this is fine" }]',
        "  or beside the line: # enforcer: ignore[foreign-write] why this is fine",
        "",
        "2 new violations",
        "checked 41 of 57 jobs; 16 elements were cached",
        "4,711 cells compared; could not see into 1 object: 1 _thread.lock; 12 lazy fills by BuildStream itself",
        "  app.bst guard: _thread.lock",
    ]


def test_a_clean_run_is_short() -> None:
    assert lines(record(opaque_in_plugins={}, core_fills={}, cached=set(), checked=57)) == [
        "enforcement strict on threads: clean",
        "",
        "0 new violations",
        "checked 57 of 57 jobs",
        "4,711 cells compared",
    ]


def test_warnings_are_counted_as_warnings() -> None:
    warnings = [by(f"{n}.bst", severity="warning") for n in range(7)]
    assert "0 new violations, 7 warnings" in lines(record(*warnings))
    assert "1 new violation, 7 warnings, 1 known" in lines(record(FINDING, *warnings, by("old.bst", known=True)))


def test_groups_that_one_line_made_share_a_block_and_count_as_what_they_are() -> None:
    found = [by(element, path=path, site=SITE) for element in ("app.bst", "two.bst") for path in ("a", "b")]
    shown = lines(record(*found, by("app.bst", path="c", site=SITE)))
    at = shown.index("  a: added 'clang'")
    assert shown[at + 1].startswith("  b: added 'clang'")
    assert shown.count("  and 1 more like it: two.bst on base.bst") == 1
    assert "  c: added 'clang'" in shown
    assert "5 new violations" in shown


def test_what_cannot_be_seen_into_of_buildstream_itself_is_named_when_asked_for() -> None:
    assert lines(record())[-2].startswith("4,711 cells compared; could not see into 1 object: 1 _thread.lock; ")
    all_of_it = "4,711 cells compared; could not see into 12 objects: 8 Variables, 4 _thread.lock; "
    assert lines(record(), verbose=True)[-2].startswith(all_of_it)
    assert "could not see into" not in "\n".join(lines(record(opaque_in_plugins={})))


def test_the_way_to_what_cannot_be_seen_into_is_named_of_a_few_and_of_all_when_asked_for() -> None:
    places = {(f"app.bst locks[{number}]", "_thread.lock") for number in range(5)}
    few = [f"  app.bst locks[{number}]: _thread.lock" for number in range(3)]
    assert lines(record(opaque_places=places))[-4:] == [*few, "  and 2 more places: see -v"]
    assert lines(record(opaque_places=places), verbose=True)[-1] == "  app.bst locks[4]: _thread.lock"


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (Record(), "no job ran"),
        (Record(cached={"a.bst"}), "everything was cached, so no job ran"),
        (Record(jobs=2), "no job was compared to its end"),
    ],
)
def test_a_run_that_checked_nothing_says_so_loudly(made: Record, why: str) -> None:
    [loud] = [line for line in lines(made) if line.startswith("NOTHING WAS CHECKED")]
    assert why in loud


def test_jobs_that_run_only_the_core_are_no_check() -> None:
    skipped = {"Pull": JobCounts(3, 3, 3), "Push": JobCounts(2, 1, 1)}
    made = record(jobs=5, checked=4, actions=skipped, exercised=set(), cached={"a.bst", "b.bst"})
    text = lines(made)
    assert text[0] == "enforcement strict on threads: nothing-checked"
    assert (
        "NOTHING WAS CHECKED: no Build job ran: 2 elements were pulled or cached; assemble() of their plugins was not "
        "checked; with --fresh, in pytest --enforce-fresh, all jobs run"
    ) in text
    assert "checked 4 of 5 jobs (3 Pull, 3 skipped, 1 of 2 Push, 1 skipped); 2 elements were cached" in text
    assert "NOTHING WAS CHECKED: only Pull and Push jobs ran, and none ran plugin code" in lines(
        record(jobs=5, checked=4, actions=skipped, exercised=set(), cached=set())
    )


def test_plugins_without_a_turn_are_named_and_counted() -> None:
    plugins = {f"k{number} (element)" for number in range(6)}
    text = lines(record(plugins=plugins, had_turn={"k0 (element)", "local (source)"}))
    assert "no checked job ran code of k1 (element), k2 (element), k3 (element) and 2 more" in text
    assert not any("no checked job" in line for line in lines(record(plugins=plugins, had_turn=plugins)))


def test_where_other_jobs_were_checked_it_says_that_no_build_job_was() -> None:
    fetched = record(actions={"Fetch": JobCounts(41, 41, 0, 41)}, cached={"a.bst"})
    said = "no Build job ran: 1 element was pulled or cached; assemble() of their plugins was not checked"
    assert said in lines(fetched)
    fetched.actions["Build"] = JobCounts(1, 1, 0, 1)
    assert said not in lines(fetched)


def test_where_no_job_was_due_it_says_so_and_no_more() -> None:
    assert lines(Record(not_due={"bst was not asked to run any"})) == [
        "enforcement strict on threads: nothing-checked",
        "",
        "no job was checked: bst was not asked to run any",
    ]


def test_what_was_not_taken_from_a_cache_is_named() -> None:
    text = lines(record(distrusted={f"e{number}.bst" for number in range(5)}))
    assert "not taken from the cache, as made under a violation: e0.bst, e1.bst, e2.bst, ..." in text


def test_what_kept_us_from_looking_is_not_cut_away_by_findings() -> None:
    many = [by("a.bst", path=f"p{n}") for n in range(100)]
    text = lines(record(*many, errors=["the reason\nand more"], unwatched=["bst build"] * 2, left_behind={"mirror"}))
    assert "COULD NOT LOOK: the reason" in text
    assert "NOT WATCHED: bst build" in text
    assert "COULD NOT LOOK: ValueError: x" in lines(record(errors=["Traceback (most ...):\n  File\nValueError: x"]))
    assert "left behind on disk: mirror" in text


def test_what_does_not_fit_is_counted() -> None:
    many = [by(f"e{job}.bst", path=f"p{n}") for n in range(100) for job in range(3)]
    text = lines(record(*many))
    assert len(text) <= 50
    in_full = sum(line == "  and 2 more like it: e1.bst on base.bst, e2.bst on base.bst" for line in text)
    in_short = sum(line.endswith(", 3x") for line in text)
    hidden = 100 - in_full - in_short
    assert f"... and {hidden} more groups: {hidden * 3} findings are not shown" in text


@pytest.mark.parametrize("height", [1, 20, 50])
def test_the_first_violation_is_shown_whatever_the_height(height: int) -> None:
    text = lines(record(*(by("a.bst", path=f"p{n}") for n in range(50))), height=height)
    assert "foreign-write  a.bst (my_kind) changed base.bst in its Build job" in text


def test_the_width_is_kept_but_for_what_is_to_be_copied() -> None:
    text = lines(full_record(), width=40)
    wide = [line for line in text if len(line) > 40]
    assert all(line.lstrip().startswith(("allow", "or beside", "reproduce:")) for line in wide)


def test_the_allow_entry_can_be_pasted() -> None:
    made = record(by("a.bst", path="table['a \"b\" \\\\ c']._x"))
    [line] = [line for line in lines(made) if line.startswith("  allow = ")]
    tomllib = pytest.importorskip("tomllib")
    [entry] = tomllib.loads(line)["allow"]
    assert AllowEntry.parse(**{"text": entry["entry"], "reason": entry["reason"]}).matches(
        "foreign-write", "base.bst", made.findings[0].path
    )


def test_a_test_is_reproduced_by_its_own_command() -> None:
    nodeid = "tests/test_app.py::test_build[a b]"
    [line] = [line for line in lines(record(by("a.bst", nodeid=nodeid))) if "reproduce" in line]
    assert shlex.split(line.split(": ", 1)[1]) == ["pytest", "--enforce", "strict", nodeid]


def test_known_and_allowed_findings_are_only_counted() -> None:
    text = lines(record(by("a.bst", known=True), by("b.bst", allowed="why")))
    assert "0 new violations, 1 known, 1 allowed" in text
    assert not any("a.bst" in line or "b.bst" in line for line in text)


def test_colours_are_added_only_on_demand() -> None:
    assert not any("\x1b" in line for line in lines(full_record()))
    assert any("\x1b[31m" in line for line in lines(full_record(), colour=True))


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (_Terminal(), {}, True),
        (_Terminal(), {"NO_COLOR": ""}, True),
        (_Terminal(), {"NO_COLOR": "1"}, False),
        (_Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_capable_terminals(stream: io.StringIO, environ: dict[str, str], wanted: bool) -> None:
    assert wants_colour(stream, environ) is wanted
