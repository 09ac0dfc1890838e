"""The comments in plugin code that say which findings are fine, and whether their code had its turn in a job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from enforcer.bst.elements import names
from enforcer.bst.elements.file_names import FileNames, is_installed
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.observing.lines_run import RunningCode
from enforcer.bst.observing.plugin_code import source_of
from enforcer.errors import UsageError
from enforcer.graph.unit import Unit
from enforcer.graph.values import file_of
from enforcer.results.findings import Finding
from enforcer.rules.registry import get_rule
from enforcer.settings.comments import IgnoreComment, Ignored, comment_name, comments_in

_ACTIONS = {"track": "Track", "fetch": "Fetch"} | dict.fromkeys(
    ("configure_sandbox", "stage", "assemble", "integrate", "stage_directory"), "Build"
)
"""The jobs in which BuildStream calls a method. All other code may run in any."""


class _Placed(NamedTuple):
    """A comment, where it is as messages say it, and the action of the jobs that run it; None if that may be any."""

    comment: IgnoreComment
    place: str
    action: str | None


class IgnoreComments:
    """The comments in the plugin code of one scheduler run.

    Raises:
        UsageError: one is wrong, in code that is not merely installed; the text names file and line.
    """

    def __init__(self, run_graph: RunGraph) -> None:
        self._run_graph = run_graph
        found = {file: list(_read(file, run_graph.file_names)) for file in sorted(run_graph.plugin_files)}
        self._by_file = {file: placed for file, placed in found.items() if placed}
        self._of_plugins = {names.plugin_file(type(plugin)) for plugin in run_graph.plugins} if self._by_file else set()

    def of(self, finding: Finding) -> Ignored | None:
        """What the comment at the line of the finding says of its rule: where it wrote, else where it reached out."""
        # What a later look found was not obtained by the job that wrote it.
        site = finding.site or (None if finding.candidates else finding.obtained)
        if site is None:
            return None
        for placed in self._by_file.get(site.real, ()):
            if finding.rule in placed.comment.rules and site.line in placed.comment.lines:
                return Ignored(placed.place, placed.comment.reason)
        return None

    def with_turn(self, unit: Unit, action: str, lines: RunningCode | None) -> set[str]:
        """The names of those that a job of this element can have run; of those that it ran, where that is noted."""
        if not self._by_file:
            return set()
        placed = [
            (file, each)
            for file, comments in self._by_file.items()
            for each in comments
            if each.action in (None, action)
        ]
        if lines is None or lines.trouble:
            files = self._files_of(unit)
            ran = [each for file, each in placed if file in files or file not in self._of_plugins]
        else:
            ran = [each for file, each in placed if lines.has_run(file, each.comment.lines)]
        return {comment_name(each.place, rule) for each in ran for rule in each.comment.rules}

    def _files_of(self, unit: Unit) -> set[str | None]:
        """The files of the plugins of an element and of its sources."""
        modules = self._run_graph.modules_of(unit)
        return {file_of(module) for module in self._run_graph.plugin_modules if module.__name__ in modules}


def _read(file: str, file_names: FileNames) -> Iterator[_Placed]:
    for found in comments_in(source_of(file) or b""):
        place = f"{file_names.shown(file)}:{found.line}"
        try:
            comment = found.parsed()
            for rule in comment.rules:
                get_rule(rule)
        except UsageError as error:
            # What is installed is not for its users to mend; it may name a rule that they have not.
            if is_installed(file):
                continue
            raise UsageError(f"{place}: {error}") from None
        yield _Placed(comment, place, _ACTIONS.get(comment.function))
