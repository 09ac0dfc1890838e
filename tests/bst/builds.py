"""Write a small BuildStream project and run `bst` on it, stock or enforced, each run a preloaded process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

import enforcer
from tests.preloaded import programs

_HERE = Path(enforcer.__file__).parents[1]

_CONF = """
name: tiny
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
  elements: [acts]
  sources: [feeds]
"""

_ELEMENT = '''
import os, sys, threading, subprocess
from buildstream import Element, ElementError
from buildstream.plugin import Plugin

STATE = {}


class Acts(Element):
    """Runs the line of code that its element names, in its Build job."""

    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    SHARED = []

    def configure(self, node):
        self.line = node.get_str("line", "pass")
        self.note = None

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"line": self.line}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        deps = list(self.dependencies())
        dep = deps[0] if deps else None
        exec(self.line, globals(), {"self": self, "dep": dep, "sandbox": sandbox})
        vdir = sandbox.get_virtual_directory().open_directory("output", create=True)
        with vdir.open_file("environment", mode="w") as file:
            file.write(repr(sorted(self.get_environment().items())))
        return "/output"


def setup():
    return Acts
'''

_SOURCE = '''
import os
from buildstream import Source


class Feeds(Source):
    """Stages one file, and runs the line of code that its element names, in its Fetch and Track jobs."""

    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        self.line = node.get_str("line", "pass")
        self.fetched = False

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"line": self.line}

    def is_resolved(self):
        return True

    def load_ref(self, node):
        pass

    def get_ref(self):
        return None

    def set_ref(self, ref, node):
        pass

    def is_cached(self):
        if "MIRRORED" in os.environ:
            return os.path.exists(os.path.join(self.get_mirror_directory(), "fed"))
        return self.fetched

    def track(self):
        exec(self.line, globals(), {"self": self})

    def fetch(self):
        exec(self.line, globals(), {"self": self})
        self.fetched = True

    def stage(self, directory):
        with open(os.path.join(directory, "fed"), "w") as file:
            file.write("fed")


def setup():
    return Feeds
'''

# Runs before enforcement is switched on, in the enforced process: to break our own mechanisms.
_DRIVER = """
import sys
from enforcer.cli.main import main

def run():
    {before}
    return main(sys.argv[1:])

if __name__ == "__main__":
    sys.exit(run())
"""


@dataclass
class Ran:
    """One `bst` process that has ended; `report` is the JSON report of an enforced one."""

    status: int
    output: str
    report: dict[str, Any]

    @property
    def rules(self) -> list[str]:
        """The rules of the violations."""
        return [violation["rule"] for violation in self.report.get("violations", ())]


class Build:
    """A project and its caches below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.project = directory / "project"
        self.cache = directory / "cache"
        self._write("project.conf", _CONF)
        self._write("plugins/acts.py", _ELEMENT)
        self._write("plugins/feeds.py", _SOURCE)
        self._write("files/hello.txt", "hello")
        self.element("base", "import", source="local")

    def _write(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def element(
        self, name: str, line: str, *needs: str, source: str | None = None, fetch: str = "pass", runs: bool = False
    ) -> None:
        """Add an element: of kind `acts` with this line, or of kind `import` or `stack` where `line` says so."""
        kind, config = (
            (line, []) if line in ("import", "stack") else ("acts", ["config:", f"  line: {json.dumps(line)}"])
        )
        text = [f"kind: {kind}", *config]
        if source == "local":
            text += ["sources:", "- kind: local", "  path: files"]
        if source == "feeds":
            text += ["sources:", "- kind: feeds", f"  line: {json.dumps(fetch)}"]
        if needs:
            text += ["depends:" if runs else "build-depends:", *(f"- {need}.bst" for need in needs)]
        self._write(f"elements/{name}.bst", "\n".join([*text, ""]))

    def configure(self, text: str) -> None:
        """Append YAML to the user configuration."""
        with (self.directory / "buildstream.conf").open("a", encoding="utf-8") as file:
            file.write(text)

    def _arguments(self) -> list[str]:
        config = self.directory / "buildstream.conf"
        names = ("cachedir", "cache"), ("sourcedir", "sources"), ("logdir", "logs")
        lines = [f"{key}: {self.directory / name}" for key, name in names]
        if not config.exists() or lines[0] not in config.read_text(encoding="utf-8"):
            self.configure("\n".join([*lines, ""]))
        return ["--no-interactive", "--no-colors", "--config", str(config), "--directory", str(self.project)]

    def stock(self, *args: str, **env: str) -> Ran:
        """Run stock `bst`."""
        return self._run("buildstream", [sys.executable, "-m", "buildstream", *self._arguments(), *args], env)

    def enforced(
        self,
        *args: str,
        mode: str = "strict",
        collect: bool = False,
        before: str = "pass",
        backend: str = "threads",
        **env: str,
    ) -> Ran:
        """Run `enforcer run`; `before` is a line that runs in its process first."""
        # Jobs in processes are held to the same claims in `tests/contract`.
        report = self.directory / "report.json"
        report.unlink(missing_ok=True)
        ran = self._run("enforcer", self._enforced_command(args, mode, collect, before, backend), env)
        if report.exists():
            ran.report = json.loads(report.read_text(encoding="utf-8"))
        return ran

    def start_enforced(self, *args: str, **env: str) -> subprocess.Popen[str]:
        """The same, without waiting for its end."""
        command = self._enforced_command(args, "strict", False, "pass", "threads")
        return programs.Popen(command, imports="enforcer", stdout=subprocess.PIPE, **self._process(env))

    def _enforced_command(self, args: Sequence[str], mode: str, collect: bool, before: str, backend: str) -> list[str]:
        driver = self.directory / "driver.py"
        driver.write_text(_DRIVER.format(before=before), encoding="utf-8")
        report = f"json:{self.directory / 'report.json'}"
        options = ["--backend", backend, "--mode", mode, "--report", report, *(["--collect"] if collect else [])]
        return [sys.executable, str(driver), "run", *options, "--", *self._arguments(), *args]

    def _run(self, imports: str, command: list[str], env: dict[str, str]) -> Ran:
        done = programs.run(command, imports=imports, stdout=subprocess.PIPE, timeout=120, **self._process(env))
        return Ran(done.returncode, done.stdout, {})

    def _process(self, env: dict[str, str]) -> dict[str, Any]:
        path = os.pathsep.join(filter(None, [str(_HERE), os.environ.get("PYTHONPATH")]))
        home = {"HOME": str(self.directory), "XDG_CACHE_HOME": str(self.directory / "xdg")}
        environment = {**os.environ, **home, "PYTHONPATH": path, **env}
        return {"env": environment, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "text": True}

    def end_leftovers(self) -> None:
        """End the casd of a `bst` that was killed: it serves this build's cache, and nobody else would end it."""
        for process in psutil.process_iter(["cmdline"]):
            if str(self.cache) in " ".join(process.info["cmdline"] or ()):
                process.kill()

    def refs(self, kind: str = "artifacts/refs") -> dict[str, bytes]:
        """The refs of one kind in the cache, with their bytes: `artifacts/refs`, `elementsources`, `source_protos`."""
        root = self.cache / kind
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    def artifacts_of(self, name: str) -> list[str]:
        """The refs of one element's artifacts."""
        return [ref for ref in self.refs() if ref.startswith(f"tiny/{name}/")]

    def checkout(self, name: str) -> str:
        """What the `environment` file of an element's artifact holds."""
        target = self.directory / f"checkout-{name}"
        ran = self.stock("artifact", "checkout", "--directory", str(target), f"{name}.bst")
        assert ran.status == 0, ran.output
        return (target / "environment").read_text(encoding="utf-8")
