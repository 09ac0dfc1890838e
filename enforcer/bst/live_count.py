"""A line with the live count in the status area that `bst` keeps at the bottom of a terminal.

BuildStream draws that area itself, and only on a terminal: our line is one more that its header gives to be drawn, so
nothing is written between BuildStream's own lines. A BuildStream whose header is another one goes without.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from enforcer.bst import patches
from enforcer.masking import cut
from enforcer.session import Session


@contextmanager
def live_count(session: Session) -> Iterator[None]:
    """Show while `bst` runs how many jobs `session` has checked, and what was found."""
    try:
        from buildstream._frontend.status import _StatusHeader as header
    except ImportError:
        yield
        return
    with ExitStack() as worn:
        worn.callback(patches.put_on(header, "__init__", _with_one_more_line))
        worn.callback(patches.put_on(header, "render", lambda render: _with_count(render, session)))
        yield


def _with_one_more_line(make: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(make)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        self.lines += 1

    return __init__


def _with_count(render: Callable[..., str], session: Session) -> Callable[..., str]:
    @functools.wraps(render)
    def render_with_count(self: Any, line_length: int, elapsed: Any) -> str:
        line = cut(session.progress(), line_length).center(line_length).rstrip()
        return f"{render(self, line_length, elapsed)}\n{line}"

    return render_with_count
