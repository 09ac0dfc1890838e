"""The zoo runs plugins of a checkout, and tells what differs from stock and what was found."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

pytest.importorskip("buildstream")

from sample_projects import harness
from tests.outside.zoo import catalogue, small_project
from tests.outside.zoo.__main__ import main

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(
        bool(harness.missing_needs({"needs": ["sandbox", "git"]})), reason="the small projects need busybox and git"
    ),
]

PLUGIN = """\
from buildstream import Element


class Zoo(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    made = 0

    def configure(self, node):
        pass

    def preflight(self):
        pass

    def get_unique_key(self):
        return 1

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        {body}
        with sandbox.get_virtual_directory().open_file("made", mode="w") as file:
            file.write({text})
        return "/"


def setup():
    return Zoo
"""

BODIES = {
    "clean": ("pass", "'made'"),
    "writes": ("Zoo.made = 1", "'made'"),
    "tells": ("import sys", "str('enforcer' in sys.modules)"),
}

CATALOGUE = """\
- name: tiny
  url: https://example.org/tiny.git
  licence: none
  revision: none
  plugins:
  - &plugin
    kind: clean
    type: elements
    path: plugins
    target: zoo.bst
    files: {{elements/zoo.bst: 'kind: clean'}}
  - {{<<: *plugin, kind: writes, files: {{elements/zoo.bst: 'kind: writes'}}{expected}}}
  - {{<<: *plugin, kind: tells, files: {{elements/zoo.bst: 'kind: tells'}}}}
  - {{<<: *plugin, kind: absent, requires: {{modules: [no_such_module]}}}}
  - {{<<: *plugin, kind: broken, files: {{elements/zoo.bst: 'kind: broken'}}}}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for kind, (body, text) in BODIES.items():
        file = tmp_path / "checkout" / "plugins" / f"{kind}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PLUGIN.format(body=body, text=text))
    file.with_name("broken.py").write_text("raise ImportError('broken')\n")
    return tmp_path / "checkout"


def _run(tmp_path: Path, checkout: Path, *words: str, expected: str = "") -> int:
    file = tmp_path / "plugins.yaml"
    file.write_text(CATALOGUE.format(expected=expected))
    return main([str(tmp_path / "work"), f"tiny={checkout}", "--catalogue", str(file), "--backends", "threads", *words])


def _rows(text: str) -> dict[str, tuple[str, list[str]]]:
    """By kind: the row without its project and kind, and the lines that follow it."""
    found: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("tiny"):
            _, kind, *row = line.split()
            found[kind] = (" ".join(row), [])
        else:
            found[kind][1].append(line.strip())
    return found


def test_it_tells_what_is_as_in_stock_what_differs_what_was_found_and_what_was_not_run(
    tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path, checkout) == 1
    rows = _rows(capsys.readouterr().out)
    assert rows["clean"] == ("threads 2 1 as in stock", [])
    row, told = rows["writes"]
    assert row == "threads 2 0 differs from stock, 1 found, 0 as expected"
    assert told[:2] == ["stock ended with (0, 0), enforced with (0, 1)", "class-write writes.Zoo made writes.py:25"]
    row, told = rows["tells"]
    assert row == "threads 2 1 differs from stock"
    assert [line.rpartition(" ")[0].rpartition(" ")[0] for line in told] == ["stock made zoo.bst"]
    assert rows["absent"] == ("not run: not installed: no_such_module", [])
    row, told = rows["broken"]
    assert row == "stock fails in stock"
    assert "Failed to load element plugin 'broken': broken" in told


def test_what_a_description_expects_is_counted_and_is_no_trouble(
    tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = ", expected: {class-write * *: it counts}"
    assert _run(tmp_path, checkout, "--only", "clean", "writes", "--enforce-option=--blame=off", expected=expected) == 0
    assert _rows(capsys.readouterr().out)["writes"] == ("threads 2 1 as in stock, 0 found, 1 as expected", [])


def test_a_checkout_of_no_known_project_and_a_folder_that_is_not_there_are_told(
    tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "work"), f"unknown={checkout}"]) == 2
    assert (
        f"unknown={checkout}: give NAME=DIRECTORY, with one of these names: freedesktop-sdk" in capsys.readouterr().err
    )
    (checkout / "plugins").rename(checkout / "moved")
    assert _run(tmp_path, checkout) == 2
    assert capsys.readouterr().err == f"{checkout}: no folder plugins\n"


def test_a_description_can_name_the_checksum_and_the_address_of_what_is_made_for_it(tmp_path: Path) -> None:
    (tmp_path / "upstream").mkdir()
    (tmp_path / "upstream" / "notes.txt").write_text("notes\n")
    text = "{url: '(address of notes.txt)', ref: (sha256 of notes.txt)}"
    digest = hashlib.sha256(b"notes\n").hexdigest()
    expected = f"{{url: 'file://{tmp_path}/upstream/notes.txt', ref: {digest}}}"
    assert small_project.filled_in(text, tmp_path) == expected


def test_every_plugin_of_the_catalogue_says_how_it_is_exercised_or_why_not() -> None:
    projects = list(catalogue.read(catalogue.CATALOGUE))
    assert len({project.name for project in projects}) == len(projects)
    for project in projects:
        assert project.url.startswith("https://")
        assert project.licence
        assert project.plugins
        for plugin in project.plugins:
            assert len(plugin.revision) == 40
            assert plugin.target or plugin.not_run
