"""What is BuildStream's own is told from what is merely called alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import buildstream
import buildstream.plugins.elements.stack
import pytest

from enforcer.bst.elements.core_code import is_core, is_file_of_buildstream, is_in_buildstream
from enforcer.bst.elements.walk_policy import BstPolicy

_FOLDER = Path(buildstream.__file__).parent


@pytest.mark.parametrize("name", ["buildstream", "buildstream.element", "buildstream._testing._utils"])
def test_modules_inside_of_buildstream_come_with_it(name: str) -> None:
    assert is_in_buildstream(name)


@pytest.mark.parametrize("name", ["buildstream_plugins.elements.make", "buildstreams", "acme.buildstream"])
def test_modules_that_are_called_alike_do_not(name: str) -> None:
    assert not is_in_buildstream(name)


def test_its_test_helpers_and_generated_code_are_not_the_core() -> None:
    names = ["buildstream.node", "buildstream._testing.runcli", "buildstream._protos", "buildstream._testing_new"]
    assert [name for name in names if is_core(name)] == ["buildstream.node", "buildstream._testing_new"]


def test_files_count_by_the_folder_that_they_are_in() -> None:
    inside = [buildstream.__file__, buildstream.plugins.elements.stack.__file__]
    beside = [f"{_FOLDER}_plugins/elements/make.py", f"{_FOLDER}.py", str(_FOLDER)]
    assert [file for file in [*inside, *beside] if is_file_of_buildstream(file)] == inside


@pytest.fixture
def policy() -> BstPolicy:
    def unit_of(element: Any) -> Any:
        raise AssertionError("nothing here is an element's")

    return BstPolicy(unit_of, lambda module: False)


@pytest.mark.parametrize("module", ["enforcer_tools.state", "buildstream._scheduler_tools", "grpc_tools", "jinja2x"])
def test_the_walk_enters_objects_of_modules_that_are_called_like_those_beyond_its_border(
    module: str, policy: BstPolicy
) -> None:
    assert not policy.is_border(type("Theirs", (), {"__module__": module}))
    assert policy.is_border(type("Ours", (), {"__module__": "enforcer.session"}))
