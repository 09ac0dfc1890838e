"""Watch everything that this process builds: in itself, and in the `bst` processes that it starts."""

from __future__ import annotations

import json
import subprocess
import sys

from enforcer.embedding import activation
from enforcer.embedding.bst_processes.parent import BstProcesses
from enforcer.errors import UnsupportedError
from enforcer.processes import available
from enforcer.results.record import Record
from enforcer.session import Session

_PROBE = """
import json, sys
from enforcer.embedding.activation import activate
from enforcer.settings.settings import Settings
from enforcer.errors import EnforcerError
from enforcer.reports.value import installed_versions
from enforcer.session import Session
try:
    activate(Session(Settings(backend=sys.argv[1]))).close()
except EnforcerError as error:
    sys.exit(str(error))
print(json.dumps(installed_versions()))
"""

_watches: list[Watch] = []


def check_elsewhere(backend: str) -> None:
    """Raise `UnsupportedError` if enforcement can't be switched on here, without importing anything for it.

    For a process that runs no build itself, but starts others that do.
    """
    available.check(backend)
    found = subprocess.run([sys.executable, *probe(backend)], capture_output=True, text=True)
    what_was_probed(found.returncode, found.stdout, found.stderr)


def probe(backend: str) -> list[str]:
    """The words after the name of a Python that try whether enforcement can be switched on in it."""
    return ["-c", _PROBE, backend]


def what_was_probed(returncode: int, stdout: str, stderr: str) -> dict[str, str | None]:
    """The versions that decide what a run in that Python sees.

    Raises:
        UnsupportedError: enforcement cannot be switched on there; the text says why.
    """
    if returncode != 0:
        # Of a traceback the last line: there is no enforcer, or one that does not know what it is asked.
        raise UnsupportedError((stderr.strip().splitlines() or [f"exit status {returncode}"])[-1])
    versions: dict[str, str | None] = json.loads(stdout.splitlines()[-1])
    return versions


class Watch:
    """Enforcement of this process for one session.

    Watches nest, as test runs inside of tests do: the one that was started last sees every build
    until it is stopped, then the one before goes on.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._processes = BstProcesses(session)
        self._activation: activation.Activation | None = None

    def start(self) -> None:
        """Begin to watch; the watch that was on until now rests.

        Raises:
            UnsupportedError: BuildStream is missing, or lacks a seam.
        """
        if _watches:
            _watches[-1]._rest()
        try:
            self._resume()
        except BaseException:
            if _watches:
                _watches[-1]._resume()
            raise
        _watches.append(self)

    def take(self, at_end: bool = False) -> Record:
        """What was seen since the last call, `bst` processes included."""
        record = self.session.take()
        record.merge(self._processes.take(at_end))
        return record

    def stop(self) -> None:
        """Watch no more; every patch is taken back, and a watch that rested goes on. Twice is harmless."""
        if self not in _watches:
            return
        was_on = _watches[-1] is self
        _watches.remove(self)
        self._rest()
        self._processes.close()
        if was_on and _watches:
            _watches[-1]._resume()

    def _resume(self) -> None:
        self._activation = activation.activate(self.session)
        self._processes.watch()

    def _rest(self) -> None:
        self._processes.unwatch()
        if self._activation is not None:
            self._activation.close()
            self._activation = None
