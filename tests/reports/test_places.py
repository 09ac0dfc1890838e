"""A file is in the repository only if it is the one that the report names."""

from __future__ import annotations

from pathlib import Path

import pytest

from enforcer.reports.located import finding_place
from enforcer.reports.places import ShownLine, repository_files, repository_root
from enforcer.reports.value import build_report
from enforcer.results.findings import Site
from enforcer.settings.settings import Settings
from tests.reports.records import COMMAND, by, record

NAME = "plugins/kind.py"
LINE = ShownLine(NAME, 2, "environment['CC']", 'env["CC"] = "clang"')


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "outer/repo/.git").mkdir(parents=True)
    return tmp_path / "outer/repo"


def write(path: Path, code: str = 'def f(env):\n    env["CC"] = "clang"\n') -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)
    return str(path)


def test_a_project_in_a_subdirectory_gets_its_prefix(repository: Path) -> None:
    place = write(repository / "sub/project" / NAME)
    assert repository_files([LINE], {(NAME, place)}, repository) == ((NAME, "sub/project/plugins/kind.py"),)


def test_the_repository_is_the_one_around_the_directory_of_the_run(repository: Path) -> None:
    write(repository / "sub" / NAME)
    assert repository_files([LINE], (), repository / "sub") == ((NAME, "sub/plugins/kind.py"),)
    (repository / ".git").rmdir()
    assert repository_files([LINE], (), repository / "sub") == ((NAME, "plugins/kind.py"),)


def test_a_worktree_has_a_file_where_others_have_a_directory(repository: Path) -> None:
    (repository / ".git").rmdir()
    (repository / ".git").write_text("gitdir: elsewhere")
    (repository / "sub").mkdir()
    assert repository_root(repository / "sub") == repository


def test_a_copy_outside_of_it_is_not_in_it(repository: Path, tmp_path: Path) -> None:
    place = write(tmp_path / "copy" / NAME)
    assert repository_files([LINE], {(NAME, place)}, repository) == ()


def test_a_copy_of_a_file_that_stands_where_it_is_named_is_found(repository: Path, tmp_path: Path) -> None:
    write(repository / NAME)
    assert repository_files([LINE], {(NAME, write(tmp_path / "copy" / NAME))}, repository) == ((NAME, NAME),)


@pytest.mark.parametrize("code", ["", "pass\n", 'pass\nenv["CC"] = "gcc"\n', 'env["CC"] = "clang"\npass\n'])
def test_a_file_of_this_name_with_another_line_is_another_file(repository: Path, code: str) -> None:
    place = write(repository / NAME, code)
    assert repository_files([LINE], {(NAME, place)}, repository) == ()


def test_two_that_fit_are_none(repository: Path) -> None:
    recorded = {(NAME, write(repository / "one" / NAME)), (NAME, write(repository / "two" / NAME))}
    assert repository_files([LINE], recorded, repository) == ()
    write(repository / "two" / NAME, "pass\n")
    assert repository_files([LINE], recorded, repository) == ((NAME, "one/plugins/kind.py"),)


def test_an_installed_package_that_is_developed_here_is_in_it(repository: Path) -> None:
    name = "<site-packages>/my_plugins/kind.py"
    place = write(repository / "src/my_plugins/kind.py")
    assert repository_files([LINE._replace(file=name)], {(name, place)}, repository) == (
        (name, "src/my_plugins/kind.py"),
    )


def test_a_line_with_a_secret_is_compared_as_it_is_shown(repository: Path) -> None:
    code = 'pass\nenv["API_TOKEN"] = "s3cret"\n'
    place = write(repository / NAME, code)
    line = ShownLine(NAME, 2, "environment['API_TOKEN']", 'env["API_TOKEN"] = <masked>')
    assert repository_files([line], {(NAME, place)}, repository) == ((NAME, NAME),)


def test_a_link_leads_to_the_file_that_is_kept(repository: Path) -> None:
    write(repository / "shared/kind.py")
    (repository / "plugins").mkdir()
    (repository / NAME).symlink_to("../shared/kind.py")
    assert repository_files([LINE], {(NAME, str(repository / NAME))}, repository) == ((NAME, "shared/kind.py"),)


def test_a_finding_is_shown_at_the_first_end_that_is_in_the_repository(repository: Path) -> None:
    place = write(repository / "sub" / NAME)
    site = Site("<site-packages>/helper.py", 3, "put", "mapping[key] = value")
    found = by("app.bst", site=site, obtained=Site(*LINE[:2], "f", LINE.code), plugin_file=NAME)
    made = record(found, files={(NAME, place)})
    report = build_report(made, Settings(), COMMAND, directory=repository)
    assert finding_place(report, report.groups[0].finding) == (NAME, 2, "sub/plugins/kind.py")
    elsewhere = build_report(made, Settings(), COMMAND, directory=repository.parent)
    assert finding_place(elsewhere, elsewhere.groups[0].finding) == (NAME, 2, "repo/sub/plugins/kind.py")


def test_without_any_place_in_the_repository_the_first_end_is_named(tmp_path: Path) -> None:
    found = by("app.bst", site=Site("<site-packages>/helper.py", 3, "put", "x"))
    report = build_report(record(found), Settings(), COMMAND, directory=tmp_path)
    assert finding_place(report, report.groups[0].finding) == ("<site-packages>/helper.py", 3, None)
    nowhere = build_report(
        record(by("a.bst", site=None, obtained=None, plugin_file=None)), Settings(), COMMAND, directory=tmp_path
    )
    assert finding_place(nowhere, nowhere.groups[0].finding) is None
