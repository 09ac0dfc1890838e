"""A context is led to caches of the run's own, and is otherwise the user's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from buildstream import utils
from buildstream._context import Context
from buildstream._exceptions import LoadError

from enforcer.embedding.activation import activate
from enforcer.fresh_caches import FreshCaches
from enforcer.session import Session
from enforcer.settings.settings import Mode, Settings

CONFIG = """
cachedir: {0}/usual
sourcedir: {0}/usual/sources
logdir: {0}/logs
cache: {{quota: 50%, reserved-disk-space: 5%}}
scheduler: {{builders: 3}}
artifacts:
  servers:
  - url: https://example.com
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user configuration that `bst` finds by itself."""
    for kind in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path))
    path = tmp_path / "buildstream.conf"
    path.write_text(CONFIG.format(tmp_path))
    return str(path)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that is switched on, with caches of its own."""
    (tmp_path / "fresh").mkdir()
    session = Session(Settings(), FreshCaches(tmp_path / "fresh"))
    activation = activate(session)
    yield session
    activation.close()


def loaded(config: str | None = None) -> Context:
    context = Context()
    context.load(config)
    return context


@pytest.mark.parametrize("is_named", [True, False])
def test_all_caches_are_the_run_s_and_all_else_is_the_user_s(
    config: str, session: Session, tmp_path: Path, is_named: bool
) -> None:
    context = loaded(config if is_named else None)
    own = str(tmp_path / "fresh")
    assert context.cachedir == f"{own}/cache"
    for path in (context.tmpdir, context.casdir, context.builddir, context.artifactdir):
        assert path is not None
        assert path.startswith(f"{context.cachedir}/")
    assert context.sourcedir == f"{own}/sources"
    assert (context.logdir, context.sched_builders) == (str(tmp_path / "logs"), 3)
    assert context.config_origin == config
    assert not context._global_artifact_cache_config.remote_specs


def test_sizes_are_those_of_the_file_system_that_the_caches_are_on(
    config: str, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    size = utils._parse_size
    monkeypatch.setattr(utils, "_parse_size", lambda text, volume: asked.append(volume) or size(text, volume))
    loaded()
    assert asked[-1] == str(tmp_path / "fresh")


def test_where_nothing_is_judged_the_caches_are_the_usual_ones(config: str, session: Session, tmp_path: Path) -> None:
    with session.using(Settings(mode=Mode.OFF)):
        assert loaded().cachedir == str(tmp_path / "usual")
    inner = activate(Session(Settings()))
    assert loaded().cachedir == str(tmp_path / "usual")
    inner.close()


def test_a_configuration_that_is_named_can_be_spared(config: str, session: Session, tmp_path: Path) -> None:
    assert session.caches is not None
    session.caches.spares_named = True
    assert loaded(config).cachedir == str(tmp_path / "usual")
    assert loaded().cachedir == str(tmp_path / "fresh" / "cache")


def test_what_is_wrong_with_the_user_s_file_is_told_by_its_name(config: str, session: Session) -> None:
    Path(config).write_text("nonsense: 1\n")
    with pytest.raises(LoadError, match=f"{config} .line 1"):
        loaded()
