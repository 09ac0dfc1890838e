"""What a test run shows reads like pytest's own output, whatever it is asked to show."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

TESTS = """
import pytest

def test_clean(build):
    build(violates=False)

def test_bad(build):
    build()

@pytest.mark.enforce(allow=["foreign-write base.bst *"], reason="issue 12")
def test_allowed(build):
    build()

def test_without_a_build():
    pass

@pytest.mark.xfail(reason="known bad")
def test_expected(build):
    build()
"""
SECTION = "*= enforcement =*"
# In patterns of `fnmatch_lines` a bracket stands for itself in brackets.
SHORT = "hazard: foreign-write base.bst environment['FOO']: added 'X'"
IN_FULL = ["foreign-write  app.bst (hazard) changed base.bst in its Build job", "  environment['FOO']: added 'X'"]
END = [
    "  reproduce: pytest --enforce strict test_it.py::test_bad",
    "1 new violation, 2 allowed",
    "checked 8 of 8 jobs (4 Build, 4 Fetch)",
]
BEGIN = [SECTION, "enforcement strict on threads: failed", ""]
BLOCK = [*BEGIN, SHORT.replace("[", "[[]"), *END]


@pytest.fixture
def tests(fake: pytest.Pytester) -> pytest.Pytester:
    fake.makepyfile(test_it=TESTS)
    return fake


def run(tests: pytest.Pytester, *args: str) -> pytest.RunResult:
    return tests.runpytest("--enforce=strict", *args)


@pytest.mark.parametrize("args", [(), ("-q",), ("--tb=short",), ("-rA",), ("-v",)])
def test_the_section_stands_before_the_short_summary(tests: pytest.Pytester, args: tuple[str, ...]) -> None:
    result = run(tests, *args)
    result.stdout.fnmatch_lines([*BLOCK, "*= short test summary info =*", "FAILED test_it.py::test_bad - *"])
    assert result.ret == 1


@pytest.mark.parametrize("args", [(), ("--tb=no",), ("--show-capture=no",)])
def test_a_finding_is_told_in_full_once(tests: pytest.Pytester, args: tuple[str, ...]) -> None:
    """By the failure of its test, but in the section where that is not shown."""
    lines = run(tests, *args).outlines
    at = lines.index(IN_FULL[0])
    assert lines[at + 1] == IN_FULL[1]
    assert lines.count(IN_FULL[0]) == 1 + ("--show-capture=no" in args)
    assert ("= enforcement =" in "".join(lines[:at])) is (args not in [(), ("--show-capture=no",)])


def test_where_a_line_is_cut_by_pytest_what_matters_comes_first(tests: pytest.Pytester) -> None:
    [summary] = [line for line in run(tests).outlines if line.startswith("FAILED ")]
    assert summary.startswith("FAILED test_it.py::test_bad - hazard: foreign-write base.bst environment['")
    assert len(summary) <= 80


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        ("raise AssertionError", SHORT),
        ("raise AssertionError('no file')", "AssertionError: no file"),
        ("assert 1 == 2", "assert 1 == 2"),
    ],
)
def test_a_failure_of_the_tests_own_that_says_nothing_says_what_was_found(
    fake: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, failure: str, line: str
) -> None:
    """As `assert_success()` of BuildStream's `cli`, which fails where a build did."""
    monkeypatch.setenv("CI", "true")
    fake.makepyfile(test_it=f"def test_bad(build):\n    build()\n    {failure}")
    assert f"FAILED test_it.py::test_bad - {line}" in run(fake).outlines


def test_in_a_ci_job_the_line_is_whole_and_no_other_follows(
    tests: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    lines = run(tests).outlines
    at = lines.index(f"FAILED test_it.py::test_bad - {SHORT}")
    assert lines[at + 1].startswith("=")


def test_in_a_pipe_no_line_of_the_section_is_cut(fake: pytest.Pytester) -> None:
    long = f"environment['{'A' * 100}']"
    fake.makepyfile(test_it=f'def test_bad(build): build(path="{long}")')
    result = fake.runpytest_subprocess("--enforce=strict", "--tb=no")
    assert f"  {long}: added 'X'" in result.outlines


def test_findings_of_one_line_are_told_together(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        test_it="""
        def test_bad(build):
            for number, path in enumerate(["a", "b", "c"]):
                build(path=path, line=3)
            build(path="d", line=4)
        """
    )
    lines = fake.runpytest("--enforce=strict").outlines
    at = lines.index(IN_FULL[0])
    assert lines[at + 1 : at + 5] == ["  a: added 'X'", "  b: added 'X'", "  c: added 'X'", "  hazard.py:3 in assemble"]
    assert [line for line in lines[at:] if line.startswith("  allow: ")] == [
        f'  allow: "foreign-write base.bst {path}"' for path in "abcd"
    ]
    assert "hazard.py:3: foreign-write base.bst a: added 'X' (and 2 more by this line)" in lines
    [summary] = [line for line in lines if line.startswith("FAILED ")]
    assert "4 new violations" in lines
    assert summary.startswith("FAILED test_it.py::test_bad - hazard.py:3: foreign-write base.bst a: added")


def test_a_line_above_and_none_below_the_title(tests: pytest.Pytester) -> None:
    lines = run(tests, "-k", "clean").outlines
    at = next(number for number, line in enumerate(lines) if " enforcement =" in line)
    assert lines[at + 1] == "enforcement strict on threads: clean"
    assert lines[at - 1] == ""
    assert "[100%]" in lines[at - 2]


@pytest.mark.parametrize("quiet", ["-q", "-qq"])
def test_quietly_a_clean_run_says_nothing(tests: pytest.Pytester, quiet: str) -> None:
    result = run(tests, quiet, "-k", "clean")
    result.stdout.no_fnmatch_line("*enforcement*")
    assert result.ret == 0


def test_very_quietly_it_says_what_was_checked_and_no_more(tests: pytest.Pytester) -> None:
    result = run(tests, "-qq", "--tb=no")
    result.stdout.fnmatch_lines(
        [
            SECTION,
            "enforcement strict on threads: failed",
            "1 new violation, 2 allowed",
            "checked 8 of 8 jobs (4 Build, 4 Fetch)",
            "*= short test summary info =*",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize("quiet", ["-q", "-qq"])
def test_a_run_that_checked_nothing_says_so_however_quietly(tests: pytest.Pytester, quiet: str) -> None:
    result = run(tests, quiet, "-k", "without")
    result.stdout.fnmatch_lines([SECTION, "NOTHING WAS CHECKED: no job ran"])


def test_what_enforcement_cost_is_said_where_it_was_much(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        from pytest_plugin.enforcing import enforcing_key

        def test_slow(build, pytestconfig):
            build(violates=False)
            with pytestconfig.stash[enforcing_key].session.recording() as record:
                record.costs = {"check": 90.0, "job": 30.0}
        """
    )
    line = (
        "enforcement took 90 s, the jobs themselves 30 s: comparing around jobs 100%; cheaper: --enforce-backend pool"
    )
    run(fake).stdout.fnmatch_lines(["checked 2 of 2 jobs*", line])
    run(fake, "-n1", "-p", "xdist").stdout.fnmatch_lines(["checked 2 of 2 jobs*", line])


def test_without_a_terminal_there_is_still_an_exit_status_and_a_file(tests: pytest.Pytester) -> None:
    result = run(tests, "-p", "no:terminal", "--enforce-report=json:r.json")
    assert result.ret == 1
    assert result.outlines == []
    assert (tests.path / "r.json").exists()


def test_without_a_summary_the_run_still_ends_as_it_should(tests: pytest.Pytester) -> None:
    assert run(tests, "--no-summary").ret == 1
    assert run(tests, "--no-summary", "-k", "clean").ret == 0


def test_a_forced_failure_leads_to_its_test(tests: pytest.Pytester) -> None:
    result = run(tests, "--tb=line")
    result.stdout.fnmatch_lines([f"{tests.path / 'test_it.py'}:6: {SHORT.replace('[', '[[]')}"])
    result.stdout.no_fnmatch_line("*judging.py*")


@pytest.mark.parametrize("args", [(), ("-q",), ("-qq",)])
def test_the_files_are_named_in_the_way_of_pytest(tests: pytest.Pytester, args: tuple[str, ...]) -> None:
    result = run(tests, *args, "-k", "clean", "--enforce-report=json:r.json", "--enforce-report=markdown:summary.md")
    result.stdout.fnmatch_lines(
        [
            f"*- wrote enforcement report json: {tests.path / 'r.json'} -*",
            f"*- wrote enforcement report markdown: {tests.path / 'summary.md'} -*",
        ],
        consecutive=True,
    )


def test_what_is_no_file_is_not_named(tests: pytest.Pytester) -> None:
    run(tests, "--enforce-report=json:/dev/null").stdout.no_fnmatch_line("*wrote*")


@pytest.mark.parametrize("args", [(), ("-q",), ("-qq",), ("-v",), ("--no-summary",)])
def test_a_failed_run_ends_with_the_address_of_its_page(
    tests: pytest.Pytester, args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tests.path / "cache"))
    result = run(tests, *args)
    assert result.outlines[-1].startswith(f"page: {(tests.path / 'cache').as_uri()}/buildstream-enforcer/")
    assert not any(line.startswith("page: ") for line in run(tests, *args, "--enforce-no-html").outlines)
    assert not any(line.startswith("page: ") for line in run(tests, *args, "-k", "clean").outlines)


def test_verbosely_each_test_says_how_many_jobs_it_had(tests: pytest.Pytester) -> None:
    result = run(tests, "-v", "-rA")
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_clean PASSED (2 jobs) *",
            "test_it.py::test_bad FAILED (2 jobs, 1 new violation) *",
            "test_it.py::test_allowed PASSED (2 jobs) *",
            "test_it.py::test_without_a_build PASSED  *",
            "test_it.py::test_expected XFAIL (2 jobs*",
        ]
    )
    # Where others read them, the outcomes are pytest's own.
    result.stdout.fnmatch_lines(["PASSED test_it.py::test_clean", "FAILED test_it.py::test_bad - *"])
    result.assert_outcomes(passed=3, failed=1, xfailed=1)


def test_verbosely_a_warning_is_counted_as_one(fake: pytest.Pytester) -> None:
    fake.makepyfile(test_it="def test_warned(build): build(severity='warning')")
    result = fake.runpytest("--enforce=strict", "-v")
    result.stdout.fnmatch_lines(["*::test_warned PASSED (2 jobs, 1 warning) *", "0 new violations, 1 warning"])


def test_other_than_verbosely_it_does_not(tests: pytest.Pytester) -> None:
    run(tests).stdout.no_fnmatch_line("*(2 jobs*")


def test_a_fixture_counts_for_the_test_that_set_it_up(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        test_it="""
        import pytest

        @pytest.fixture(scope="module")
        def built(build):
            build(violates=False)

        def test_first(built, build):
            build(violates=False)

        def test_second(built):
            pass
        """
    )
    result = fake.runpytest("--enforce=strict", "-v")
    result.stdout.fnmatch_lines(["*::test_first PASSED (4 jobs) *", "*::test_second PASSED  *"])


def test_the_workers_of_xdist_say_the_same(tests: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    result = tests.runpytest_subprocess("--enforce=strict", "-v", "-n1", "--enforce-report=json:r.json")
    result.stdout.fnmatch_lines(["*FAILED (2 jobs, 1 new violation) test_it.py::test_bad*"])
    result.stdout.fnmatch_lines([*BLOCK, f"*- wrote enforcement report json: {tests.path / 'r.json'} -*"])


def test_the_header_says_mode_backend_and_version(tests: pytest.Pytester) -> None:
    run(tests).stdout.fnmatch_lines(["enforcement: strict on threads, BuildStream *"])


PHASES = """
import pytest

@pytest.fixture
def set_up(build):
    build("set-up.bst")

@pytest.fixture
def tear_down(build):
    yield
    build("tear-down.bst")

def test_set_up(set_up):
    pass

def test_call(build):
    build("call.bst")
    build("other.bst", path="other", severity="warning")

def test_tear_down(tear_down):
    pass

@pytest.mark.enforce(allow=["foreign-write base.bst *"], reason="issue 12")
def test_allowed(build):
    build()

@pytest.mark.xfail(reason="known bad")
def test_expected(build):
    build()

def test_own_failure(build):
    build()
    assert 0

def test_clean(build):
    build(violates=False)
"""


@pytest.mark.parametrize("args", [[], ["-n", "2"]], ids=["alone", "xdist"])
@pytest.mark.parametrize("mode", ["strict", "discard"])
def test_findings_of_all_phases_are_properties_in_junits_xml(fake: pytest.Pytester, args: list[str], mode: str) -> None:
    if args:
        pytest.importorskip("xdist")
    fake.makepyfile(test_it=PHASES)
    fake.runpytest_subprocess(f"--enforce={mode}", "--junitxml=r.xml", "-o", "junit_family=xunit1", *args)
    properties: dict[str, list[str]] = {}
    for case in ElementTree.parse(fake.path / "r.xml").iter("testcase"):
        found = [each.attrib["value"] for each in case.iter("property") if each.attrib["name"] == "enforcement"]
        properties.setdefault(case.attrib["name"], []).extend(each.split(" changed ")[1].split()[0] for each in found)
    assert {name: sorted({*owners}) for name, owners in properties.items()} == {
        "test_set_up": ["set-up.bst"],
        "test_call": ["call.bst", "other.bst"],
        "test_tear_down": ["tear-down.bst"],
        "test_allowed": ["base.bst"],
        "test_expected": ["base.bst"],
        "test_own_failure": ["base.bst"],
        "test_clean": [],
    }


def test_annotations_come_through_the_capture_each_on_a_line(tests: pytest.Pytester) -> None:
    result = tests.runpytest_subprocess("--enforce=strict", "--enforce-report=github:/dev/stdout")
    assert any(line.startswith("::error title=foreign-write%3A app.bst") for line in result.outlines)
    assert any(line.startswith("::notice title=enforcement strict on threads%3A failed::") for line in result.outlines)


def test_a_project_in_a_subdirectory_has_its_prefix(fake: pytest.Pytester) -> None:
    (fake.path / ".git").mkdir()
    plugins = fake.path / "tests/project/plugins"
    plugins.mkdir(parents=True)
    (plugins / "hazard.py").write_text("pass\n")
    fake.makepyfile(
        f"""
        from enforcer.results.findings import Site
        from pytest_plugin.enforcing import enforcing_key

        def test_it(build, pytestconfig, tmp_path, monkeypatch):
            build()
            with pytestconfig.stash[enforcing_key].session.recording() as record:
                record.findings[0].site = Site("plugins/hazard.py", 1, "assemble", "pass")
                record.files.add(("plugins/hazard.py", {str(plugins / "hazard.py")!r}))
            monkeypatch.chdir(tmp_path)
        """
    )
    fake.runpytest("--enforce=strict", "--enforce-report=github:out")
    assert "::error file=tests/project/plugins/hazard.py,line=1,title=" in Path(fake.path / "out").read_text()
