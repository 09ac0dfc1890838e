"""A rule of another package, installed as packages are: asked in every process, explained, allowed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import enforcer
from sample_projects import harness

pytest.importorskip("buildstream")

PACKAGE = harness.SAMPLES / "rule_author"
OTHERS = "foreign-write base.bst environment[*]"
OWN = "path-write base.bst environment[*]"

FAILING = """
class Failing:
    id, severity, title = "failing", "error", "meets a mistake"

    def findings(self, evidence):
        raise LookupError("no such thing")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample package, built and installed by pip into a directory of its own."""
    directory = tmp_path_factory.mktemp("own_rules")
    target = directory / "site"
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(PACKAGE)]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


class User:
    """Somebody with a project whose job writes on its dependency's PATH, and with packages on their path."""

    def __init__(self, directory: Path, packages: Path) -> None:
        self.project = harness.copy_sample("environment", directory)
        plugin = self.project / "plugins" / "env_writer.py"
        plugin.write_text(plugin.read_text().replace('["FOO"] = "X"', '["PATH"] = "/acme/bin"'))
        self.environ = harness.isolated_environment(directory)
        checkout = str(Path(enforcer.__file__).parents[1])
        self.environ["PYTHONPATH"] = os.pathsep.join([checkout, str(packages)])

    def allow(self, *entries: str) -> None:
        """Write an allow list into the project."""
        listed = ", ".join(f'{{ entry = "{entry}", reason = "known" }}' for entry in entries)
        (self.project / "pyproject.toml").write_text(f"[tool.enforcer]\nallow = [{listed}]\n")

    def run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *words]
        return subprocess.run(
            command, cwd=self.project, env=self.environ, capture_output=True, text=True, timeout=120, check=False
        )

    def build(self, backend: str) -> tuple[int, dict[str, Any]]:
        """Exit status and JSON report of `enforcer run build app.bst`."""
        done = self.run("enforcer", "run", "--backend", backend, "--report", "json:r.json", "build", "app.bst")
        path = self.project / "r.json"
        assert path.exists(), done.stderr
        return done.returncode, json.loads(path.read_text())


@pytest.fixture
def user(tmp_path: Path, installed: Path) -> User:
    return User(tmp_path, installed)


def rules(report: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(each["rule"], each["allowed"] is not None) for each in report["violations"]]


@pytest.mark.parametrize("backend", ["threads", "pool"])
def test_its_finding_stands_beside_that_of_the_built_in_rule(user: User, backend: str) -> None:
    status, report = user.build(backend)
    assert (status, report["verdict"]) == (1, "failed")
    assert rules(report) == [("foreign-write", False), ("path-write", False)]
    own = report["violations"][1]
    assert (own["path"], own["after"], own["allow_line"]) == ("environment['PATH']", "'/acme/bin'", OWN)


def test_it_fails_a_build_in_which_everything_else_is_allowed(user: User) -> None:
    user.allow(OTHERS)
    status, report = user.build("pool")
    assert (status, rules(report)) == (1, [("path-write", False), ("foreign-write", True)])


def test_an_allow_entry_lets_its_finding_pass(user: User) -> None:
    user.allow(OTHERS, OWN)
    status, report = user.build("pool")
    assert (status, rules(report)) == (0, [("foreign-write", True), ("path-write", True)])
    assert report["unused_allow"] == []


def test_it_is_known_in_a_bst_that_a_test_starts(user: User) -> None:
    done = user.run("pytest", "-p", "no:cacheprovider", "--enforce", "strict", "project.conf::app.bst")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "path-write  app.bst (env_writer) changed base.bst in its Build job" in done.stdout


def test_its_page_is_printed_and_the_list_says_where_it_is_from(user: User) -> None:
    done = user.run("enforcer", "explain", "path-write")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# path-write\n")
    assert "## The fix" in done.stdout
    listed = user.run("enforcer", "explain").stdout
    page = Path(__file__).parents[2] / "docs" / "own-rules.md"
    assert f"    {listed.splitlines()[-1]}\n" in page.read_text(encoding="utf-8")


def test_doctor_names_it(user: User) -> None:
    assert "rules: the built-in ones, path-write of acme-rules 1.0\n" in user.run("enforcer", "doctor").stdout


def test_the_tests_of_the_sample_package_pass(user: User) -> None:
    done = user.run("pytest", "-p", "no:cacheprovider", "-q", str(PACKAGE / "test_acme_rules.py"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def failing(tmp_path: Path) -> User:
    """Somebody with a rule that has a mistake in it."""
    packages = tmp_path / "site"
    info = packages / "failing_rules-3.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: failing-rules\nVersion: 3.0\n")
    (info / "entry_points.txt").write_text("[enforcer.rules]\nfailing = failing_rules:Failing\n")
    (packages / "failing_rules.py").write_text(FAILING)
    return User(tmp_path, packages)


@pytest.mark.parametrize("backend", ["threads", "fork", "pool"])
def test_a_rule_that_fails_fails_the_job_that_it_could_not_judge(failing: User, backend: str) -> None:
    status, report = failing.build(backend)
    assert (status, report["verdict"], report["violations"]) == (3, "failed", [])
    assert (
        "could not judge the Build job of app.bst: "
        "the rule 'failing' of failing-rules 3.0 failed with LookupError('no such thing')" in report["errors"]
    )
    assert report["summary"]["checked"] == report["summary"]["jobs"] - 1


def test_a_rule_that_cannot_be_loaded_stops_before_the_build(failing: User) -> None:
    site = Path(failing.environ["PYTHONPATH"].split(os.pathsep)[1])
    (site / "failing_rules.py").write_text("import nowhere_to_be_found")
    sentence = "entry point 'failing' of group enforcer.rules in the distribution failing-rules 3.0: "
    done = failing.run("enforcer", "run", "build", "app.bst")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"enforcer: {sentence}")
    done = failing.run("pytest", "-p", "no:cacheprovider", "--enforce", "strict", "project.conf")
    assert done.returncode == 4
    assert f"ERROR: {sentence}" in done.stderr
