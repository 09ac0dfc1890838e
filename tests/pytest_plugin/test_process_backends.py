"""A process backend has what it needs before a conftest can import gRPC, or says why it cannot run."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

VARIABLE = "GRPC_ENABLE_FORK_SUPPORT"

# As pytest-env does for `env =` in the project's configuration.
PRESETS = """
import os
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests():
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
"""


@pytest.fixture
def seeing(fake: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory whose one test passes if gRPC would have had its support for forks, had the conftest imported it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    conftest = fake.path / "conftest.py"
    conftest.write_text(f"import os\nSEEN = os.environ.get('{VARIABLE}')\n{conftest.read_text()}")
    fake.makepyfile("import conftest\ndef test_it(): assert conftest.SEEN == '1'")
    return fake


@pytest.fixture
def presetting(seeing: pytest.Pytester) -> pytest.Pytester:
    """The same, with a plugin `presets` that switches the support off."""
    seeing.makepyfile(presets=PRESETS)
    seeing.syspathinsert()
    return seeing


@pytest.mark.parametrize("backend", ["fork", "pool"])
def test_grpc_is_prepared_before_a_conftest_is_loaded(seeing: pytest.Pytester, backend: str) -> None:
    result = seeing.runpytest("--enforce=strict", f"--enforce-backend={backend}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"enforcement: strict on {backend}, BuildStream *, {VARIABLE}=1"])
    assert VARIABLE not in os.environ


@pytest.mark.parametrize(
    "configuration",
    [
        '[tool.pytest.ini_options]\nenforce = "strict"\nenforce_backend = "pool"\n',
        '[tool.pytest.ini_options]\nenforce = "strict"\n[tool.enforcer]\nbackend = "pool"\n',
    ],
)
def test_wherever_the_backend_is_named(seeing: pytest.Pytester, configuration: str) -> None:
    seeing.makepyprojecttoml(configuration)
    seeing.runpytest().assert_outcomes(passed=1)


def test_what_the_project_s_configuration_presets_is_overruled_and_told(presetting: pytest.Pytester) -> None:
    result = presetting.runpytest("-p", "presets", "--enforce=strict", "--enforce-backend=pool")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"enforcement: strict on pool, BuildStream *, {VARIABLE}=1 (it was '0')"])
    assert os.environ[VARIABLE] == "0"


def test_and_so_in_the_workers_of_xdist(presetting: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytest.importorskip("buildstream")
    # Not in this process: it may have imported gRPC before.
    result = presetting.runpytest_subprocess("-p", "presets", "--enforce=strict", "--enforce-backend=pool", "-n", "1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"enforcement: strict on pool, BuildStream *, {VARIABLE}=1 (it was '0')"])


@pytest.mark.parametrize(
    "options", [(), ("--enforce=off", "--enforce-backend=pool"), ("--enforce=strict",), ("--enforce=soft",)]
)
def test_nothing_is_set_where_no_process_backend_is_asked_for(
    seeing: pytest.Pytester, options: tuple[str, ...]
) -> None:
    result = seeing.runpytest(*options)
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line(f"enforcement: *{VARIABLE}*")


@pytest.fixture
def too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """gRPC has been imported without support for forks."""
    monkeypatch.setitem(sys.modules, "grpc._cython.cygrpc", SimpleNamespace(_GRPC_ENABLE_FORK_SUPPORT=False))


@pytest.mark.usefixtures("too_late")
@pytest.mark.parametrize("others", [(), ("-n", "1")])
def test_where_it_is_too_late_the_run_stops(inner: pytest.Pytester, others: tuple[str, ...]) -> None:
    if others:
        pytest.importorskip("xdist")
    inner.makepyfile("def test_it(): pass")
    result = inner.runpytest("--enforce=strict", "--enforce-backend=pool", *others)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: the backend pool cannot run here: gRPC was imported *set {VARIABLE}=1 in*"])


@pytest.mark.usefixtures("too_late")
def test_a_marker_that_comes_too_late_fails_its_test_alone(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.mark.enforce(backend="fork", reason="here too")
        def test_fork(): pass
        def test_other(): pass
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*marker enforce of *test_fork: the backend fork cannot run here: gRPC was imported*"])
