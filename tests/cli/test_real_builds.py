"""`enforcer run` on the real BuildStream, as a user types it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import enforcer
from enforcer.reports.json_report import schema
from tests.preloaded import programs

pytest.importorskip("buildstream")

# The package under test, installed or not, whatever the directory that a process runs in.
IMPORTABLE = os.pathsep.join([str(Path(enforcer.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]).rstrip(
    os.pathsep
)

PLUGIN = """
from buildstream import Element

class Kind(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    NAMES = [f"name-{number}" for number in range(30)]

    def configure(self, node):
        pass

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        dep = next(self.dependencies(), None)
        %s
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

def setup():
    return Kind
"""

CONF = """
name: tiny
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
  elements: [my_kind]
"""

LINE = 1 + PLUGIN.splitlines().index("        %s")
ADD_FOO = 'dep.get_environment()["FOO"] = "X"'


class Project:
    """A project of two elements, and its own cache: `app.bst` depends on `base.bst`, and does one line in its job."""

    def __init__(self, directory: Path, line: str) -> None:
        self.directory = directory
        for name, text in (
            ("project.conf", CONF),
            ("plugins/my_kind.py", PLUGIN % line),
            ("elements/base.bst", "kind: stack\n"),
            ("elements/app.bst", "kind: my_kind\nbuild-depends: [base.bst]\n"),
        ):
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`enforcer run WORDS…` in the project."""
        return self.enforcer("run", *words)

    def enforcer(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`enforcer WORDS…` in the project."""
        home = self.directory / "home"
        environ = {
            **os.environ,
            "PYTHONPATH": IMPORTABLE,
            "HOME": str(home),
            **{f"XDG_{n}_HOME": str(home / n) for n in ("CACHE", "CONFIG", "DATA")},
        }
        return programs.run(
            [sys.executable, "-m", "enforcer", *words],
            cwd=self.directory,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def empty_cache(self) -> None:
        """What is cached is not built, and so not checked."""
        shutil.rmtree(self.directory / "home", ignore_errors=True)

    def report(self, name: str = "r.json") -> Any:
        """The JSON report, which always keeps its schema."""
        data = json.loads((self.directory / name).read_text())
        assert [error.message for error in Draft202012Validator(schema()).iter_errors(data)] == []
        return data


REPORTED = ("--report", "json:r.json")


def test_a_clean_build_is_clean_and_the_next_one_checks_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path, "pass")
    first = project.run(*REPORTED, "build", "app.bst")
    assert first.returncode == 0, first.stderr
    report = project.report()
    assert (report["verdict"], report["violations"], report["errors"]) == ("clean", [], [])
    assert report["summary"]["checked"] == report["summary"]["jobs"] > 0
    assert "checked 4 of 4 jobs (2 Build, 2 Fetch)" in first.stderr

    second = project.run(*REPORTED, "build", "app.bst")
    assert second.returncode == 0, second.stderr
    assert project.report()["verdict"] == "nothing-checked"
    assert "NOTHING WAS CHECKED" in second.stderr


def test_a_violation_fails_its_job_in_bst_and_the_command_and_the_next_run_finds_it_again(tmp_path: Path) -> None:
    project = Project(tmp_path, ADD_FOO)
    for _ in range(2):
        done = project.run(*REPORTED, "build", "app.bst")
        assert done.returncode == 1, done.stderr
        own, _, ours = done.stderr.partition("enforcement strict on pool: failed")
        assert "foreign-write  app.bst (my_kind) changed base.bst in its Build job" in ours
        assert "environment['FOO']: added 'X'" in ours
        assert 'allow: "foreign-write base.bst environment[*]"' in ours
        told = f"    plugins/my_kind.py:{LINE}: foreign-write base.bst environment['FOO']: added 'X'\n"
        assert f"{told}    The report at the end of the run says more.\n" in own
        assert "allow:" not in own
        assert "BUG" not in done.stderr
        [violation] = project.report()["violations"]
        assert violation["obtained"]["file"] == "plugins/my_kind.py"
        assert violation["obtained"]["code"] == ADD_FOO


def test_what_cannot_be_seen_into_is_told_of_plugins_and_of_buildstream_only_verbosely(tmp_path: Path) -> None:
    project = Project(tmp_path, "pass")
    assert "could not see into" not in project.run("build", "app.bst").stderr
    plugin = tmp_path / "plugins/my_kind.py"
    plugin.write_text(f"{plugin.read_text()}\nimport threading\n\nLOCKS = (threading.Lock(),)\n")
    project.empty_cache()
    of_plugins = project.run(*REPORTED, "build", "app.bst").stderr
    assert "; could not see into 1 object: 1 _thread.lock" in of_plugins
    report = project.report()
    assert report["opaque_in_plugins"] == [{"type": "_thread.lock", "count": 1}]
    assert report["opaque_places"] == [{"place": "module my_kind LOCKS[0]", "type": "_thread.lock"}]
    assert "\n  module my_kind LOCKS[0]: _thread.lock\n" in of_plugins
    assert report["summary"]["opaque"] > 1
    project.empty_cache()
    assert "could not see into 1 object:" not in (everything := project.run("-v", "build", "app.bst").stderr)
    assert f"could not see into {report['summary']['opaque']} objects: " in everything
    assert "?" not in everything.partition("could not see into")[2]


@pytest.mark.parametrize(
    ("line", "differences"),
    [
        ("type(self).NAMES = [*self.NAMES, 'x']", ["  NAMES: + [30]: 'x'"]),
        (
            "env = dep.get_environment(); env['PATH'] = env.pop('PATH')",
            ["  environment: reordered", "    - [0]: 'PATH'", "    + [9]: 'PATH'"],
        ),
    ],
    ids=["a list", "an order"],
)
def test_of_a_large_value_the_difference_is_shown(tmp_path: Path, line: str, differences: list[str]) -> None:
    done = Project(tmp_path, line).run("build", "app.bst")
    *_, message = done.stderr.partition("\nenforcement strict on pool: failed\n")
    assert message.splitlines()[2 : 2 + len(differences)] == differences


def test_the_report_shows_the_lines_around_a_write_and_the_elements_around_an_owner(tmp_path: Path) -> None:
    project = Project(tmp_path, f"env = dep.get_environment(); {ADD_FOO}")
    project.run(*REPORTED, "build", "app.bst")
    [violation] = project.report()["violations"]
    site = violation["site"] or violation["obtained"]
    assert site["context"][site["line"] - site["context_start"]].strip() == site["code"]
    assert "    dep = next(self.dependencies(), None)" in site["context"]
    assert project.report()["graph"] == {
        "names": ["app.bst", "base.bst"],
        "kinds": ["my_kind", "stack"],
        "dependencies": [[1], []],
    }


def test_a_project_in_a_subdirectory_has_its_prefix_in_every_format_that_names_files(tmp_path: Path) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    project = Project(tmp_path / "repository/sub/project", ADD_FOO)
    done = project.run(*REPORTED, "--report", "github:notes", "--report", "junit:r.xml", "build", "app.bst")
    assert done.returncode == 1, done.stderr
    assert project.report()["files"] == [
        {"file": "plugins/my_kind.py", "path": "sub/project/plugins/my_kind.py"},
    ]
    where = f"file=sub/project/plugins/my_kind.py,line={LINE},"
    assert where in (project.directory / "notes").read_text()
    assert f'file="sub/project/plugins/my_kind.py" line="{LINE}"' in (project.directory / "r.xml").read_text()


def test_a_project_that_is_named_is_found_and_a_copy_elsewhere_is_none_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    inside = Project(tmp_path / "repository/inside", ADD_FOO)
    outside = Project(tmp_path / "outside", ADD_FOO)
    runner = Project(tmp_path / "repository", "pass")
    for project, files in ((inside, ["inside/plugins/my_kind.py"]), (outside, [])):
        runner.empty_cache()
        runner.run(*REPORTED, "--", "--directory", str(project.directory), "build", "app.bst")
        assert [each["path"] for each in runner.report()["files"]] == files


def test_reports_of_two_runs_are_merged_into_one(tmp_path: Path) -> None:
    project = Project(tmp_path, ADD_FOO)
    for name in ("first", "second"):
        project.run("--report", f"json:{name}.json", "build", "app.bst")
    done = project.enforcer("report", "first.json", "second.json", "--to", "json:both.json", "--to", "sarif:both.sarif")
    assert (done.returncode, done.stdout) == (0, "")
    first, both = project.report("first.json"), project.report("both.json")
    assert [each["count"] for each in both["violations"]] == [2]
    assert both["graph"] == first["graph"]
    assert both["summary"]["elements"] == first["summary"]["elements"]
    [run] = json.loads((tmp_path / "both.sarif").read_text())["runs"]
    assert [result["occurrenceCount"] for result in run["results"]] == [2]


def test_two_runs_from_nothing_write_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        project = Project(tmp_path / name, ADD_FOO)
        project.run(*REPORTED, "build", "app.bst")
        texts.append((project.directory / "r.json").read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("words", "status", "verdict"), [(["--mode", "soft"], 0, "warned"), (["--collect"], 1, "failed")]
)
def test_where_no_job_fails_the_build_is_complete(tmp_path: Path, words: list[str], status: int, verdict: str) -> None:
    project = Project(tmp_path, ADD_FOO)
    done = project.run(*words, *REPORTED, "build", "app.bst")
    assert done.returncode == status, done.stderr
    assert project.report()["verdict"] == verdict
    assert "FAILURE" not in done.stderr


def test_an_allowed_finding_passes_with_its_reason(tmp_path: Path) -> None:
    project = Project(tmp_path, ADD_FOO)
    entry = '{ entry = "foreign-write base.bst environment[*]", reason = "fixed upstream" }'
    (tmp_path / "pyproject.toml").write_text(f"[tool.enforcer]\nallow = [{entry}]\n")
    done = project.run(*REPORTED, "build", "app.bst")
    assert done.returncode == 0, done.stderr
    report = project.report()
    assert report["summary"]["allowed"] == 1
    assert [violation["allowed"] for violation in report["violations"]] == ["fixed upstream"]


def test_a_secret_is_shown_nowhere(tmp_path: Path) -> None:
    project = Project(tmp_path, 'dep.get_environment()["API_TOKEN"] = "hunter" + "2hunter2"')
    done = project.run(*REPORTED, "build", "app.bst")
    assert done.returncode == 1, done.stderr
    assert "environment['API_TOKEN']: added <masked>" in done.stderr
    logs = "".join(path.read_text() for path in tmp_path.rglob("*.log"))
    assert "environment['API_TOKEN']: added <masked>" in logs
    for text in (done.stdout, done.stderr, logs, (tmp_path / "r.json").read_text()):
        assert "hunter2hunter2" not in text


def test_bst_keeps_its_own_failures(tmp_path: Path) -> None:
    project = Project(tmp_path, "raise ValueError('mine')")
    done = project.run(*REPORTED, "build", "app.bst")
    assert done.returncode == 255, done.stderr
    assert project.report()["violations"] == []


def test_without_a_project_bst_says_so_and_we_say_that_nothing_was_checked(tmp_path: Path) -> None:
    project = Project(tmp_path, "pass")
    (tmp_path / "project.conf").unlink()
    done = project.run(*REPORTED, "build", "app.bst")
    assert done.returncode == 255
    assert "No project.conf or active workspace was located" in done.stderr
    assert "NOTHING WAS CHECKED" not in done.stderr
    assert "no job was checked: bst ended with exit status 255" in done.stderr
    assert project.report()["verdict"] == "nothing-checked"


def test_commands_of_bst_that_run_no_job_are_not_shouted_at(tmp_path: Path) -> None:
    project = Project(tmp_path, "pass")
    assert project.run("build", "app.bst").returncode == 0
    for words in (["show", "app.bst"], ["artifact", "checkout", "--directory", "out", "app.bst"]):
        done = project.run(*REPORTED, "--", *words)
        assert done.returncode == 0, done.stderr
        assert "NOTHING" not in done.stderr
        assert "no job was checked: bst was not asked to run any" in done.stderr
        assert project.report()["verdict"] == "nothing-checked"


def test_off_is_stock_bst(tmp_path: Path) -> None:
    project = Project(tmp_path, ADD_FOO)
    done = project.run("--mode", "off", *REPORTED, "build", "app.bst")
    assert done.returncode == 0, done.stderr
    assert "foreign-write" not in done.stderr
    assert not (tmp_path / "r.json").exists()


def test_wrong_usage_builds_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path, "pass")
    done = project.run("--report", "json:missing/r.json", "build", "app.bst")
    assert done.returncode == 2
    assert done.stderr.startswith("enforcer: cannot write the json report to 'missing/r.json'")
    assert not (tmp_path / "home").exists()


def test_without_buildstream_the_sentence_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['buildstream'] = None; from enforcer.cli import main; sys.exit(main(['run', 'build']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": IMPORTABLE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "BuildStream is not installed beside the enforcer: install it" in done.stderr
