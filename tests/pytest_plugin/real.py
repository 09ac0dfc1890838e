"""A small BuildStream project with a plugin that changes its dependency, and what real inner runs need."""

from __future__ import annotations

from pathlib import Path

PROJECT = {
    "project.conf": """
name: small
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
  elements: [hazard]
""",
    "files/hello.txt": "hello\n",
    "elements/base.bst": "kind: import\nsources:\n- kind: local\n  path: files\n",
    "elements/app.bst": "kind: hazard\nbuild-depends:\n- base.bst\n",
    "elements/clean.bst": "kind: stack\ndepends:\n- base.bst\n",
    "elements/top.bst": "kind: stack\ndepends:\n- app.bst\n",
    "plugins/hazard.py": """
import os
import re
import subprocess
import sys

from buildstream import Element


class Hazard(Element):
    BST_MIN_VERSION = "2.0"
    BST_RUN_COMMANDS = False

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
        # No loop, which would run more lines where there are more variables: in a worker of pytest-xdist, say.
        seen = re.findall("ENFORCER_SUBPROCESS|subprocess_activation", str(dict(os.environ)))
        host = "import os, sys; print([e for e in [*sys.path, *os.environ.values()] if 'subprocess_activation' in e])"
        host_python = subprocess.run([sys.executable, "-c", host], capture_output=True, text=True).stdout
        self.info(f"SEEN BY THE PLUGIN {seen} AND ITS HOST PYTHON {host_python}")
        dep = next(self.dependencies())
        dep.get_environment()["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return Hazard
""",
}

CONFTEST = """
import os, pathlib, subprocess, sys, sysconfig
import pytest
from buildstream._testing import cli
from buildstream._testing._fixtures import default_thread_number, thread_check

os.environ["BST_TEST_SUITE"] = "True"
PROJECT = pathlib.Path(__file__).parent / "project"
BST = os.path.join(sysconfig.get_path("scripts"), "bst")


@pytest.fixture(autouse=True)
def own_directories(monkeypatch, tmp_path):
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def bst():
    def bst(*args, command=(BST,), **kwargs):
        command = [*command, "--no-colors", "--directory", str(PROJECT), *args]
        return subprocess.run(command, capture_output=True, text=True, **kwargs)
    return bst
"""


def write(directory: Path, **others: str) -> Path:
    """Write the project into `directory`; `others` are further elements by name."""
    files = PROJECT | {f"elements/{name}.bst": text for name, text in others.items()}
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory
