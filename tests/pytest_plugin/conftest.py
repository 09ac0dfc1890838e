"""Inner test runs whose builds are faked at the door to BuildStream, and real ones in `test_builds.py`."""

from __future__ import annotations

import multiprocessing.util
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

# An inner run forgets the modules that it was the first to import; these are slow to import again.
import pytest_plugin.enforcing
import pytest_plugin.project_items  # noqa: F401
from enforcer.embedding import activation

FAKE_BUILDS = '''
import pytest
from enforcer.embedding import activation
from enforcer.settings.settings import Mode
from enforcer.results.findings import Finding, Job, Owner, Site
from pytest_plugin.enforcing import enforcing_key

activation.activate = lambda session: activation.Activation(lambda: None)


@pytest.fixture(scope="session")
def build(pytestconfig):
    """A build of two jobs, one of which changes `owner`; nothing happens where nothing is enforced."""

    def build(owner="base.bst", path="environment['FOO']", violates=True, severity="error", element="app.bst", line=0):
        enforcing = pytestconfig.stash.get(enforcing_key, None)
        if enforcing is None or enforcing.session.settings.mode is Mode.OFF:
            return
        job = Job(element, "Build", 1, "hazard")
        site = Site("hazard.py", line, "assemble", "") if line else None
        finding = Finding("foreign-write", severity, job, Owner("element", owner), path, "added", None, "'X'", site)
        enforcing.session.classify(finding)
        with enforcing.session.recording() as record:
            for action in ("Fetch", "Build"):
                record.note_begin(action)
                record.note_checked(Job(element, action, 1, "hazard"), skipped=False, plugin_code=True)
            record.elements |= {owner, element}
            record.exercised |= {owner, element}
            record.opaque["Lock"] = 3
            if violates:
                record.findings.append(finding)

    return build
'''


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory for inner test runs that know nothing of this one."""
    # A big plugin that does nothing here, which each inner run would import anew.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    # Under the filters of this run every warning is an error.
    warnings.resetwarnings()
    return pytester


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for temporary files, of a path that is short enough for sockets in it."""
    # What it keeps until the process ends is to be elsewhere.
    multiprocessing.util.get_temp_dir()
    with tempfile.TemporaryDirectory() as name:
        monkeypatch.setattr("tempfile.tempdir", name)
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


@pytest.fixture
def fake(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory whose tests have a `build` fixture; call it for a build with a finding."""
    monkeypatch.setattr(activation, "activate", activation.activate)
    inner.makeconftest(FAKE_BUILDS)
    return inner
