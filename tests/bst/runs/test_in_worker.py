"""What main and a worker say to each other can be read by what the module says of it, and by nothing else of ours."""

from __future__ import annotations

import io
import pickle
import re
import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bst.builds import Build

pytest.importorskip("buildstream")

from buildstream._protos.buildstream.v2 import source_pb2

QUEUES = ["Fetch", "Build"]
"""Those of `bst build` where no remote is configured, in the order of the scheduler."""


class Reader(pickle.Unpickler):
    """Reads pickles without importing anything: what a class or a function would make has its name and arguments."""

    def find_class(self, module: str, name: str) -> Any:
        return type(name, (_Read,), {"name": f"{module}.{name}"})

    def persistent_load(self, name: Any) -> Any:
        """What a delta names instead of sending it."""
        return ("named", name)


class _Read:
    name: str

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        made.args = args
        return made

    def __init__(self, *args: Any) -> None:
        """What is made is not made by code of ours."""


def read(content: bytes) -> Any:
    return Reader(io.BytesIO(content)).load()


def listed(payload: bytes) -> list[bytes]:
    (count,) = struct.unpack_from("!I", payload)
    items, start = [], 4
    for _ in range(count):
        (length,) = struct.unpack_from("!Q", payload, start)
        items.append(payload[start + 8 : start + 8 + length])
        start += 8 + length
    assert start == len(payload)
    return items


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """The payloads of a build of two elements on `fork`, by the name of the kind of frame."""
    directory = tmp_path_factory.mktemp("frames")
    build = Build(directory)
    build.element("base", "self.level = 1", source="feeds")
    build.element("app", "print('said')", "base")
    noted = directory / "noted"
    ran = build.enforced("build", "app.bst", before="import tests.bst.noted_frames", backend="fork", NOTED=str(noted))
    assert ran.status == 0, ran.output
    found = defaultdict(list)
    for line in noted.read_text(encoding="ascii").splitlines():
        kind, payload = line.split(" ")
        found[kind].append(bytes.fromhex(payload))
    return found


def test_a_request_says_what_a_worker_needs_to_make_the_job_anew(frames: dict[str, list[bytes]]) -> None:
    requests = [read(listed(payload)[0]) for payload in frames["RUN"]]
    assert [request.name for request in requests] == ["enforcer.bst.runs.in_worker.JobRequest"] * 4
    fields = [request.args for request in requests]
    assert [QUEUES[queue] for queue, *_ in fields] == ["Fetch", "Fetch", "Build", "Build"]
    assert sorted(element for queue, element, *_ in fields if queue == 0) == [1, 2]
    for queue, element, logfile, tries, max_retries, key, rerun, context, kept_locks in fields:
        name, action = {1: "app", 2: "base"}[element], QUEUES[queue].lower()
        assert re.fullmatch(rf"tiny/{name}/[0-9a-f]{{8}}-{action}", logfile)
        # The user's configuration has two retries for what goes through the network.
        assert (tries, max_retries, rerun, context) == (1, 2 if action == "fetch" else 0, False, None)
        assert key.name == "buildstream.types._DisplayKey"
        assert kept_locks == frozenset()


def test_an_update_is_eight_bytes_of_an_address_and_a_delta(frames: dict[str, list[bytes]]) -> None:
    updates = [update for kind in ("RUN", "FORK") for payload in frames[kind] for update in _updates(kind, payload)]
    assert updates
    for update in updates:
        (address,) = struct.unpack_from("!Q", update)
        assert address > 0
        assert update[8:9] in (b"0", b"1")


def _updates(kind: str, payload: bytes) -> list[bytes]:
    return listed(payload)[1:] if kind == "RUN" else listed(payload)


def test_an_event_is_a_name_and_arguments(frames: dict[str, list[bytes]]) -> None:
    events = [read(payload) for payload in frames["EVENT"]]
    events += [read(payload[8:]) for payload in frames["AWAITED"]]
    said = {name for name, _ in events}
    assert said <= {"message", "output", "flush", "log_record", "warning"}
    assert "message" in said
    said_out = [arguments for name, arguments in events if name == "output"]
    assert [stream for stream, _ in said_out] == ["stdout"] * len(said_out)
    assert b"".join(text for _, text in said_out) == b"said\n"
    numbers = [struct.unpack("!Q", payload) for payload in frames["HEARD"]]
    assert numbers == [struct.unpack_from("!Q", payload) for payload in frames["AWAITED"]]


def test_a_result_is_whether_the_worker_goes_on_and_a_reply(frames: dict[str, list[bytes]]) -> None:
    assert {payload[0] for payload in frames["RESULT"]} <= {0, 1}
    replies = [read(payload[1:]) for payload in frames["RESULT"]]
    assert [reply.name for reply in replies] == ["enforcer.bst.runs.in_worker.JobReply"] * 4
    for returncode, result, delta, record, last_error, coverage, unkept_locks in (reply.args for reply in replies):
        assert isinstance(result, bytes)
        assert delta is None or delta[:1] in (b"0", b"1")
        assert record.name == "enforcer.results.record.Record"
        assert (last_error, coverage, unkept_locks) == (None, [], [])
        assert returncode.args == (0,)


def test_nodes_and_messages_in_a_delta_are_calls_with_their_parts(frames: dict[str, list[bytes]]) -> None:
    deltas = [read(payload[1:]).args[2] for payload in frames["RESULT"]]
    made = [item for delta in deltas if delta for item in _made(read(delta[1:]))]
    messages = [item.args for item in made if item.name == "enforcer.bst.replicas.pickling._message"]
    assert {name for name, _ in messages} == {"buildstream.v2.Source"}
    digests = [source_pb2.Source.FromString(content).files.hash for _, content in messages]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    nodes = [item.args for item in made if item.name == "enforcer.bst.replicas.pickling._node"]
    assert "/usr/share/locale/**" in [value for *_, value in nodes]
    for cls, index, line, column, value in nodes:
        assert cls[0] == "named"
        # Below zero: no place in a file, and a number that is the node's alone.
        assert index >= -1
        assert isinstance(line, int)
        assert isinstance(column, int)
        assert isinstance(value, (str, list, dict))


def _made(found: Any) -> Iterator[Any]:
    """What calls made, anywhere inside."""
    if isinstance(found, _Read):
        yield found
        found = found.args
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, (tuple, list)):
        for item in found:
            yield from _made(item)
