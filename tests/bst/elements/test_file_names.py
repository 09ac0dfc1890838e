"""Files are named by the project that they are in, else by the repository, else as what is installed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.blame.place import Place
from enforcer.bst.elements.file_names import FileNames


def project(directory: Path, junction: str | None = None) -> Any:
    """As much of a project as counts here."""
    element = None if junction is None else SimpleNamespace(_Plugin__full_name=junction)
    return SimpleNamespace(directory=str(directory), junction=element)


def named(directory: Path, file: Path) -> str:
    """What a file is called in a run of a project, of one in a folder of it, and of one elsewhere."""
    projects = [
        project(directory / "top"),
        project(directory / "top" / "sub", "sub.bst"),
        project(directory / "staged", "sub.bst:deep.bst"),
    ]
    return FileNames(projects, directory).shown(str(file))


def test_a_file_of_a_project_behind_a_junction_says_so(tmp_path: Path) -> None:
    assert named(tmp_path, tmp_path / "top" / "plugins" / "k.py") == "plugins/k.py"
    assert named(tmp_path, tmp_path / "top" / "sub" / "plugins" / "k.py") == "sub.bst:plugins/k.py"
    assert named(tmp_path, tmp_path / "staged" / "k.py") == "sub.bst:deep.bst:k.py"


def test_a_file_that_was_found_by_a_detour_is_named_without_it(tmp_path: Path) -> None:
    assert named(tmp_path, tmp_path / "top" / "plugins" / ".." / "lib" / "k.py") == "lib/k.py"


def test_the_name_of_a_project_is_not_the_beginning_of_anothers(tmp_path: Path) -> None:
    assert named(tmp_path, tmp_path / "top2" / "k.py") == "k.py"


def test_a_file_of_the_repository_is_named_by_it_although_python_finds_it_on_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "src"), *sys.path])
    file = tmp_path / "src" / "acme" / "k.py"
    assert named(tmp_path, file) == "<site-packages>/acme/k.py"
    (tmp_path / ".git").touch()
    assert named(tmp_path, file) == "src/acme/k.py"


def test_what_is_installed_is_never_the_repositorys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").touch()
    folder = tmp_path / ".venv" / "lib" / "site-packages"
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    assert named(tmp_path, folder / "acme" / "k.py") == "<site-packages>/acme/k.py"


def test_only_what_is_not_installed_has_places(tmp_path: Path) -> None:
    names = FileNames([project(tmp_path)], tmp_path)
    files = [str(tmp_path / "k.py"), "/usr/lib/python3/dist-packages/acme.py"]
    assert names.places(files) == {("k.py", str(tmp_path / "k.py"))}


def test_a_site_has_its_line_and_those_around_it(tmp_path: Path) -> None:
    file = tmp_path / "k.py"
    file.write_text("".join(f"line{number}\n" for number in range(1, 10)), encoding="utf-8")
    site = FileNames([project(tmp_path)], tmp_path).site_of(Place(str(file), 2, "f"))
    assert site is not None
    assert (site.file, site.line, site.code, site.context_start) == ("k.py", 2, "line2", 1)
    assert site.context == ("line1", "line2", "line3", "line4", "line5")
