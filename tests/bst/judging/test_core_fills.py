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
