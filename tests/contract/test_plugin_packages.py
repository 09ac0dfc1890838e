"""Plugins of packages whose names begin as BuildStream's does are plugins like all others, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import buildstream
import pytest

from tests.contract.lab import Lab

_ELEMENT = """
from buildstream import Element
from {package}.tally import count


class Counts(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        pass

    def preflight(self):
        pass

    def get_unique_key(self):
        return {{}}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        count(self.name)
        return "/"


def setup():
    return Counts
"""
_HELPER = """
TOTALS = {}


class Tally:
    NAMES = []


def count(name):
    Tally.NAMES.append(name)  # class
    TOTALS[name] = 1  # module
"""
_ENTRY_POINTS = "[buildstream.plugins.elements]\ncounts = {package}.elements.counts\n"
_PLUGINS = "- origin: pip\n  package-name: {package}\n  elements: [{kind}]\n"


def install(package: str, where: Path) -> None:
    """Write a package of plugins into a directory that has BuildStream, too."""
    files = {
        f"{package}/__init__.py": "",
        f"{package}/tally.py": _HELPER,
        f"{package}/elements/__init__.py": "",
        f"{package}/elements/counts.py": _ELEMENT.format(package=package),
        f"{package}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n",
        f"{package}-1.0.dist-info/entry_points.txt": _ENTRY_POINTS.format(package=package),
    }
    for name, text in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (where / "buildstream").symlink_to(Path(buildstream.__file__).parent)


def build(lab: Lab, package: str, kind: str, **env: str) -> dict[str, Any]:
    """The report of a build of one element of this kind, a plugin of the package."""
    lab.write_project(more=_PLUGINS.format(package=package, kind=kind))
    lab.raw_element("app", f"kind: {kind}\n")
    lab.bst("build", "app.bst", **env)
    return lab.report()


@pytest.mark.parametrize("package", ["buildstream_acme", "buildstreams"])
def test_what_helper_modules_of_a_plugin_package_change_is_found(
    package: str, backend: str, lab_of: Callable[..., Lab], tmp_path: Path
) -> None:
    where = tmp_path / "packages"
    install(package, where)
    lab = lab_of(backend)
    # BuildStream is imported from there, from the start.
    lab.is_preloaded = False
    report = build(lab, package, "counts", PYTHONPATH=f"{where}:{lab.environment({})['PYTHONPATH']}")
    found = [
        (violation["rule"], violation["owner"]["name"], violation["site"]["file"], violation["site"]["line"])
        for violation in report["violations"]
    ]
    lines = {line.partition("# ")[2]: number for number, line in enumerate(_HELPER.splitlines(), 1)}
    file = f"<site-packages>/{package}/tally.py"
    assert found == [
        ("class-write", f"{package}.tally.Tally", file, lines["class"]),
        ("module-write", f"{package}.tally", file, lines["module"]),
    ]


def test_coverage_tells_of_the_plugins_that_come_apart_from_buildstream(
    backend: str, lab_of: Callable[..., Lab]
) -> None:
    pytest.importorskip("buildstream_plugins")
    lab = lab_of(backend, "strict", "--coverage")
    plugins = build(lab, "buildstream-plugins", "make")["coverage"]["plugins"]
    assert [(each["name"], each["file"]) for each in plugins if not each["bundled"] and each["type"]] == [
        ("make.MakeElement", "<site-packages>/buildstream_plugins/elements/make.py")
    ]
    assert "buildelement.BuildElement" not in {each["name"] for each in plugins if not each["bundled"]}
