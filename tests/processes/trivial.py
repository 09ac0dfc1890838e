"""A replica that does what requests say, in words, and what the tests of the pool share."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from enforcer.processes.failures import ProcessFailed
from enforcer.processes.pool import Pool, Ticket
from enforcer.processes.replica import Done, Tell

DEADLINE = 20.0


class Trivial:
    """Each request is JSON: the name of a method of `Requests`, and its arguments. The results are JSON as well."""

    def __init__(self) -> None:
        self.updates: list[str] = []
        self.pristine = 0
        self.interrupted = threading.Event()
        self.told_late = threading.Event()
        self.went_on = threading.Event()
        self.jobs = 0

    def settle(self, role: str) -> None:
        assert threading.current_thread() is threading.main_thread()
        if role == "pristine":
            self.pristine = os.getpid()
        else:
            signal.signal(signal.SIGTSTP, self._stop)

    def _stop(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)
        self.went_on.set()

    def catch_up(self, updates: Sequence[bytes]) -> None:
        for update in updates:
            if update == b"fail":
                raise ValueError("an update that cannot be applied")
            self.updates.append(update.decode())

    def run(self, request: bytes, tell: Tell) -> Done:
        self.interrupted.clear()
        self.jobs += 1
        name, *arguments = json.loads(request)
        result = getattr(Requests(self, tell), name)(*arguments)
        return result if isinstance(result, Done) else Done(json.dumps(result).encode())

    def interrupt(self) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.interrupted.set()

    def retire(self, tell: Tell) -> bytes:
        tell(b"nobody hears this")
        return json.dumps({"pid": os.getpid(), "jobs": self.jobs}).encode()


class Requests:
    """What a job can be asked to do."""

    def __init__(self, replica: Trivial, tell: Tell) -> None:
        self.replica = replica
        self.tell = tell

    def echo(self, word: str) -> str:
        return word

    def whoami(self) -> dict[str, int]:
        return {"pid": os.getpid(), "parent": os.getppid(), "pristine": self.replica.pristine}

    def updates(self) -> list[str]:
        return self.replica.updates

    def count(self) -> int:
        return self.replica.jobs

    def events(self, count: int) -> None:
        for number in range(count):
            self.tell(b"%d" % number)

    def wait_until_heard(self, path: str) -> bool:
        self.tell(b"%d" % os.getpid(), wait=True)
        return Path(path).exists()

    def leave_a_thread_that_tells(self) -> None:
        before = self.replica.jobs

        def later() -> None:
            wait_until(lambda: self.replica.jobs > before)
            self.tell(b"late")
            self.replica.told_late.set()

        threading.Thread(target=later, daemon=True).start()

    def wait_for_that_thread(self) -> None:
        assert self.replica.told_late.wait(DEADLINE)

    def large(self, size: int) -> Done:
        self.tell(b"now")
        return Done(b"x" * size)

    def spoil(self) -> Done:
        return Done(b"null", reusable=False)

    def wait_for_interrupt(self) -> str:
        self.tell(str(os.getpid()).encode())
        assert self.replica.interrupted.wait(DEADLINE)
        return "interrupted"

    def wait_for_file(self, path: str) -> str:
        self.tell(str(os.getpid()).encode())
        wait_until(Path(path).exists)
        return "seen"

    def hang(self, ignore_sigterm: bool = False) -> None:
        if ignore_sigterm:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            os.kill(os.getpid(), signal.SIGSTOP)  # no thread of ours takes the signal now
        self.tell(str(os.getpid()).encode())
        while True:
            time.sleep(DEADLINE)

    def let_no_python_run(self, path: str) -> str:
        """Until somebody creates this file, from when it has created one beside it; then be stopped, and go on."""
        self.tell(str(os.getpid()).encode())
        libc = ctypes.PyDLL(None)  # keeps the lock of the interpreter
        begun, switching = f"{path}-begun".encode(), sys.getswitchinterval()
        sys.setswitchinterval(1000)
        try:
            descriptor = libc.creat(begun, 0o600)
            while libc.access(path.encode(), os.F_OK):
                libc.usleep(1000)
        finally:
            sys.setswitchinterval(switching)
        os.close(descriptor)
        assert self.replica.went_on.wait(DEADLINE)
        return "seen"

    def exit(self, status: int) -> None:
        os._exit(status)

    def raise_system_exit(self) -> None:
        raise SystemExit(5)

    def kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def close_descriptors(self) -> None:
        os.closerange(3, 1000)

    def keep_descriptors(self, die: bool) -> int:
        """A child that holds all that we had open, the connection included."""
        child = os.fork()
        if not child:
            time.sleep(1000)
        self.tell(str(child).encode())
        if die:
            os._exit(3)
        return child

    def daemonise(self) -> int:
        """A grandchild in a session of its own, whose parent is gone."""
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.setsid()
            daemon = os.fork()
            if daemon:
                os.write(write, str(daemon).encode())
                os._exit(0)
            time.sleep(1000)
        os.waitpid(child, 0)
        daemon = int(os.read(read, 20))
        self.tell(str(daemon).encode())
        return daemon

    def daemonise_and_wait(self) -> str:
        self.daemonise()
        return self.wait_for_interrupt()

    def daemonise_and_exit(self) -> None:
        self.daemonise()
        os._exit(3)


@contextlib.contextmanager
def pool(*, limit: int = 2, lifetime: int = 1000, **options: Any) -> Iterator[Client]:
    """A started pool, closed afterwards."""
    made = Pool(Trivial(), limit=limit, lifetime=lifetime, **options)
    made.start()
    client = Client(made)
    try:
        yield client
    finally:
        client.close()


class Client:
    """Speaks to a pool in words."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.retired: list[dict[str, int]] = []

    def run(self, *words: object) -> Any:
        return json.loads(self.pool.run(json.dumps(words).encode(), lambda event: None, lambda ticket: None))

    def start(self, *words: object, groups: Iterable[str] = ()) -> Job:
        return Job(self.pool, words, frozenset(groups))

    def publish(self, update: str) -> int:
        return self.pool.publish(update.encode())

    def close(self) -> None:
        self.pool.close(lambda said: self.retired.append(json.loads(said)))


class Job:
    """A job on a thread of its own."""

    def __init__(self, pool: Pool, words: Sequence[object], groups: frozenset[str]) -> None:
        self.events: list[bytes] = []
        self.ticket: Ticket | None = None
        self.error: Exception | None = None
        self._result: Any = None
        self._pool = pool
        self._words = words
        self._groups = groups
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        request = json.dumps(self._words).encode()
        try:
            self._result = json.loads(self._pool.run(request, self.events.append, self._begun, groups=self._groups))
        except Exception as error:
            self.error = error

    def _begun(self, ticket: Ticket) -> None:
        self.ticket = ticket

    def told(self) -> int:
        """The number that the job has told, once it has."""
        wait_until(lambda: bool(self.events) or not self._thread.is_alive())
        assert self.events, self.error
        return int(self.events[0])

    def interrupt(self) -> None:
        assert self.ticket
        self._pool.interrupt(self.ticket)

    def wait_for_ticket(self) -> None:
        """Until it runs, or waits for others of its groups."""
        wait_until(lambda: self.ticket is not None)

    def result(self) -> Any:
        """What came of it, once it is over."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), "the job hangs"
        if self.error:
            raise self.error
        return self._result


def failure(job: Job) -> str:
    """What is said of a job whose process failed."""
    with pytest.raises(ProcessFailed) as caught:
        job.result()
    return str(caught.value)


def goes_on(client: Client) -> None:
    """The pool is as good as before."""
    assert client.run("echo", "next") == "next"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def state(pid: int) -> str | None:
    """The letter that the kernel has for a process, None when all of its threads are gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None
    letter = text.rpartition(")")[2].split()[0]
    return None if letter in "ZX" and len(tasks) < 2 else letter


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))
