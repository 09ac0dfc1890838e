"""BuildStream's own kinds of objects between forked processes of one loaded project."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from buildstream import ElementError, _yaml
from buildstream._message import Message, MessageType
from buildstream._protos.buildstream.v2 import artifact_pb2, source_pb2
from buildstream._variables import Variables
from buildstream.node import Node
from buildstream.sandbox._config import SandboxConfig
from buildstream.types import _Scope

from tests.bst.loaded import Do, Loaded

Start = Callable[..., Loaded]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Loads a project and forks, with the functions of a test."""
    for kind in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    started: list[Loaded] = []

    def start(*functions: Do, note: Any = None) -> Loaded:
        started.append(Loaded(tmp_path, *functions, note=note))
        return started[0]

    yield start
    for loaded in started:
        loaded.end()


def test_new_protobufs_arrive_as_objects_of_their_classes(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        artifact, source = artifact_pb2.Artifact(version=7), source_pb2.Source(version=2)
        artifact.files.hash = "abc"
        loaded.app.note = {"artifact": artifact, "source": source, "digest": artifact.files}

    def look(loaded: Loaded) -> Any:
        note = loaded.app.note
        classes = [type(note["artifact"]) is artifact_pb2.Artifact, type(note["source"]) is source_pb2.Source]
        return classes, note["artifact"].version, note["source"].version, note["digest"].hash

    loaded = start(change, look)
    loaded.job(change)
    assert loaded.everywhere(look) == ([True, True], 7, 2, "abc")


def test_a_change_inside_of_a_protobuf_arrives_wherever_it_was_made(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app.note["old"].version = 2
        loaded.app.note["new"] = source_pb2.Source(version=3)

    def change_again(loaded: Loaded) -> None:
        loaded.app.note["new"].version = 4

    def look(loaded: Loaded) -> Any:
        return [loaded.app.note[name].version for name in ("old", "new")]

    loaded = start(change, change_again, look, note={"old": artifact_pb2.Artifact(version=1)})
    loaded.job(change, 0)
    loaded.job(change_again, 1)
    assert loaded.everywhere(look) == [2, 4]


def test_the_elements_own_lock_is_the_one_of_each_process(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app.note = loaded.app._Element__dynamic_public_guard

    def look(loaded: Loaded) -> Any:
        return loaded.app.note is loaded.app._Element__dynamic_public_guard

    loaded = start(change, look)
    loaded.job(change)
    assert loaded.everywhere(look) is True


def test_a_proxy_is_made_where_there_is_none_yet_and_that_changes_nobodys_element(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app.note = list(loaded.app.dependencies())

    def mark(loaded: Loaded) -> None:
        loaded.app.note[0].mark = [1]

    def look(loaded: Loaded) -> Any:
        (proxy,) = loaded.app.dependencies()
        return proxy is loaded.app.note[0], proxy.name, proxy.mark

    loaded = start(change, mark, look)
    loaded.job(change, 0)
    loaded.job(mark, 1)
    assert loaded.everywhere(look) == (True, "base.bst", [1])


def test_a_node_of_a_file_that_a_worker_loaded_says_where_it_is_from(start: Start) -> None:
    def load(loaded: Loaded) -> None:
        path = loaded.build.directory / "theirs.yaml"
        path.write_text("\n\nkey: [one, {two: 2}]\n", encoding="utf-8")
        loaded.app.note = _yaml.load(str(path), shortname="theirs.yaml", project=loaded.project)

    def change(loaded: Loaded) -> None:
        loaded.app.note["key"] = "new"

    def look(loaded: Loaded) -> Any:
        node = loaded.app.note
        return str(node.get_provenance()), node.strip_node_info()

    def look_inside(loaded: Loaded) -> Any:
        key = loaded.app.note.get_sequence("key")
        return [str(node.get_provenance()) for node in (key, key.node_at(0), key.mapping_at(1))]

    loaded = start(load, change, look, look_inside)
    for number in range(3):
        path = loaded.build.directory / f"ours{number}.yaml"
        path.write_text("a: 1\n", encoding="utf-8")
        _yaml.load(str(path), shortname=path.name, project=loaded.project)
    loaded.job(load, 0)
    place = "theirs.yaml [line 3 column {}]".format
    assert loaded.everywhere(look_inside) == [place(5), place(6), place(11)]
    loaded.job(change, 1)
    assert loaded.everywhere(look) == ("theirs.yaml [line 3 column 0]", {"key": "new"})


def test_a_node_that_was_made_by_a_job_has_no_place(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app.note = Node.from_dict({"a": "1"})
        loaded.app._Element__dynamic_public = loaded.app._Element__public.clone()
        loaded.app.set_public_data("bst", Node.from_dict({"integration-commands": ["true"]}))

    def look(loaded: Loaded) -> Any:
        public = loaded.app.get_public_data("bst").strip_node_info()
        return str(loaded.app.note.get_provenance()), loaded.app.note.strip_node_info(), public

    loaded = start(change, look)
    loaded.job(change)
    found = loaded.everywhere(look)
    assert found == (" [synthetic node]", {"a": "1"}, {"integration-commands": ["true"]})


def test_variables_arrive_with_all_values(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app.note = Variables(Node.from_dict({"one": "1", "two": "%{one}2"}))
        loaded.app.known = loaded.app._Element__variables

    def look(loaded: Loaded) -> Any:
        same = loaded.app.known is loaded.app._Element__variables
        return same, loaded.app.note.get("two"), sorted(name for name, _ in loaded.app.note)

    loaded = start(change, look)
    loaded.job(change)
    assert loaded.everywhere(look) == (True, "12", ["one", "two"])


def test_variables_that_are_made_anew_in_place_arrive(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        loaded.app._Element__variables.__init__(Node.from_dict({"prefix": "/other", "bindir": "%{prefix}/bin"}))

    def look(loaded: Loaded) -> Any:
        return loaded.app.get_variable("bindir"), loaded.app.get_variable("datadir")

    loaded = start(change, look)
    loaded.job(change)
    assert loaded.everywhere(look) == ("/other/bin", None)


def test_plain_values_of_buildstream_arrive(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        config = SandboxConfig(build_os="linux", build_arch="x86-64", build_uid=7)
        message = Message(MessageType.INFO, "text", element_name="app.bst", detail="more")
        error = ElementError("text", detail="more", reason="because", temporary=True)
        loaded.app.note = [config, re.compile("a+"), message, error, _Scope.RUN]

    def look(loaded: Loaded) -> Any:
        config, pattern, message, error, scope = loaded.app.note
        return (
            (config.build_uid, config.to_dict(), pattern.findall("baab")),
            (scope is _Scope.RUN, message.message, message.detail, message.creation_time),
            (str(error), error.detail, error.reason, error.temporary),
        )

    loaded = start(change, look)
    loaded.job(change)
    config, message, error = loaded.everywhere(look)
    assert (config[0], config[2]) == (7, ["aa"])
    assert message[:3] == (True, "text", "more")
    assert error == ("text", "more", "because", True)


def test_elements_and_sources_are_named_and_callbacks_stay(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        (source,) = loaded.app.sources()
        loaded.app.note = [loaded.base, source, loaded.project, loaded.context]
        loaded.app._Element__buildable_callback = print

    def look(loaded: Loaded) -> Any:
        (source,) = loaded.app.sources()
        expected = (loaded.base, source, loaded.project, loaded.context)
        same = [a is b for a, b in zip(loaded.app.note, expected, strict=True)]
        return same, loaded.app._Element__buildable_callback

    loaded = start(change, look)
    loaded.job(change)
    assert loaded.everywhere(look) == ([True] * 4, None)


def test_what_has_no_place_in_another_process_is_told(start: Start) -> None:
    def change(loaded: Loaded) -> None:
        (source,) = loaded.app.sources()
        loaded.app.clone = type(source).__new__(type(source))
        loaded.app.clone._Plugin__context = loaded.context  # for Plugin.__del__
        loaded.app.lock = threading.Lock()
        loaded.app.loader = type(loaded.project.loader).__new__(type(loaded.project.loader))
        loaded.app.note = "arrives"

    def look(loaded: Loaded) -> Any:
        return loaded.app.note, hasattr(loaded.app, "lock")

    loaded = start(change, look)
    loaded.job(change)
    (clone, clone_type), *others = loaded.refused
    assert (clone, clone_type.rpartition(".")[2]) == (".clone", "Feeds")
    assert others == [(".lock", "_thread.lock"), (".loader", "buildstream._loader.loader.Loader")]
    assert loaded.everywhere(look) == ("arrives", False)
