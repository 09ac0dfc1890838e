"""The recipes of `docs/ci/` as a CI service reads them: jobs with commands, and with files that are kept."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.installed import User

RECIPES = Path(__file__).parents[2] / "docs" / "ci"
GITHUB, GITLAB, TOX, NOX = (RECIPES / name for name in ("github-actions.yml", "gitlab-ci.yml", "tox.ini", "noxfile.py"))

NOT_RUN = ("pip install", "apt-get", "sudo apt-get", "sudo sysctl")
"""How commands begin that need a network or root: tests read them and don't run them."""


class Job(NamedTuple):
    """One job of a recipe, with the values of one cell of its matrix put in."""

    commands: list[str]
    keeps: list[str]
    keeps_if_failed: bool

    def offline(self) -> list[str]:
        """The commands that need neither a network nor root."""
        return [command for command in self.commands if not command.startswith(NOT_RUN)]

    def installed(self, *how: str) -> set[str]:
        """What the commands that begin so install."""
        words = (shlex.split(command, comments=True) for command in self.commands if command.startswith(how))
        return {word for each in words for word in each[each.index("install") + 1 :] if not word.startswith("-")}


class Done(NamedTuple):
    """How a job ended: the command that failed, if one did, what was printed, and the files that are kept."""

    failed: str | None
    output: str
    kept: list[Path]

    def hand_over(self, directory: Path) -> None:
        """Give the files to a job that runs later, in `directory`."""
        for file in self.kept:
            shutil.copy(file, directory)


def github(name: str, **matrix: str) -> Job:
    """A job of the workflow."""
    text = GITHUB.read_text(encoding="utf-8")
    for key, value in matrix.items():
        text = text.replace(f"${{{{ matrix.{key} }}}}", value)
    steps = yaml.safe_load(text)["jobs"][name]["steps"]
    [upload] = [step for step in steps if step.get("uses", "").startswith("actions/upload-artifact@")]
    commands = [line for step in steps for line in step.get("run", "").splitlines()]
    return Job(commands, [upload["with"]["path"]], upload.get("if") == "always()")


def gitlab(name: str, **matrix: str) -> Job:
    """A job of the pipeline, with the one that it extends."""
    text = GITLAB.read_text(encoding="utf-8")
    for key, value in matrix.items():
        text = text.replace(f"${key}", value)
    jobs = yaml.safe_load(text)
    job = {**jobs.get(jobs[name].get("extends"), {}), **jobs[name]}
    artifacts: dict[str, Any] = job["artifacts"]
    keeps = [*artifacts["paths"], *artifacts.get("reports", {}).values()]
    return Job([*job.get("before_script", []), *job["script"]], keeps, artifacts.get("when") == "always")


def run(job: Job, user: User, directory: Path) -> Done:
    """Run what needs no network, in order and up to the first failure, as a service does."""
    output, failed = "", None
    for command in job.offline():
        done = user.shell(command, cwd=directory)
        output += done.stdout + done.stderr
        if done.returncode != 0:
            failed = command
            break
    keeps = job.keeps if failed is None or job.keeps_if_failed else []
    return Done(failed, output, [file for pattern in keeps for file in directory.glob(pattern)])


def tox_commands(*environments: str) -> list[str]:
    """The commands of environments of tox, as tox reads its file."""
    command = [sys.executable, "-m", "tox", "config", "-c", str(TOX), "-e", ",".join(environments), "-k", "commands"]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)["env"]
    return [command for name in environments for command in found[name]["commands"]]
