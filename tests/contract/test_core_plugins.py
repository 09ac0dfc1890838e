"""Lines of the plugins that come with BuildStream are not followed, but for those who ask; what they write is found."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from enforcer.graph import words
from tests.contract.writing import environment, for_bst
from tests.preloaded import programs

_CONF = """
name: archives
min-version: 2.5
element-path: elements
aliases:
  here: file://{directory}/
plugins:
- origin: local
  path: plugins
  elements: [configures, integrates]
  sources: [tarball]
"""

# Its `stage` writes, and then runs that of BuildStream's plugin: hundreds of lines a file on Python 3.10 and 3.11.
_TARBALL = """
import importlib

core = importlib.import_module("buildstream.plugins.sources.tar")


class TarballSource(core.TarSource):
    def stage(self, directory):
        environment = self._get_project().base_environment
        environment["BEFORE"] = "1"
        super().stage(directory)
        environment["AFTER"] = "1"


def setup():
    return TarballSource
"""

# Has BuildStream's plugin write on another element.
_CONFIGURES = """
import importlib

from buildstream import Element, MappingNode
from buildstream.element import _Scope

core = importlib.import_module("buildstream.plugins.elements.import")


class ConfiguresElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

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
        (raw,) = self._dependencies(_Scope.BUILD, recurse=False)
        values = MappingNode.from_dict({"source": "/", "target": "/moved"})
        core.ImportElement.configure(raw, values)
        return "/"


def setup():
    return ConfiguresElement
"""

_INTEGRATES = """
import json

from buildstream import Element


class IntegratesElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

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
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    def integrate(self, sandbox):
        json.dumps = str


def setup():
    return IntegratesElement
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Elements with an archive of three files each: `core.bst` by BuildStream's plugin, `derived.bst` by one of it."""
    directory = tmp_path / "project"
    for name in ("elements", "plugins"):
        (directory / name).mkdir(parents=True)
    archive = directory / "files.tar"
    with tarfile.open(archive, "w") as tar:
        for number in range(3):
            tar.addfile(tarfile.TarInfo(f"base/file{number}"), io.BytesIO())
    ref = hashlib.sha256(archive.read_bytes()).hexdigest()
    (directory / "project.conf").write_text(_CONF.format(directory=directory), encoding="utf-8")
    for kind, text in (("tarball", _TARBALL), ("configures", _CONFIGURES), ("integrates", _INTEGRATES)):
        (directory / "plugins" / f"{kind}.py").write_text(text, encoding="utf-8")
    for name, kind in (("core", "tar"), ("derived", "tarball")):
        text = f"kind: import\nsources:\n- kind: {kind}\n  url: here:files.tar\n  ref: {ref}\n"
        (directory / "elements" / f"{name}.bst").write_text(text, encoding="utf-8")
    text = "kind: configures\nbuild-depends:\n- core.bst\n"
    (directory / "elements" / "configures.bst").write_text(text, encoding="utf-8")
    (directory / "elements" / "integrates.bst").write_text("kind: integrates\n", encoding="utf-8")
    text = "kind: compose\nbuild-depends:\n- integrates.bst\n"
    (directory / "elements" / "composed.bst").write_text(text, encoding="utf-8")
    return directory


def _run(project: Path, backend: str, blame: str, element: str) -> tuple[dict[str, Any], dict[str, float]]:
    """The violations by path, and the costs."""
    directory = project.parent / f"{backend}-{blame}"
    directory.mkdir()
    report, costs = directory / "report.json", directory / "costs.json"
    command = [sys.executable, "-m", "enforcer", "run", "--backend", backend, "--blame", blame, "--collect"]
    command += ["--report", f"json:{report}", "--", *for_bst(directory, project), "build", element]
    variables = environment(directory, ENFORCER_COSTS=str(costs))
    done = programs.run(command, env=variables, capture_output=True, text=True, timeout=200, check=False)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert (done.returncode, told["errors"]) == (int(bool(told["violations"])), []), done.stderr
    found = {violation["path"]: violation for violation in told["violations"]}
    return found, json.loads(costs.read_text(encoding="utf-8"))


def test_no_line_of_a_core_plugin_is_followed(project: Path, backend: str) -> None:
    found, costs = _run(project, backend, "live", "core.bst")
    assert found == {}
    assert "followed jobs" not in costs


@pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="from Python 3.12 on BuildStream reads archives with Python's own"
)
def test_full_follows_core_plugins_too(project: Path, backend: str) -> None:
    _, costs = _run(project, backend, "full", "core.bst")
    assert costs["followed lines"] > 200


def test_a_plugin_that_derives_from_one_of_core_is_followed_and_its_base_is_not(project: Path, backend: str) -> None:
    found, costs = _run(project, backend, "live", "derived.bst")
    lines = {path: violation["site"]["code"] for path, violation in found.items()}
    assert lines == {
        "base_environment['BEFORE']": 'environment["BEFORE"] = "1"',
        "base_environment['AFTER']": 'environment["AFTER"] = "1"',
    }
    assert costs["followed lines"] < 20


def test_what_a_core_plugin_writes_for_another_is_blamed_on_both(project: Path, backend: str) -> None:
    found, _ = _run(project, backend, "live", "configures.bst")
    sites = {path: (violation["site"]["code"], violation["core"]["code"]) for path, violation in found.items()}
    call = "core.ImportElement.configure(raw, values)"
    assert sites["target"] == (call, 'self.target = node.get_str("target")')


@pytest.mark.parametrize("blame", ["live", "off"])
def test_what_another_plugin_replaces_in_the_job_of_one_of_core_is_found_at_once(
    project: Path, backend: str, blame: str
) -> None:
    if (backend, blame) == ("pool", "off") and not words.AVAILABLE:
        pytest.skip("where no words can be read and no line is followed, a full compare finds it, see known limits")
    found, _ = _run(project, backend, blame, "composed.bst")
    assert set(found) == {"json.dumps"}
    assert found["json.dumps"]["job"]["element"] == "composed.bst"
    assert found["json.dumps"]["candidates"] == []


def test_the_line_of_another_plugin_that_runs_in_the_job_of_one_of_core_is_named(project: Path, backend: str) -> None:
    found, _ = _run(project, backend, "live", "composed.bst")
    assert {path: (violation["site"] or {}).get("code") for path, violation in found.items()} == {
        "json.dumps": "json.dumps = str"
    }


def test_nothing_more_is_followed_where_no_dependency_has_an_integration_of_its_own(
    project: Path, backend: str
) -> None:
    (project / "elements" / "plain.bst").write_text("kind: compose\nbuild-depends:\n- configures.bst\n", "utf-8")
    _, costs = _run(project, backend, "live", "plain.bst")
    assert costs["followed jobs"] == 2, "the Fetch and the Build job of configures.bst"
