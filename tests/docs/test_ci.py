"""The recipes of `docs/ci/` do what they say: their commands are run, with the wheel installed, on real samples."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sample_projects import harness
from tests.docs import recipes
from tests.docs.recipes import GITHUB, GITLAB, Job
from tests.installed import User

pytest.importorskip("buildstream")
pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
VERSIONS = ["3.10", "3.11", "3.12", "3.13"]
HAZARD, CLEAN = "-kexported", "-kjoined"
"""Which test of the plugin author's repository runs: one that fails under enforcement, or one that does not."""


@pytest.fixture
def user(installed: Path, tmp_path: Path) -> User:
    """A user whose home is not the directory of any repository."""
    return User(installed, tmp_path / "user")


@pytest.fixture
def repository(user: User, tmp_path: Path) -> Path:
    """A plugin author's repository, its package importable as after `pip install -e`."""
    directory = tmp_path / "acme"
    shutil.copytree(harness.SAMPLES / "plugin_author", directory)
    packages = harness.install_package(directory, tmp_path / "packages")
    user.environ["PYTHONPATH"] = os.pathsep.join([str(directory / "src"), str(packages)])
    return directory


def plugins(job: Job, user: User, repository: Path, tests: str) -> recipes.Done:
    user.environ["PYTEST_ADDOPTS"] = f"-p no:cacheprovider {tests}"
    return recipes.run(job, user, repository)


def build(job: Job, user: User, tmp_path: Path, sample: str) -> recipes.Done:
    return recipes.run(job, user, harness.copy_sample(sample, tmp_path))


def report(job: Job, user: User, tmp_path: Path, *before: recipes.Done) -> recipes.Done:
    directory = tmp_path / "report"
    directory.mkdir()
    for each in before:
        each.hand_over(directory)
    user.environ["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    return recipes.run(job, user, directory)


def names(done: recipes.Done) -> list[str]:
    return [file.name for file in done.kept]


def test_on_github_a_violation_fails_its_job_and_is_in_annotations_summary_page_and_code_scanning(
    user: User, repository: Path, tmp_path: Path
) -> None:
    red = plugins(recipes.github("plugins", python="3.12"), user, repository, HAZARD)
    assert red.failed is not None, red.output
    assert red.failed.startswith("pytest --enforce strict "), red.output
    assert "\n::error file=src/acme_bst_plugins/elements/changelog.py,line=" in red.output
    green = build(recipes.github("build"), user, tmp_path, "own_environment")
    assert green.failed is None, green.output
    assert "\n::notice title=enforcement strict on pool%3A clean::" in green.output

    merged = report(recipes.github("report"), user, tmp_path, red, green)
    assert merged.failed is None, merged.output
    assert [names(red), names(green), names(merged)] == [
        ["enforcement-3.12.json"],
        ["enforcement-build.json"],
        ["enforcement.html"],
    ]
    assert ": failed\n" in (tmp_path / "summary.md").read_text().partition("\n* ")[0]
    scanned = json.loads((tmp_path / "report" / "enforcement.sarif").read_text())["runs"][0]["results"]
    assert {result["ruleId"] for result in scanned} == {"foreign-write"}


def test_on_gitlab_a_violation_fails_its_job_and_is_on_the_page_of_tests_and_in_the_report(
    user: User, repository: Path, tmp_path: Path
) -> None:
    green = plugins(recipes.gitlab("plugins", PYTHON="3.12"), user, repository, CLEAN)
    assert green.failed is None, green.output
    red = build(recipes.gitlab("build"), user, tmp_path, "environment")
    assert red.failed is not None, red.output
    assert red.failed.startswith("enforcer run "), red.output

    merged = report(recipes.gitlab("report"), user, tmp_path, green, red)
    assert merged.failed is None, merged.output
    assert [names(green), names(red), names(merged)] == [
        ["enforcement-3.12.json", "junit-3.12.xml"],
        ["enforcement-build.json", "junit-build.xml"],
        ["enforcement.html"],
    ]
    assert 'type="foreign-write"' in (tmp_path / "report" / "junit-build.xml").read_text()
    assert "changed base.bst" in (tmp_path / "report" / "enforcement.html").read_text()


def test_nox_runs_the_tests_a_build_and_coverage_and_tox_does_the_same(user: User, repository: Path) -> None:
    shutil.copy(recipes.NOX, repository)
    shutil.copytree(harness.SAMPLES / "own_environment", repository, dirs_exist_ok=True)
    user.environ["PYTEST_ADDOPTS"] = "-p no:cacheprovider -kfilled"
    # As if all was installed that the sessions install.
    done = user.run("nox", "--no-venv", "--no-install", "-s", "plugins", "build", "coverage", cwd=repository)
    assert done.returncode == 0, done.stdout + done.stderr
    written = sorted(file.name for file in repository.glob("enforcement-*.json"))
    assert written == ["enforcement-build.json", "enforcement-plugins.json"]
    assert re.search(r"src/acme_bst_plugins/sources/template.py +\d+ +\d+ +[5-9]\d%", done.stdout), done.stdout

    commands = re.findall(r"^nox > ((?:pytest|coverage|enforcer) .*)", done.stderr, re.M)
    in_tox = [each.replace("-py312.", "-plugins.") for each in recipes.tox_commands("py312", "build", "coverage")]
    assert in_tox == commands


WORKFLOWS = [GITHUB, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]


@pytest.mark.parametrize(("schema", "files"), [("github-workflows", WORKFLOWS), ("gitlab-ci", [GITLAB])])
def test_the_files_are_valid_for_their_service(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


JOBS = [
    *(recipes.github(name, python="3.12") for name in ("plugins", "build", "report")),
    *(recipes.gitlab(name, PYTHON="3.12") for name in ("plugins", "build", "report")),
]


def test_jobs_install_extras_that_exist_and_debian_packages_that_set_up_installs_too() -> None:
    ours = pyproject(ROOT)["project"]["optional-dependencies"]
    authors = pyproject(harness.SAMPLES / "plugin_author")["project"]["optional-dependencies"]
    set_up = (ROOT / "tools" / "set-up").read_text(encoding="utf-8")
    for job in JOBS:
        for package in job.installed("pip"):
            name, _, extras = package.rstrip("]").partition("[")
            assert set(filter(None, extras.split(","))) <= set({"buildstream-enforcer": ours, ".": authors}[name])
        for package in job.installed("apt-get install", "sudo apt-get install"):
            assert f"echo {package}\n" in set_up
    assert all(job.installed("pip") for job in JOBS)


def test_every_recipe_and_our_own_suite_run_on_the_same_versions_of_python() -> None:
    noxfile = recipes.NOX.read_text(encoding="utf-8")
    versions = [
        load(GITHUB)["jobs"]["plugins"]["strategy"]["matrix"]["python"],
        load(GITLAB)["plugins"]["parallel"]["matrix"][0]["PYTHON"],
        load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"],
        re.findall(r"\d\.\d+", noxfile.partition("@nox.session(python=")[2].partition(")")[0]),
        [
            f"3.{minor}"
            for minor in re.findall(r"3(\d+)", recipes.TOX.read_text().partition("env_list = ")[2].partition("\n")[0])
        ],
    ]
    assert versions == [VERSIONS] * len(versions)


@pytest.mark.parametrize(
    "file", [GITHUB, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))], ids=lambda f: f.name
)
def test_a_workflow_may_only_read_and_takes_actions_of_one_major_version(file: Path) -> None:
    assert load(file)["permissions"] == {"contents": "read"}
    used = re.findall(r"uses: (\S+)", file.read_text(encoding="utf-8"))
    assert [each for each in used if not re.fullmatch(r"(actions|github|pypa)/[\w/-]+@(release/)?v\d+", each)] == []


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def pyproject(directory: Path) -> Any:
    tomllib = pytest.importorskip("tomllib")
    return tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))
