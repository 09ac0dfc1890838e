"""What a user installs: built from the checkout, put into a fresh environment, used from elsewhere."""

import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from enforcer.rules.entry_points import BUILT_IN
from sample_projects import harness
from tests.installed import User

ROOT = Path(__file__).parents[1]
NOTICE = "add a NOTICE with what they are and their licence, and name it in license-files of pyproject.toml"
OWNERS = re.compile(rb"copy" rb"right|all rights" rb" reserved|permission is hereby" rb" granted", re.IGNORECASE)


@pytest.mark.once
def test_the_wheel_holds_two_packages_with_their_data_and_nothing_else(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"enforcer", "pytest_plugin"}
    pages = {f"enforcer/rules/pages/{page.name}" for page in (ROOT / "docs" / "rules").glob("*.md")}
    data = {"enforcer/py.typed", "pytest_plugin/py.typed", "enforcer/reports/schema/report-1.json"}
    assert pages
    assert pages | data <= set(names)
    assert "LICENSE" in {Path(name).name for name in names}


@pytest.mark.once
def test_the_wheel_holds_only_files_that_were_written_here(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    template, schema = "enforcer/reports/html/template", "enforcer/reports/schema/report-1.json"
    ours = {schema, *(f"{template}/{name}" for name in ("report.css", "report.html.jinja", "report.js"))}
    others = [name for name in names if name not in ours and Path(name).suffix not in {".py", ".md", ".typed"}]
    assert others == [], f"if others wrote {others}: {NOTICE}; if we did, name them here"


@pytest.mark.once
def test_no_file_that_is_released_names_other_owners(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")
    owned, files = [], 0
    with tarfile.open(archive) as opened:
        for member in opened:
            if file := opened.extractfile(member):
                files += 1
                owned += [member.name.partition("/")[2]] if OWNERS.search(file.read()) else []
    assert files > 500
    assert owned == ["LICENSE"], f"if others wrote them: {NOTICE}"


@pytest.mark.once
def test_the_source_distribution_can_be_set_up_demonstrated_and_tested(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    commands = {"Makefile", "tools/set-up", ".ci/run", "mkdocs.yml", "sample_projects/demo.py", "tests/conftest.py"}
    assert {"LICENSE", *commands} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".git/", ".venv/"))]


def test_python_takes_both_packages_from_the_wheel(user: User, installed: Path) -> None:
    done = user.run("python", "-c", "import enforcer, pytest_plugin; print(enforcer.__file__, pytest_plugin.__file__)")
    assert [Path(file).is_relative_to(installed) for file in done.stdout.split()] == [True, True], done.stderr


def test_the_pages_of_the_rules_come_along(user: User) -> None:
    done = user.run("enforcer", "explain", "foreign-write")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (ROOT / "docs" / "rules" / "foreign-write.md").read_text()


def test_the_rules_come_along(user: User) -> None:
    done = user.run("enforcer", "explain")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(BUILT_IN)


def test_doctor_finds_all_that_a_build_needs(user: User) -> None:
    done = user.run("enforcer", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("builds can be enforced here\n")


def test_the_command_catches_a_violation(user: User, tmp_path: Path) -> None:
    project = harness.copy_sample("environment", tmp_path)
    done = user.run("enforcer", "run", "--report", "html:r.html", "build", "app.bst", cwd=project)
    assert done.returncode == 1, done.stderr
    assert "app.bst (env_writer) changed base.bst" in (project / "r.html").read_text(encoding="utf-8")
    assert "foreign-write  app.bst (env_writer) changed base.bst in its Build job" in done.stderr


def test_pytest_catches_one_in_a_plugin_authors_suite(user: User, tmp_path: Path) -> None:
    repository = tmp_path / "acme"
    shutil.copytree(harness.SAMPLES / "plugin_author", repository)
    user.environ["PYTHONPATH"] = str(harness.install_package(repository, tmp_path / "plugins"))
    done = user.pytest("--enforce", "strict", "tests/test_changelog.py", cwd=repository)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout


def test_pytest_catches_one_in_a_bst_that_it_starts_for_a_project(user: User, tmp_path: Path) -> None:
    project = harness.copy_sample("environment", tmp_path)
    done = user.pytest("--enforce", "strict", "project.conf::app.bst", cwd=project)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert "foreign-write  app.bst (env_writer) changed base.bst in its Build job" in done.stdout
