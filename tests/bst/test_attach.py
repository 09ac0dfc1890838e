"""Patches: on, off, and no trace."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from typing import Any

import buildstream
import pytest

from enforcer.bst import required
from enforcer.embedding.activation import activate
from enforcer.errors import UnsupportedError
from enforcer.session import Session
from enforcer.settings.settings import Settings


def _modules() -> Iterator[Any]:
    for info in pkgutil.walk_packages(buildstream.__path__, "buildstream."):
        if "._testing" not in info.name and not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def _attributes() -> dict[str, int]:
    """The identity of every attribute of every module and class of BuildStream."""
    found = {}
    for module in _modules():
        for name, value in vars(module).items():
            found[f"{module.__name__}:{name}"] = id(value)
            if isinstance(value, type) and value.__module__ == module.__name__:
                for attribute, member in vars(value).items():
                    found[f"{module.__name__}:{name}.{attribute}"] = id(member)
    return found


def test_detaching_leaves_no_trace() -> None:
    _attributes()  # imports every module once
    before = _attributes()
    activation = activate(Session(Settings()))
    during = _attributes()
    activation.close()
    assert _attributes() == before
    changed = {name for name in during if during[name] != before.get(name)}
    assert "buildstream._scheduler.scheduler:Scheduler.run" in changed


def test_two_sessions_detach_in_order_without_a_trace() -> None:
    _attributes()  # imports every module once
    before = _attributes()
    outer = activate(Session(Settings()))
    inner = activate(Session(Settings()))
    inner.close()
    outer.close()
    outer.close()
    assert _attributes() == before


def test_the_installed_buildstream_has_every_seam() -> None:
    assert required.missing() == []


def test_everything_that_is_patched_or_hooked_is_a_seam() -> None:
    from enforcer.bst import attach
    from enforcer.bst.replicas import assignments

    patched = [f"{_place(owner)}{name}" for owner, name, _ in attach._patches() if owner is not SourceFileLoader]
    assert set(patched) <= set(required.SEAMS)
    hooked = [_place(cls).rstrip(".") for cls in assignments._HOOKED]
    assert [place for place in hooked if not any(seam.startswith(place) for seam in required.SEAMS)] == []


def _place(owner: Any) -> str:
    return f"{owner.__module__}:{owner.__name__}." if isinstance(owner, type) else f"{owner.__name__}:"


@pytest.mark.parametrize(
    "seam",
    [
        "buildstream._scheduler.jobs.job:Job.child_action",
        "buildstream._nothing:Nothing",
        "buildstream._artifact:No",
        "buildstream._artifact:Artifact()._nothing",
    ],
)
def test_a_missing_seam_is_named_in_a_sentence(monkeypatch: pytest.MonkeyPatch, seam: str) -> None:
    if "child_action" in seam:
        from buildstream._scheduler.jobs.job import Job

        monkeypatch.delattr(Job, "child_action")
    else:
        monkeypatch.setattr(required, "SEAMS", (*required.SEAMS, seam))
    with pytest.raises(UnsupportedError, match=re.escape(seam.partition(":")[2])):
        activate(Session(Settings()))


def test_importing_the_library_imports_no_buildstream() -> None:
    code = (
        "import sys, enforcer, enforcer.session, enforcer.embedding.activation, enforcer.cli.main;"
        "print([name for name in sys.modules if name.split('.')[0] in ('buildstream', 'grpc', 'pytest')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
