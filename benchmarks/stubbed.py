"""Copy a real BuildStream project with stubs for bodies: its whole graph is built, without a network, in minutes.

    python benchmarks/stubbed.py DIRECTORY CHECKOUT

CHECKOUT is what its authors publish; elements, options, conditionals, includes and junctions are taken as they are.
Only the plugins are others: each is a subclass of the real one. That of an element starts no command, and writes one
file where commands would have left theirs; all else of it is the real plugin's code. That of a source gives one small
file. Real are `local` sources, and the plugins that are in the project itself.

Plugins that the project takes from elsewhere must be installed: those of freedesktop-sdk are in the packages
`buildstream-plugins` and `buildstream-plugins-community`.
"""

from __future__ import annotations

import argparse
import json
import shutil
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from buildstream import _yaml

REMOTES = ("artifacts", "source-caches", "mirrors")
"""What the copy leaves out of `project.conf`: nothing is to be asked for over a network."""

ELEMENT = '''\
"""The element kind `{kind}`, but no command is run."""

import importlib

REAL = importlib.import_module("{module}").setup()


class Stub(REAL):
    def configure_sandbox(self, sandbox):
        sandbox.run = lambda *args, **kwargs: 0
        super().configure_sandbox(sandbox)

    def stage_sources(self, sandbox, directory):
        super().stage_sources(sandbox, directory)
        if "{kind}" == "import":
            # What it imports a part of is a stub, which has no such part.
            self._fill(sandbox, directory + "/" + self.source.strip("/"), "")

    def assemble(self, sandbox):
        collected = super().assemble(sandbox)
        if self.get_variable("install-root") == collected:
            self._fill(sandbox, collected, "usr/share/stubs")
        return collected

    def _fill(self, sandbox, directory, below):
        root = sandbox.get_virtual_directory().open_directory(directory.strip("/"), create=True)
        if not root:
            with root.open_directory(below, create=True).open_file(self.normal_name, mode="w") as file:
                file.write(self.name)


def setup():
    return Stub
'''

SOURCE = '''\
"""The source kind `{kind}`, but it is one small file."""

import hashlib
import json
import os

from buildstream import Source


class Stub(Source):
    BST_MIN_VERSION = "2.0"
    BST_EXPORT_MANIFEST = True

    def configure(self, node):
        self.settings = node.strip_node_info()

    def preflight(self):
        pass

    def get_unique_key(self):
        return self.settings

    def is_resolved(self):
        return True

    def is_cached(self):
        return True

    def get_ref(self):
        return self.settings.get("ref")

    def export_manifest(self):
        # What elements that list sources ask for.
        if "url" not in self.settings:
            return []
        told = {{"type": "archive", "url": self.settings["url"]}}
        return told | ({{"type": "git", "commit": self.get_ref()}} if "{kind}".startswith("git") else {{}})

    def fetch(self):
        pass

    def stage(self, directory):
        text = json.dumps(self.settings, sort_keys=True)
        path = os.path.join(directory, hashlib.sha256(text.encode()).hexdigest())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def setup():
    return Stub
'''


def generate(directory: Path, checkout: Path, targets: list[str]) -> list[str]:
    """Copy `checkout` and put stubs in the place of its plugins; returns `targets`, to be built."""
    shutil.copytree(checkout, directory, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    conf = directory / "project.conf"
    project = _yaml.load(str(conf), shortname=conf.name).strip_node_info()
    origins = project.get("plugins", [])
    project["plugins"] = [origin for origin in origins if origin["origin"] == "local"]
    # Beside the elements: a junction to the project itself has their folder, too.
    stubs = Path(project.get("element-path", "."), "benchmark-stubs")
    for group, template in (("elements", ELEMENT), ("sources", SOURCE)):
        (directory / stubs / group).mkdir(parents=True)
        kinds = _stub(directory / stubs / group, group, template, origins)
        project["plugins"].append({"origin": "local", "path": f"{stubs}/{group}", group: kinds})
    for remote in REMOTES:
        project.pop(remote, None)
    # JSON is YAML.
    conf.write_text(json.dumps(project, indent=1) + "\n", encoding="utf-8")
    return targets


def _stub(folder: Path, group: str, template: str, origins: list[dict[str, Any]]) -> list[str]:
    """Write a stub for each kind that no local origin has; returns the kinds."""
    local = {kind for origin in origins if origin["origin"] == "local" for kind in origin.get(group, ())}
    taken = {kind for origin in origins for kind in origin.get(group, ())}
    modules = _modules(group)
    stubs = sorted((taken | _core(group)) - local)
    if group == "elements" and (missing := [kind for kind in stubs if kind not in modules]):
        raise SystemExit(f"not installed: a package with elements of the kinds {', '.join(missing)}")
    for kind in stubs:
        text = template.format(kind=kind, module=modules.get(kind))
        (folder / f"{kind}.py").write_text(text, encoding="utf-8")
        if group == "elements":
            _copy_defaults(modules[kind], folder / f"{kind}.yaml")
    return stubs


def _core(group: str) -> set[str]:
    """The kinds of BuildStream itself that have a body."""
    if group == "sources":
        return {"remote", "tar"}
    return {"compose", "filter", "import", "manual", "script", "stack"}


def _modules(group: str) -> dict[str, str]:
    """The modules of all kinds that are installed, by kind."""
    found = {kind: f"buildstream.plugins.{group}.{kind}" for kind in _core(group)}
    return found | {point.name: point.module for point in entry_points(group=f"buildstream.plugins.{group}")}


def _copy_defaults(module: str, target: Path) -> None:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    defaults = Path(spec.origin).with_suffix(".yaml")
    if defaults.exists():
        shutil.copy(defaults, target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("checkout", type=Path)
    arguments = parser.parse_args()
    generate(arguments.directory, arguments.checkout, [])
