"""Switch enforcement on in this process and off again; the one door to `enforcer.bst`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from enforcer.errors import UnsupportedError
from enforcer.processes import available
from enforcer.rules.registry import registered

if TYPE_CHECKING:
    from enforcer.session import Session


class Activation:
    """Enforcement that is switched on; `close()` takes back every patch. Closing twice is harmless."""

    def __init__(self, detach: Callable[[], None]) -> None:
        self._detach: Callable[[], None] | None = detach

    def close(self) -> None:
        """Switch off: BuildStream is as it was before."""
        if self._detach is not None:
            detach, self._detach = self._detach, None
            detach()


def activate(session: Session) -> Activation:
    """Watch every scheduler run of this process from now on, under `session`'s current settings.

    Raises:
        UnsupportedError: BuildStream is not installed, or lacks a seam that enforcement needs; or the backend cannot
            run here.
        UsageError: a rule of another distribution cannot be loaded.
        EnforcerError: the built-in rules cannot be found.
    """
    if find_spec("buildstream") is None:
        raise UnsupportedError(
            "BuildStream is not installed beside the enforcer: install it, e.g. pip install BuildStream"
        )
    backend = session.settings.backend
    available.check(backend)
    available.enable_fork_support(backend)
    # Now, so that a broken rule is told before anything runs, and forked workers have all of them.
    registered()
    with warnings.catch_warnings():
        # What BuildStream's imports are warned of is not ours, nor the user's: under -W error it would end here.
        warnings.simplefilter("ignore", DeprecationWarning)
        from enforcer.bst import required

        # Before the patches' own imports: what is missing must be named, not traced.
        required.check_buildstream()
        from enforcer.bst.attach import attach

    return Activation(attach(session))
