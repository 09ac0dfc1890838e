"""Frames of bytes, with descriptors, over an anonymous pair of sockets.

No socket has a name and nothing is unpickled here: only processes that were forked from each other can speak, so both
ends are always of one version. All numbers are unsigned, in network byte order.

A frame is

    offset  bytes  what
    0       4      "enf" and a zero
    4       1      the number of a `FrameKind`
    5       8      the length of the payload
    13             the payload

Descriptors, at most four, come with the first bytes of the header (`SCM_RIGHTS`); whoever receives them owns them, and
no program that it executes inherits them. A payload is in memory as a whole on either side.

Where a payload is a *list*, of byte strings, `pack` writes and `unpack` reads 4 bytes with their number, and for each
8 bytes with its length, then itself.

The other side counts as gone, and `Closed` is raised, when the connection ends, in a frame or between two, and when
what comes does not begin as a frame does: then there is no way back to the beginning of the next. A number that is no
kind raises `ValueError`.

Between main and the pristine process (`pristine_handle`, `pristine`) each side waits for the other: FORK and REAP have
one answer each, UPDATE has none.

    kind      from      payload                                               descriptors
    UPDATE    main      list of updates
    FORK      main      list of updates, to be taken over before              the worker's end of a new pair
    FORKED    pristine  process id, 4 bytes, signed                           a pidfd of the worker
    REFUSED   pristine  why the system forks none, UTF-8
    REAP      main      process id, 4 bytes; 1 byte: 1 if it retired, else 0
    REAPED    pristine  what `os.waitpid` said, 4 bytes, signed; -1: unknown

Between main and a worker (`worker_handle`, `worker`): jobs come one after the other, RUN, then events, then RESULT.

    kind      from    payload
    RUN       main    list: the request, then the updates to be taken over before
    INTERRUPT main    nothing; after RUN. It may cross RESULT, and is ignored then
    EVENT     worker  an event; until RESULT, in order
    AWAITED   worker  8 bytes, the event's number in this worker, then the event; its sender waits for HEARD
    HEARD     main    the 8 bytes, once the event was dealt with
    RESULT    worker  1 byte: 1 if the worker may run another job, else 0; then the job's result
    RETIRE    main    nothing; in place of RUN, the last frame from main
    RETIRED   worker  what is left to say, the last frame from a worker; its process ends with status 0
    FAILED    worker  in place of RESULT or RETIRED: a traceback, UTF-8; its process ends with status 70

Either ends the conversation by closing: then the pristine process ends all that is left and itself, a worker itself.
What requests, events, results and updates mean is `replica`'s, and so `enforcer.bst.runs.in_worker`'s business.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from _socket import socket as _Socket
from array import array
from collections.abc import Callable, Sequence
from enum import IntEnum
from select import POLLIN, POLLOUT
from socket import CMSG_SPACE, MSG_CMSG_CLOEXEC, MSG_DONTWAIT, SCM_RIGHTS, SHUT_RDWR, SOL_SOCKET
from typing import NamedTuple

_HEADER = struct.Struct("!4sBQ")
_MAGIC = b"enf\0"
_COUNT = struct.Struct("!I")
_LENGTH = struct.Struct("!Q")
_MOST_DESCRIPTORS = 4

# Those of the class below Python's, which plugin code cannot replace: they run in a worker while a job does.
_recv_into, _recvmsg, _sendall, _sendmsg = _Socket.recv_into, _Socket.recvmsg, _Socket.sendall, _Socket.sendmsg

Wait = Callable[[int, int], None]
"""Waits until a descriptor is ready for an event of `select.poll`, or raises what ends the conversation."""


class FrameKind(IntEnum):
    """What a frame says."""

    # From main to the pristine process, and its answers.
    FORK = 1
    UPDATE = 2
    REAP = 3
    FORKED = 11
    REFUSED = 12
    REAPED = 13
    # From main to a worker, and back.
    RUN = 21
    INTERRUPT = 22
    RETIRE = 23
    HEARD = 24
    EVENT = 31
    AWAITED = 35  # an event whose sender waits until it is heard
    RESULT = 32
    FAILED = 33
    RETIRED = 34


class Closed(Exception):
    """The other side is gone, or does not speak as agreed."""

    def __init__(self, cut_off: FrameKind | None = None) -> None:
        super().__init__(f"closed within a frame of kind {cut_off.name}" if cut_off else "closed")
        self.cut_off = cut_off
        """The kind of the frame that had begun to arrive."""


class Broken(Exception):
    """The other side says why it cannot go on."""


class Frame(NamedTuple):
    """One message. Whoever receives it owns the descriptors."""

    kind: FrameKind
    payload: bytes
    descriptors: tuple[int, ...] = ()


class Connection:
    """One end of a pair of sockets.

    Without `wait` its calls block in the kernel, one call a frame: an exception that somebody raises in the
    thread then finds a frame sent or not begun. With `wait` nothing blocks but `wait` itself.
    """

    def __init__(self, end: socket.socket, wait: Wait | None = None) -> None:
        end.setblocking(True)
        self._socket = end
        self._wait = wait
        self._flags = MSG_DONTWAIT if wait else 0
        self._sending = threading.Lock()

    def send(self, kind: FrameKind, payload: bytes = b"", descriptors: Sequence[int] = ()) -> None:
        """Send one frame; from any thread. Raises `Closed`."""
        header = _HEADER.pack(_MAGIC, kind, len(payload))
        with self._sending:
            try:
                if self._wait or descriptors:
                    self._send_parts([memoryview(header), memoryview(payload)], descriptors)
                else:
                    _sendall(self._socket, header + payload)
            except (BrokenPipeError, ConnectionResetError):
                raise Closed from None

    def _send_parts(self, parts: list[memoryview], descriptors: Sequence[int]) -> None:
        rights = [(SOL_SOCKET, SCM_RIGHTS, array("i", descriptors))] if descriptors else []
        while parts:
            try:
                sent = _sendmsg(self._socket, parts, rights, self._flags)
            except BlockingIOError:
                self._await(POLLOUT)
                continue
            rights = []
            while parts and sent >= len(parts[0]):
                sent -= len(parts.pop(0))
            if parts:
                parts[0] = parts[0][sent:]

    def receive(self) -> Frame:
        """The next frame; one thread at a time. Raises `Closed`."""
        descriptors: list[int] = []
        header = self._receive_header(descriptors)
        magic, number, length = _HEADER.unpack(header)
        if magic != _MAGIC:
            raise Closed
        kind = FrameKind(number)
        return Frame(kind, self._receive_payload(length, kind), tuple(descriptors))

    def _receive_header(self, descriptors: list[int]) -> bytes:
        space = CMSG_SPACE(_MOST_DESCRIPTORS * array("i").itemsize)
        header = b""
        while len(header) < _HEADER.size:
            try:
                part, rights, _, _ = _recvmsg(
                    self._socket, _HEADER.size - len(header), space, self._flags | MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                self._await(POLLIN)
                continue
            except ConnectionResetError:
                part, rights = b"", []
            if not part:
                raise Closed
            header += part
            for _, _, data in rights:
                descriptors += array("i", data)
        return header

    def _receive_payload(self, length: int, kind: FrameKind) -> bytes:
        payload = memoryview(bytearray(length))
        done = 0
        while done < length:
            try:
                count = _recv_into(self._socket, payload[done:], 0, self._flags)
            except BlockingIOError:
                self._await(POLLIN, kind)
                continue
            except ConnectionResetError:
                count = 0
            if not count:
                raise Closed(kind)
            done += count
        return bytes(payload)

    def _await(self, event: int, receiving: FrameKind | None = None) -> None:
        assert self._wait is not None
        try:
            self._wait(self._socket.fileno(), event)
        except Closed:
            raise Closed(receiving) from None

    def fileno(self) -> int:
        """The descriptor of our end."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the conversation, whoever else holds a copy of our end. Harmless when repeated."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)
        self._socket.close()

    def abandon(self) -> None:
        """Close our copy of an end that belongs to another process now."""
        self._socket.close()


def pack(items: Sequence[bytes]) -> bytes:
    """A list of byte strings as one."""
    parts = [_COUNT.pack(len(items))]
    for item in items:
        parts += (_LENGTH.pack(len(item)), item)
    return b"".join(parts)


def unpack(payload: bytes) -> list[bytes]:
    """The list that `pack` was given."""
    (count,) = _COUNT.unpack_from(payload)
    offset = _COUNT.size
    items = []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(payload, offset)
        offset += _LENGTH.size
        items.append(payload[offset : offset + length])
        offset += length
    return items
