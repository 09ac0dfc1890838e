"""A whole BuildStream project as something to check: its targets by name, one build of them, how it went.

BuildStream itself is not imported: it runs as the `bst` of this Python's environment, and whoever
watches this process sees what it does there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from enforcer.errors import EnforcerError

_JUNCTION = re.compile(r"^kind:\s*['\"]?(junction|link)\b", re.MULTILINE)
_SHOW = "ELEMENT %{name}\nSTATE %{state}\n%{build-deps}\n%{runtime-deps}"
_TAIL = 40


@dataclass(frozen=True)
class Built:
    """How a build went: bst's exit status and last lines, and for each element its state and what it needs.

    `states` and `needs` are empty where nothing asked for them: every element is then as good as any other.
    """

    status: int
    tail: str
    states: dict[str, str] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)

    def concerns(self, target: str, element: str) -> bool:
        """Whether `element` is `target` or something that it needs; an unknown element concerns every target."""
        return element not in self.states or target not in self.states or element in self._closure(target)

    def is_built(self, target: str) -> bool:
        """Whether the target is in the cache now."""
        if not self.states:
            return self.status == 0
        return self.states.get(target) == "cached"

    def _closure(self, target: str) -> set[str]:
        seen: set[str] = set()
        todo = [target]
        while todo:
            element = todo.pop()
            if element not in seen:
                seen.add(element)
                todo += self.needs.get(element, [])
        return seen


def default_targets(project_conf: Path) -> list[str]:
    """The targets that `bst build` would build there: `defaults.targets`, else every element; names only."""
    data = _read(project_conf)
    defaults = data.get("defaults")
    targets = defaults.get("targets") if isinstance(defaults, dict) else None
    if not targets:
        return _all_elements(element_path(project_conf))
    if not isinstance(targets, list) or not all(isinstance(target, str) for target in targets):
        raise EnforcerError(
            f"{project_conf}: defaults.targets is no plain list; name the targets: project.conf::app.bst"
        )
    return targets


def element_path(project_conf: Path) -> Path:
    """The directory of the project's elements."""
    return project_conf.parent / str(_read(project_conf).get("element-path", "."))


def _read(project_conf: Path) -> dict[str, Any]:
    # Comes with BuildStream; without that there is nothing to collect.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(project_conf.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError) as error:
        raise EnforcerError(f"cannot read {project_conf}: {error}") from error
    if not isinstance(data, dict):
        raise EnforcerError(f"{project_conf} is no BuildStream project: it holds no mapping")
    return data


def _all_elements(directory: Path) -> list[str]:
    names = []
    for root, directories, files in os.walk(directory):
        directories[:] = sorted(name for name in directories if name != ".bst")
        for file in sorted(files):
            path = Path(root, file)
            if file.endswith(".bst") and not _JUNCTION.search(path.read_text(encoding="utf-8", errors="replace")):
                names.append(path.relative_to(directory).as_posix())
    return names


def write_config(directory: Path) -> Path:
    """A user configuration for builds that share nothing with anybody; everything lives in `directory`."""
    config = directory / "buildstream.conf"
    places = {"cachedir": "cache", "sourcedir": "sources", "logdir": "logs"}
    config.write_text("".join(f"{key}: '{directory / name}'\n" for key, name in places.items()), encoding="utf-8")
    return config


def build(project: Path, targets: Sequence[str], config: Path) -> subprocess.CompletedProcess[str]:
    """Build `targets` of the project in directory `project`, all of them even if some fail."""
    return _bst(project, config, "--on-error", "continue", "build", *targets)


def inspect(project: Path, targets: Sequence[str], config: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The state of every element that `targets` need, and what each needs directly; empty if bst can't tell."""
    shown = _bst(project, config, "--no-verbose", "show", "--deps", "all", "--format", _SHOW, *targets)
    states: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    if shown.returncode != 0:
        return states, needs
    name = ""
    for line in shown.stdout.splitlines():
        if line.startswith("ELEMENT "):
            name = line.removeprefix("ELEMENT ").strip()
            needs[name] = []
        elif line.startswith("STATE "):
            states[name] = line.removeprefix("STATE ").strip()
        elif line.startswith("- "):
            needs[name].append(line[2:].strip().strip("'\""))
    return states, needs


def tail(process: subprocess.CompletedProcess[str]) -> str:
    """The last lines that bst wrote."""
    return "\n".join((process.stderr or process.stdout).splitlines()[-_TAIL:])


def _bst(project: Path, config: Path, *args: str) -> subprocess.CompletedProcess[str]:
    options = ["--no-interactive", "--no-colors", "--config", str(config), "--directory", str(project)]
    return subprocess.run(
        [*_command(), *options, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
    )


def _command() -> list[str]:
    # The script first: with -m, modules of the current directory would come before BuildStream's own.
    script = Path(sysconfig.get_path("scripts"), "bst")
    return [sys.executable, str(script)] if script.exists() else [sys.executable, "-m", "buildstream"]
