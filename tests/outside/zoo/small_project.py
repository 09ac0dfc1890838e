"""The small project of one plugin: a copy of that of the plugins from PyPI, with the plugin out of a checkout."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

from buildstream import _yaml

from tests.outside.third_party_plugins import prepare
from tests.outside.zoo.catalogue import Plugin

LOCAL = "from-checkout"
"""The folder of the plugin in the small project: BuildStream loads nothing from outside of it."""


_FILLED_IN = re.compile(r"\((sha256|address) of (.+?)\)")


class CheckoutError(Exception):
    """What a description says is not in the checkout."""


def make_base(directory: Path) -> Path:
    """Copy and prepare the project that all small ones are copies of."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(Path(prepare.__file__).parent, directory, ignore=shutil.ignore_patterns("__pycache__"))
    prepare.prepare(directory)
    return directory


def make(directory: Path, base: Path, plugin: Plugin, checkout: Path) -> Path:
    """Make the small project of `plugin`."""
    shutil.copytree(base, directory, symlinks=True)
    _take(plugin, checkout, directory / LOCAL)
    _load_from_checkout(directory / "project.conf", plugin)
    for name, text in plugin.files.items():
        _write(directory / name, filled_in(text, base))
    prepare.write(directory / "pyproject.toml", _allowing(plugin.expected))
    if plugin.git:
        prepare.run("git", "init", "--quiet", "--initial-branch=main", cwd=directory)
        prepare.git_commit(directory, "first")
        prepare.run("git", "tag", "--annotate", "--message=one", "v1.0", cwd=directory)
    return directory


def _allowing(expected: dict[str, str]) -> str:
    # JSON's strings are TOML's, too.
    entries = [
        f"{{ entry = {json.dumps(entry)}, reason = {json.dumps(reason)} }}" for entry, reason in expected.items()
    ]
    return f"[tool.enforcer]\nallow = [{', '.join(entries)}]\n"


def _write(path: Path, text: str) -> None:
    prepare.write(path, text)
    if text.startswith("#!"):
        path.chmod(0o755)


def filled_in(text: str, base: Path) -> str:
    """Fill in the checksums and addresses of files that are made for the base."""

    def fill_in(match: re.Match[str]) -> str:
        file = base / "upstream" / match[2]
        return file.as_uri() if match[1] == "address" else hashlib.sha256(file.read_bytes()).hexdigest()

    return _FILLED_IN.sub(fill_in, text)


def _take(plugin: Plugin, checkout: Path, target: Path) -> None:
    """Copy the plugin's folder as it was in the revision of the description, or as it is where there is no git."""
    target.mkdir()
    if not (checkout / ".git").exists():
        if not (checkout / plugin.path).is_dir():
            raise CheckoutError(f"{checkout}: no folder {plugin.path}")
        shutil.copytree(checkout / plugin.path, target, dirs_exist_ok=True)
        return
    tree = f"{plugin.revision}:{plugin.path.rstrip('/')}"
    packed = subprocess.run(["git", "-C", checkout, "archive", tree], capture_output=True, check=False)
    if packed.returncode != 0:
        raise CheckoutError(f"{checkout}: {packed.stderr.decode(errors='replace').strip()}")
    subprocess.run(["tar", "--extract", "--directory", target], input=packed.stdout, check=True)


def _load_from_checkout(conf: Path, plugin: Plugin) -> None:
    """Let `project.conf` load the kind from the checkout, and all others from where it did."""
    project = _yaml.load(str(conf), shortname=conf.name).strip_node_info()
    for origin in project["plugins"]:
        origin[plugin.type] = [kind for kind in origin.get(plugin.type, ()) if kind != plugin.kind]
    project["plugins"].append({"origin": "local", "path": LOCAL, plugin.type: [plugin.kind]})
    # JSON is YAML.
    conf.write_text(json.dumps(project, indent=1) + "\n", encoding="utf-8")
