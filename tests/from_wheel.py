"""A plugin for `pytest -p tests.from_wheel`: stops the run if the packages under test are not installed ones."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path

import pytest

PACKAGES = ("enforcer", "pytest_plugin")


def _directories() -> list[Path]:
    specs = [importlib.util.find_spec(package) for package in PACKAGES]
    return [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]


def pytest_sessionstart() -> None:
    installed = [Path(sysconfig.get_path("purelib")) / package for package in PACKAGES]
    if _directories() != installed:
        raise pytest.UsageError(f"tests are to run on {installed}, and would run on {_directories()}")


def pytest_report_header() -> str:
    return f"under test: {', '.join(map(str, _directories()))}"
