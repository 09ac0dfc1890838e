"""Enforcement in one pytest process: watch while tests run, judge each phase, sum up. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import importlib.util
from typing import Any, TypeVar

import pytest

from enforcer.embedding.watch import check_elsewhere
from enforcer.errors import EnforcerError, UsageError
from enforcer.settings.settings import Mode, Settings
from pytest_plugin import judging, options, partial, sharing, summing
from pytest_plugin.expecting import Enforced, NotEnforced
from pytest_plugin.freshening import Freshening, Wrapper
from pytest_plugin.item_state import ItemState, PhaseFailure, item_state_key
from pytest_plugin.judging import Judged
from pytest_plugin.marking import Marked, marked
from pytest_plugin.progress import Progress
from pytest_plugin.recorder import Recorder
from pytest_plugin.workers import Workers

_T = TypeVar("_T")


def install(config: pytest.Config) -> None:
    """Enforce in this run, as its options say.

    Raises:
        pytest.UsageError: a value is wrong, or enforcement is not possible here.
    """
    settings = options.settings(config)
    if importlib.util.find_spec("buildstream") is None:
        raise pytest.UsageError(
            f"--enforce={settings.mode.value} needs BuildStream, which is not installed here: pip install BuildStream"
        )
    enforcing = Enforcing(config, settings)
    config.stash[enforcing_key] = enforcing
    config.pluginmanager.register(enforcing, "enforcer-enforcing")
    config.pluginmanager.register(enforcing.workers, "enforcer-workers")
    if enforcing.session.caches is not None:
        config.pluginmanager.register(Freshening(enforcing.session.caches), "enforcer-freshening")
    if any(map(options.is_project, config.args)):
        from pytest_plugin import project_items

        config.pluginmanager.register(project_items.Projects(config, enforcing.recorder), "enforcer-projects")


def for_test(request: pytest.FixtureRequest) -> Enforced | NotEnforced:
    """The value of the `enforcement` fixture."""
    state = request.node.stash[item_state_key]
    if state.marked.settings.mode is Mode.OFF:
        return NotEnforced("enforcement is off for this test")
    return Enforced(request.config.stash[enforcing_key].recorder.findings_now, state)


class Enforcing:
    """The hooks of a run that enforces."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        self.recorder = Recorder(settings)
        self.session = self.recorder.session
        self.summary = summing.Summary(config, settings)
        self.progress = Progress()
        self.workers = Workers(settings)
        self._when = ""
        self._phase_state: ItemState | None = None
        self._judged: dict[int, Judged] = {}
        self._ended: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Begin to watch, unless no test will run in this process."""
        if self.config.option.collectonly:
            return
        try:
            if sharing.is_controller(self.config):
                # A worker that cannot start is replaced by the next: say so once, here.
                check_elsewhere(self.settings.backend)
            else:
                self.recorder.start()
        except EnforcerError as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_unconfigure(self) -> None:
        """Watch no more."""
        self.recorder.stop()

    def pytest_report_header(self) -> str:
        """Say what is enforced."""
        return summing.header(self.settings, options.what_was_set(self.config))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Wrapper:
        """Note whether anything takes tests out again."""
        before = len(items)
        yield
        self.recorder.unreported.incomplete_reasons |= partial.of_collection(self.config, before - len(items))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Wrapper:
        """Read the test's markers; judge what its fixtures build."""
        state = item.stash[item_state_key] = ItemState(Marked(self.settings))
        try:
            state.marked = marked(item, self.settings)
        except UsageError as error:
            state.misuse = str(error)
        yield from self._phase(item, "setup")

    @pytest.hookimpl(specname="pytest_runtest_setup", tryfirst=True)
    def pytest_refuse_misused_marker(self, item: pytest.Item) -> None:
        """Fail before any fixture runs."""
        # Not in the wrapper: the other wrappers' teardowns count on having been set up.
        if (misuse := item.stash[item_state_key].misuse) is not None:
            pytest.fail(misuse, pytrace=False)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Wrapper:
        """Judge what the test builds."""
        yield from self._phase(item, "call")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Wrapper:
        """Judge what is built while the test is torn down."""
        yield from self._phase(item, "teardown")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Wrapper:
        """Hold a fixture to the markers of its own scope, and remember what it built."""
        try:
            own = marked(request.node, self.settings)
        except UsageError:
            own = Marked(self.settings)
        with self.session.using(own.settings):
            yield
            self._credit(own, f"the set-up of {_named(fixturedef)}")

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        """Remember what the teardown of a fixture built."""
        if self._phase_state is not None and self._when == "teardown":
            self._credit(self._phase_state.marked, f"the teardown of {_named(fixturedef)}")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Wrapper:
        """Send home, on the phase's report, what the phase gave."""
        outcome = yield
        report = outcome.get_result()
        if self._phase_state is not None:
            # A subtest's report: its phase is still running.
            return
        record = self.recorder.take_unreported()
        judging.allow_expected_failure(report, record.findings)
        sharing.attach_record(report, record)
        state = item.stash.get(item_state_key, None)
        if state is not None and call.when in state.failures:
            failure = state.failures.pop(call.when)
            judging.complete_report(report, call, failure)
            judging.locate(report, item, failure.line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Sum up what a report carries."""
        if report.when == "teardown":
            self._ended.add(report.nodeid)
        if not sharing.is_worker(self.config):
            record = sharing.attached_record(report)
            self.progress.add(report, record)
            self.summary.add(record, told=report.failed)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_report_teststatus(self, report: Any) -> Wrapper:
        """With `-v`, say beside a test's outcome how many jobs were checked in it."""
        outcome = yield
        if self.config.option.verbose > 0:
            outcome.force_result(self.progress.beside(report, outcome.get_result()))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge the run as a whole; only the process that the user started writes and prints."""
        rest = self.recorder.take_unreported()
        rest.merge(self.recorder.take(at_end=True))
        if sharing.is_worker(self.config):
            sharing.send(self.config, rest)
        elif not self.config.option.collectonly:
            rest.incomplete_reasons |= partial.of_session(session, self._ended)
            rest.merge(self.workers.rest())
            self.summary.add(rest)
            self.summary.versions = self.workers.versions
            self.summary.finish(session)

    @pytest.hookimpl(specname="pytest_sessionfinish", hookwrapper=True, tryfirst=True)
    def pytest_end_with_page(self) -> Wrapper:
        """Lead to the page in the last line of all, below pytest's own."""
        yield
        if (terminalreporter := self.config.pluginmanager.get_plugin("terminalreporter")) is not None:
            self.summary.show_page(terminalreporter)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the report."""
        self.summary.show(terminalreporter)

    def _phase(self, item: pytest.Item, when: str) -> Wrapper:
        state = item.stash.get(item_state_key, None) or ItemState(Marked(self.settings))
        self.recorder.carry(self.recorder.take())
        self._when, self._phase_state, self._judged = when, state, {}
        with self.session.using(state.marked.settings):
            outcome = yield
            record = self.recorder.take()
        self._phase_state = None
        if when == "call" and outcome.excinfo is None:
            record.allow_marked.update(map(str, state.marked.settings.allow[len(self.settings.allow) :]))
        record.unwatched = [f"{sentence} (in {sharing.plain_nodeid(item)})" for sentence in record.unwatched]
        found = [self._judged.get(id(finding)) or Judged(finding, state.marked) for finding in record.findings]
        self.recorder.carry(record)
        self._conclude(item, state, outcome, found)

    def _conclude(self, item: pytest.Item, state: ItemState, outcome: Any, found: list[Judged]) -> None:
        for judged in found:
            judged.finding.nodeid = judged.finding.nodeid or sharing.plain_nodeid(item)
        state.findings += [judged.finding for judged in found]
        found, state.shared = found + [Judged(finding, state.marked) for finding in state.shared], []
        if judging.is_expected_to_fail(item):
            # What a test expects stays out of a baseline that is updated, and the test stays as it is.
            found = [judged.where_findings_fail() for judged in found]
        result = judging.verdict(state.marked.settings.mode, self._when, found)
        judging.issue_warnings(item, result)
        judging.allow_loosened(found)
        item.user_properties += [("enforcement", judging.property_of(judged.finding)) for judged in found]
        if result.failures:
            cut_short = judging.was_cut_short(outcome)
            text = f"{result.text}\n{judging.CUT_SHORT}" if cut_short else result.text
            none_of_its_own = cut_short or judging.passed_or_skipped(outcome)
            forced = judging.force_failure(outcome, text) if none_of_its_own else None
            state.failures[self._when] = PhaseFailure(text, result.line, forced)

    def _credit(self, own: Marked, fixture: str) -> None:
        for finding in self.recorder.findings_now():
            self._judged.setdefault(id(finding), Judged(finding, own, fixture))


def _named(fixturedef: Any) -> str:
    return f"the {fixturedef.scope}-scoped fixture {fixturedef.argname!r}"


enforcing_key = pytest.StashKey[Enforcing]()
