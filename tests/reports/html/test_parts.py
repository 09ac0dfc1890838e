"""What the page shows of one finding: a diff of its values, blocks of source, a table of accesses."""

from __future__ import annotations

from dataclasses import replace

from enforcer.reports.access import Access
from enforcer.reports.html.access import matrix
from enforcer.reports.html.diff import Part, diff
from enforcer.reports.html.source import blocks
from enforcer.results.findings import Job
from tests.reports.records import CONTEXT, FINDING, SITE, WITH_CONTEXT


def test_words_that_differ_are_marked() -> None:
    found = diff("'-O2 -g'", "'-O3 -g'")
    assert found.before == (Part("'-", False), Part("O2", True), Part(" -g'", False))
    assert found.after == (Part("'-", False), Part("O3", True), Part(" -g'", False))


def test_values_that_have_nothing_in_common_and_single_ones_are_not_marked() -> None:
    assert diff("abc", "xyz") == ((Part("abc", False),), (Part("xyz", False),))
    assert diff(None, "x") == (None, (Part("x", False),))
    assert diff("", None) == ((Part("", False),), None)


def test_no_text_of_a_value_is_lost() -> None:
    before, after = "{'a': [1, 2],\\n 'b': None}", "{'b': None, 'a': [1, 3]}"
    found = diff(before, after)
    assert found.before is not None
    assert found.after is not None
    assert "".join(part.text for part in found.before) == before
    assert "".join(part.text for part in found.after) == after


def test_both_ends_of_the_blame_are_one_block_where_they_are_near() -> None:
    finding = replace(FINDING, site=WITH_CONTEXT, obtained=replace(WITH_CONTEXT, line=29))
    [block] = blocks(finding)
    assert [line.text for line in block.lines] == list(CONTEXT)
    assert [(line.number, line.mark) for line in block.lines if line.mark] == [(29, "obtained"), (31, "changed")]


def test_both_ends_are_two_blocks_where_they_are_far_apart_or_in_other_files() -> None:
    far = replace(WITH_CONTEXT, line=229, context_start=228)
    assert len(blocks(replace(FINDING, site=WITH_CONTEXT, obtained=far))) == 2
    assert len(blocks(replace(FINDING, site=WITH_CONTEXT, obtained=replace(WITH_CONTEXT, file="x.py")))) == 2


def test_without_the_lines_around_it_the_line_itself_is_shown() -> None:
    [block] = blocks(replace(FINDING, site=SITE, obtained=SITE))
    assert [line.text for line in block.lines] == [SITE.code]


def test_a_bare_line_near_a_block_keeps_the_indentation_of_the_block() -> None:
    bare = replace(SITE, line=29, code=CONTEXT[1].strip())
    [block] = blocks(replace(FINDING, site=WITH_CONTEXT, obtained=bare))
    assert [line.text for line in block.lines] == list(CONTEXT)


def test_a_block_neither_begins_nor_ends_with_an_empty_line() -> None:
    finding = replace(FINDING, site=replace(WITH_CONTEXT, context=("", *CONTEXT, ""), context_start=27), obtained=None)
    [block] = blocks(finding)
    assert [line.number for line in block.lines] == [28, 29, 30, 31]


def test_what_was_left_running_was_started_and_not_changed() -> None:
    [block] = blocks(replace(FINDING, rule="leaked-thread", site=WITH_CONTEXT, obtained=None))
    assert block.what == "started"


def test_lines_of_a_block_follow_each_other() -> None:
    found = blocks(replace(FINDING, site=WITH_CONTEXT, obtained=replace(WITH_CONTEXT, line=33, context_start=32)))
    [block] = found
    assert [line.number for line in block.lines] == list(range(28, 36))


def _access(job: Job, unit: str, attribute: str, reads: int, writes: int) -> Access:
    return Access(job, "job", "element", unit, attribute, "public", reads, writes)


def test_accesses_are_summed_by_job_and_unit_and_bounded() -> None:
    job = Job("a.bst", "Build")
    found = matrix(
        [_access(job, "b.bst", "x", 1, 0), _access(job, "b.bst", "y", 2, 3), _access(job, "c.bst", "x", 0, 1)]
    )
    assert found is not None
    assert [unit.name for unit in found.units] == ["b.bst", "c.bst"]
    assert [(row.lines.name, row.cells) for row in found.rows] == [("a.bst Build", ((3, 3), (0, 1)))]
    many = matrix([_access(Job(f"e{n}.bst", "Build"), f"u{n}.bst", "x", n, 0) for n in range(100)])
    assert many is not None
    assert (len(many.rows), len(many.units), many.hidden_jobs, many.hidden_units) == (60, 40, 40, 60)
    assert matrix([]) is None


def test_the_lines_of_a_job_and_of_a_unit_are_those_of_plugin_code_first_and_bounded() -> None:
    job = Job("a.bst", "Build")
    core, plugin = _access(job, "b.bst", "x", 9, 0), replace(_access(job, "b.bst", "y", 1, 0), by_plugin=True)
    found = matrix([core, plugin])
    assert found is not None
    assert found.rows[0].lines.shown == found.units[0].shown == (plugin, core)
    assert found.rows[0].lines.anchor != found.units[0].anchor
    many = matrix([_access(job, "b.bst", f"x{n}", 1, 0) for n in range(20)])
    assert many is not None
    assert (len(many.units[0].shown), many.units[0].hidden) == (12, 8)
