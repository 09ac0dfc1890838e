"""Settings arrive in another process as they were sent."""

from __future__ import annotations

import json
from pathlib import Path

from enforcer.settings.baseline import Baseline, Entry
from enforcer.settings.plain import settings_from_plain, settings_to_plain
from enforcer.settings.settings import AllowEntry, Mode, Settings


def test_settings_arrive_as_they_were_sent() -> None:
    settings = Settings(
        mode=Mode.SOFT,
        backend="fork",
        collect=True,
        blame="touch",
        allow=(AllowEntry("foreign-write", "a.bst", "x[*]", "why"),),
        workers=2,
        worker_jobs=3,
        baseline=Baseline(Path("/p/known.txt"), "known.txt", frozenset({Entry("r", "my kind", "element", "größe")})),
        update_baseline=True,
        fresh=True,
    )
    assert settings_from_plain(json.loads(json.dumps(settings_to_plain(settings)))) == settings
    assert settings_from_plain(json.loads(json.dumps(settings_to_plain(Settings())))) == Settings()


def test_settings_are_laid_out_as_the_module_says() -> None:
    settings = Settings(
        mode=Mode.SOFT,
        backend="fork",
        allow=(AllowEntry("foreign-write", "a.bst", "x[*]", "why"),),
        worker_jobs=3,
        baseline=Baseline(Path("/p/known.txt"), "known.txt", frozenset({Entry("r", "my kind", "element", "größe")})),
    )
    assert json.loads(json.dumps(settings_to_plain(settings))) == {
        "mode": "soft",
        "backend": "fork",
        "collect": False,
        "blame": "live",
        "coverage": False,
        "access": False,
        "fresh": False,
        "workers": None,
        "worker_jobs": 3,
        "allow": [["foreign-write", "a.bst", "x[*]", "why"]],
        "baseline": {"path": "/p/known.txt", "name": "known.txt", "lines": ["r my%20kind element gr%C3%B6%C3%9Fe"]},
        "update_baseline": False,
    }
