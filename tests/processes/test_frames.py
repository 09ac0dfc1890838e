"""Frames arrive whole, in order and with their descriptors, whatever their size."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from enforcer.processes.frames import Closed, Connection, FrameKind, pack, unpack

HUGE = 20_000_000


def wait(end: int, event: int) -> None:
    poll = select.poll()
    poll.register(end, event)
    poll.poll()


@pytest.fixture(params=["blocking", "waiting"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[Connection, Connection]]:
    both = [Connection(end, wait if request.param == "waiting" else None) for end in socket.socketpair()]
    yield both[0], both[1]
    for end in both:
        end.close()


def test_frames_arrive_in_order_and_empty_ones_too(ends: tuple[Connection, Connection]) -> None:
    for payload in (b"first", b"", b"third"):
        ends[0].send(FrameKind.EVENT, payload)
    assert [ends[1].receive().payload for _ in range(3)] == [b"first", b"", b"third"]


def test_a_huge_frame_arrives_though_no_buffer_holds_it(ends: tuple[Connection, Connection]) -> None:
    payload = os.urandom(1000) * (HUGE // 1000)
    sender = threading.Thread(target=ends[0].send, args=(FrameKind.RESULT, payload))
    sender.start()
    frame = ends[1].receive()
    sender.join()
    assert frame.kind is FrameKind.RESULT
    assert frame.payload == payload


def test_frames_of_many_threads_do_not_mix(ends: tuple[Connection, Connection]) -> None:
    payloads = [bytes([number]) * 300_000 for number in range(8)]
    senders = [threading.Thread(target=ends[0].send, args=(FrameKind.EVENT, payload)) for payload in payloads]
    for sender in senders:
        sender.start()
    received = {ends[1].receive().payload for _ in payloads}
    for sender in senders:
        sender.join()
    assert received == set(payloads)


def test_a_descriptor_arrives_with_its_frame_and_is_closed_in_programs(ends: tuple[Connection, Connection]) -> None:
    read, write = os.pipe()
    ends[0].send(FrameKind.EVENT, b"no descriptor")
    ends[0].send(FrameKind.FORK, b"one", [write])
    os.close(write)
    assert ends[1].receive().descriptors == ()
    (copy,) = ends[1].receive().descriptors
    assert not os.get_inheritable(copy)
    os.write(copy, b"through")
    assert os.read(read, 10) == b"through"
    os.close(copy)
    os.close(read)


def test_what_was_sent_before_the_other_side_closed_arrives_then_closed_is_raised(
    ends: tuple[Connection, Connection],
) -> None:
    ends[0].send(FrameKind.RESULT, b"the last")
    ends[1].send(FrameKind.EVENT, b"never read")
    ends[0].close()
    assert ends[1].receive().payload == b"the last"
    with pytest.raises(Closed):
        ends[1].receive()
    with pytest.raises(Closed):
        ends[1].send(FrameKind.EVENT, b"x" * HUGE)


@pytest.mark.parametrize("held_open", [False, True])
def test_closed_says_which_frame_was_cut_off(held_open: bool) -> None:
    def give_up(end: int, event: int) -> None:
        raise Closed

    near, far = socket.socketpair()
    connection = Connection(near, give_up)
    connection.send(FrameKind.RESULT, b"twelve bytes")
    far.sendall(far.recv(1000)[:-3])
    if not held_open:
        far.close()
    with pytest.raises(Closed) as caught:
        connection.receive()
    assert caught.value.cut_off is FrameKind.RESULT
    connection.close()
    far.close()


def test_what_is_no_frame_of_ours_counts_as_closed() -> None:
    near, far = socket.socketpair()
    far.sendall(b"a plugin that writes into any descriptor")
    with pytest.raises(Closed):
        Connection(near).receive()
    near.close()
    far.close()


def test_lists_of_byte_strings_survive_packing() -> None:
    for items in ([], [b""], [b"one", b"", b"\0" * 70_000]):
        assert unpack(pack(items)) == items


def test_a_frame_is_laid_out_as_its_module_says() -> None:
    near, far = socket.socketpair()
    Connection(near).send(FrameKind.RUN, pack([b"request", b""]))
    sent = far.recv(1000)
    assert sent[:4] == b"enf\0"
    assert sent[4] == 21
    assert int.from_bytes(sent[5:13], "big") == len(sent) - 13
    assert sent[13:] == bytes([0, 0, 0, 2]) + bytes([0] * 7 + [7]) + b"request" + bytes(8)
    near.close()
    far.close()
