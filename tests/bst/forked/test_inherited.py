"""A worker's own signal handlers."""

import sys

from tests.preloaded import programs

_ENDS = """
import os, signal
from buildstream import _signals
from enforcer.bst.forked import inherited

inherited.handle_signals(ending=lambda: print("nothing is heard any more", flush=True))
with _signals.terminator(lambda: print("taken from the job", flush=True)):
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
"""


def test_what_a_job_says_of_its_termination_is_not_heard() -> None:
    """It takes things from a job that runs on for a moment, and stock's main process is gone by then."""
    done = programs.run(
        [sys.executable, "-c", _ENDS], imports="buildstream", capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.returncode) == ("nothing is heard any more\ntaken from the job\n", 255)
