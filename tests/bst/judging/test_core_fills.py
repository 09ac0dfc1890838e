"""Core's lazy writes are known for what they are, and nothing else passes for one."""

from __future__ import annotations

import pytest

from tests.bst.builds import Build


@pytest.fixture
def cached(build: Build) -> Build:
    """`dep` is loaded from the cache, so that its memos are empty."""
    build.element("dep", "pass", "base")
    assert build.stock("build", "dep.bst").status == 0
    return build


# Equal to everything, with any attribute.
_AGREES = "type('Agrees', (), {'__eq__': lambda self, other: True, '__getattr__': lambda self, name: self})()"


def _fills(build: Build, line: str) -> tuple[list[str], set[str]]:
    build.element("reader", line, "dep")
    ran = build.enforced("build", "reader.bst")
    return ran.rules, {fill["attribute"] for fill in ran.report["core_fills"]}


@pytest.mark.parametrize(
    ("line", "attribute"),
    [
        ("dep.get_public_data('bst')", "_Element__dynamic_public"),
        ("list(dep.compute_manifest(include=['runtime']))", "_Element__splits"),
        ("dep._file_is_whitelisted('/x')", "_Element__whitelist_regex"),
        ("pass", "_Element__proxies"),
    ],
)
def test_a_lazy_fill_of_core_is_counted(cached: Build, line: str, attribute: str) -> None:
    rules, fills = _fills(cached, line)
    assert rules == []
    assert attribute in fills


@pytest.mark.parametrize(
    "line",
    [
        "dep._plugin.get_public_data('bst'); dep._plugin._Element__dynamic_public.get_mapping('bst')['evil'] = '1'",
        "dep._plugin._Element__splits = {}",
        "dep._plugin._Element__whitelist_regex = __import__('re').compile('.*')",
        "dep._plugin._Element__proxies['mine'] = 1",
        f"dep._plugin._Element__splits = {_AGREES}",
        f"dep._plugin._Element__whitelist_regex = {_AGREES}",
        f"dep._plugin._Element__dynamic_public = {_AGREES}",
        "self._get_context()._strict_build_plan = 'other'",
    ],
)
def test_what_core_would_not_fill_in_is_a_violation(cached: Build, line: str) -> None:
    rules, _ = _fills(cached, line)
    assert len(rules) == 1
    assert rules[0] in ("foreign-write", "context-write")


def test_an_equal_value_is_no_violation_and_another_one_is(cached: Build) -> None:
    rules, fills = _fills(cached, "dep._plugin._Element__env_nocache = list(dep._plugin._Element__env_nocache)")
    assert (rules, "recomputed equal values" in fills) == ([], True)
    rules, _ = _fills(cached, "dep._plugin._Element__env_nocache = [*dep._plugin._Element__env_nocache, 'x']")
    assert rules == ["foreign-write"]


def test_an_element_is_not_taken_for_a_module_of_that_name(build: Build) -> None:
    build.element("dep", "self.__name__ = 'buildstream.utils'", "base")
    rules, _ = _fills(build, "dep._plugin._USE_CP_FILE_RANGE = False")
    assert rules == ["foreign-write"]


def test_a_module_global_that_core_fills_holds_nothing_else(cached: Build) -> None:
    rules, _ = _fills(cached, "__import__('buildstream').utils._USE_CP_FILE_RANGE = 'mine'")
    assert rules == ["module-write"]


@pytest.mark.parametrize("name", ["__getattr__", "__eq__"])
def test_no_code_of_a_plugin_runs_while_a_fill_is_recognised(cached: Build, name: str) -> None:
    called = cached.directory / "called"
    value = f"type('Calls', (), {{'{name}': lambda *args: open({str(called)!r}, 'w')}})()"
    rules, _ = _fills(cached, f"dep._plugin._Element__splits = {value}")
    assert rules == ["foreign-write"]
    assert not called.exists()


def _fetched(build: Build, line: str) -> tuple[set[str], set[str]]:
    """What a line does to a remote with a certificate that nothing has used yet."""
    certificate = build.directory / "server.crt"
    certificate.write_bytes(b"a certificate")
    services = [
        f"  {name}:\n    url: http://127.0.0.1:9\n    auth:\n      server-cert: {certificate}"
        for name in ("execution-service", "storage-service")
    ]
    build.configure("\n".join(["remote-execution:", *services, ""]))
    line = f"remote = self._get_context().remote_execution_specs.exec_spec; {line}"
    build.element("fed", "pass", source="feeds", fetch=line)
    ran = build.enforced("source", "fetch", "fed.bst")
    return set(ran.rules), {fill["attribute"] for fill in ran.report["core_fills"]}


def test_the_credentials_of_a_remote_are_read_when_it_is_first_used(build: Build) -> None:
    rules, fills = _fetched(build, "remote.server_cert")
    assert rules == set()
    assert "remote credentials" in fills


@pytest.mark.parametrize(
    "line",
    [
        "remote._cred_files_loaded = True",
        "remote._server_cert = b'mine'",
        "remote._server_cert = b'mine'; remote._cred_files_loaded = True",
        f"remote._server_cert = {_AGREES}; remote._cred_files_loaded = True",
        "remote.server_cert; remote._client_key = b'mine'",
        "remote.server_cert_file = None; remote.server_cert",
        "remote.server_cert_file = __file__; remote.server_cert",
    ],
)
def test_other_credentials_of_a_remote_are_a_violation(build: Build, line: str) -> None:
    rules, _ = _fetched(build, line)
    assert rules == {"context-write"}


_ERRORS = "__import__('buildstream._exceptions')._exceptions"


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("__import__('buildstream').ElementError('kept by core')", []),
        (f"{_ERRORS}.set_last_task_error({_ERRORS}.ErrorDomain.ELEMENT, 'why')", []),
        (f"{_ERRORS}.set_last_task_error({_AGREES}, None)", ["module-write"]),
        (f"{_ERRORS}.set_last_task_error(None, ['a list'])", ["module-write"]),
    ],
)
def test_the_last_error_of_buildstreams_test_mode_is_cores_only_if_it_is_an_error(
    cached: Build, line: str, rules: list[str]
) -> None:
    cached.element("reader", line, "dep")
    ran = cached.enforced("build", "reader.bst", BST_TEST_SUITE="1")
    assert ran.rules == rules, ran.output


@pytest.mark.parametrize(
    "line", ["type(self).__annotations__ = {'a': int}", "type(self).__abstractmethods__ = frozenset()"]
)
def test_what_python_would_not_note_on_a_class_is_a_violation(build: Build, line: str) -> None:
    build.element("writer", line, "base")
    assert build.enforced("build", "writer.bst").rules == ["class-write"]


def test_annotations_that_python_makes_when_it_is_asked_are_none(build: Build) -> None:
    build.element("reader", "type(self).__annotations__; dep._plugin.__class__.__annotations__", "base")
    assert build.enforced("build", "reader.bst").rules == []
