"""A `project.conf` named on the command line, as tests: one item a target, one build for all. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from enforcer.embedding import projects
from enforcer.embedding.projects import Built
from enforcer.errors import EnforcerError
from enforcer.fresh_caches import write_fresh_config
from enforcer.results.findings import Finding
from enforcer.results.record import Record
from pytest_plugin import options, sharing
from pytest_plugin.item_state import item_state_key
from pytest_plugin.judging import fails
from pytest_plugin.recorder import Recorder

_DIRECTORY = "enforcement_directory"


class Projects:
    """Collects the projects, and owns the directory that their builds share."""

    def __init__(self, config: pytest.Config, recorder: Recorder) -> None:
        self.config = config
        self.recorder = recorder
        self._directory: Path | None = None
        self._bst_config = _configured(self.config)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ProjectFile | None:
        """Collect a project that was named; those that merely lie in a directory are somebody's test data."""
        if file_path.name != "project.conf" or not parent.session.isinitpath(file_path):
            return None
        collected = ProjectFile.from_parent(parent, path=file_path)
        collected.projects = self
        return collected

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where its fellows build."""
        node.workerinput[_DIRECTORY] = str(self._location())

    def pytest_unconfigure(self) -> None:
        """Remove what the builds left; what workers share is their controller's to remove."""
        if self._directory is not None and not sharing.is_worker(self.config):
            shutil.rmtree(self._directory, ignore_errors=True)

    def directory_for(self, project: Path) -> Path:
        """A directory that nobody uses but this run, for this project."""
        directory = self._location() / hashlib.sha256(str(project).encode()).hexdigest()[:16]
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def bst_config(self, directory: Path) -> Path:
        """The user configuration for the builds."""
        config = self._bst_config or projects.write_config(directory)
        return write_fresh_config(directory, config) if self.recorder.settings.fresh else config

    def _location(self) -> Path:
        if self._directory is None:
            shared = getattr(self.config, "workerinput", {}).get(_DIRECTORY)
            self._directory = Path(shared or tempfile.mkdtemp(prefix="enforcer-"))
        return self._directory


def _configured(config: pytest.Config) -> Path | None:
    name = options.ini(config, "enforce_bst_config")
    if not name:
        return None
    path = Path(config.rootpath, name)
    if not path.is_file():
        raise pytest.UsageError(f"enforce_bst_config is {name!r}, but there is no file {str(path)!r}")
    return path


class ProjectFile(pytest.File):
    """One `project.conf`."""

    projects: Projects

    def collect(self) -> Iterator[ProjectTarget]:
        """The targets that were named, else those that `bst build` would build; nothing is loaded."""
        try:
            names = self._names()
        except EnforcerError as error:
            raise self.CollectError(str(error)) from None
        for name in names:
            item = ProjectTarget.from_parent(self, name=name)
            if self.config.pluginmanager.has_plugin("xdist"):
                item.add_marker(pytest.mark.xdist_group(name=f"project-{self.path.parent.name}"))
            yield item

    def _names(self) -> list[str]:
        named = [arg.partition("::")[2] for arg in self.config.args if self._is_mine(arg)]
        directory = projects.element_path(self.path)
        # What does not exist is not collected: pytest then says that it was not found.
        existing = [name for name in named if name and (directory / name.partition(":")[0]).is_file()]
        defaults = projects.default_targets(self.path) if "" in named else []
        return list(dict.fromkeys([*defaults, *existing]))

    def _is_mine(self, arg: str) -> bool:
        path = self.config.invocation_params.dir / arg.partition("::")[0]
        return options.is_project(arg) and path.resolve() == self.path.resolve()

    def selected(self) -> list[str]:
        """The targets of this project that this run is to check."""
        items = self.session.items
        return [item.name for item in items if isinstance(item, ProjectTarget) and item.path == self.path]

    def built(self) -> tuple[Built, list[Finding], set[str]]:
        """Build once, whichever process comes first; how it went, what it gave, which elements had a checked job."""
        directory = self.projects.directory_for(self.path.resolve())
        with open(directory / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            result = directory / "result.json"
            if not result.exists():
                plain = self._build(directory)
                result.write_text(json.dumps(plain), encoding="utf-8")
            plain = json.loads(result.read_text(encoding="utf-8"))
        findings = [Finding.from_plain(finding) for finding in plain["findings"]]
        return Built(**plain["built"]), findings, set(plain["exercised"])

    def _build(self, directory: Path) -> dict[str, Any]:
        recorder = self.projects.recorder
        targets, config = self.selected(), self.projects.bst_config(directory)
        process, record = recorder.apart(lambda: projects.build(self.path.parent, targets, config))
        built = Built(process.returncode, projects.tail(process))
        if record.findings or process.returncode != 0:
            states, needs = recorder.unwatched(lambda: projects.inspect(self.path.parent, targets, config))
            built = Built(built.status, built.tail, states, needs)
        self._name_tests(record, built, targets)
        # The tests judge the findings; the record rides home on the report of the one that built.
        recorder.carry(record)
        return {
            "built": asdict(built),
            "findings": [finding.to_plain() for finding in record.findings],
            "exercised": sorted(record.exercised),
        }

    def _name_tests(self, record: Record, built: Built, targets: list[str]) -> None:
        for finding in record.findings:
            concerned = [target for target in targets if built.concerns(target, finding.job.element)]
            finding.nodeid = f"{self.nodeid}::{(concerned or targets)[0]}"


class BuildFailed(Exception):
    """A target was not built, and no finding says why."""


class ProjectTarget(pytest.Item):
    """One target of a project."""

    parent: ProjectFile

    def runtest(self) -> None:
        """Judge what the project's build did for this target."""
        built, findings, exercised = self.parent.built()
        state = self.stash[item_state_key]
        state.shared = [finding for finding in findings if built.concerns(self.name, finding.job.element)]
        if any(fails(finding, state.marked.settings) for finding in state.shared):
            return
        if not built.is_built(self.name):
            raise BuildFailed(f"bst exited with status {built.status} and {self.name} is not built\n\n{built.tail}")
        if self.name not in exercised and not state.shared:
            raise pytest.skip.Exception(f"{self.name} was cached: nothing was checked", _use_item_location=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show bst's own words, not our frames."""
        if isinstance(excinfo.value, BuildFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the target is from."""
        return self.path, 0, f"{self.path.parent.name}: {self.name}"
