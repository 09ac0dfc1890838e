"""What a run has done, as plain values without clocks, process ids and directories; and how two runs differ."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from buildstream._protos.build.bazel.remote.execution.v2.remote_execution_pb2 import Directory
from buildstream._protos.buildstream.v2.artifact_pb2 import Artifact

import enforcer
from tests.contract.lab import Lab, Step

ENFORCER = str(Path(enforcer.__file__).parent)
Observed = dict[str, Any]
"""What was seen, by the name of the thing: values are text, lists, and dictionaries of these."""

# What differs from one run of stock to the next.
_PER_RUN = [
    (re.compile(r"^(@@\|)[\d:.]+\|", re.MULTILINE), r"\1"),
    (re.compile(r"\w+day, \d\d-\d\d-\d{4} at \d\d:\d\d:\d\d"), "<date>"),
    (re.compile(r"\.\d{8}-\d{6}\.log"), ".<date>.log"),
    (re.compile(r"\d\d:\d\d:\d\d(\.\d{6})?"), "<time>"),
    (re.compile(r"/_casd/\d+\.\d+\.log"), "/_casd/<date>.log"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<server>"),
    (re.compile(r"\b(staging-temp|buildbox|buildstream|listener-|pymp-|tmp)\w{6,8}\b(?!:)"), r"\1<random>"),
    (re.compile(r"\d{4}-\d\d-\d\dT<time>\S+ \[\d+:\d+\]"), "<date> <pid>"),
]
# Tries that begin in the same second share a log file, of which a failure shows the last lines: leave the last try's.
_OLDER_TRIES = re.compile(r"(={70}\n)(?:(?! *={70}).*\n)*(?= *BuildStream \S+ - <date>)")
# A traceback of a job passes through the enforcer's functions.
_OUR_FRAME = re.compile(rf'^( *)File "{re.escape(ENFORCER)}/.*\n(\1  .*\n)*', re.MULTILINE)
_ENTRY = re.compile(
    r"^(?=@@\||BuildStream Version |Resolved key Summary|Failure Summary|Pipeline Summary)", re.MULTILINE
)


def normal(text: str, lab: Lab) -> str:
    """`text` without what differs from one run of stock to the next."""
    # First, while our path is the true one: the enforcer may be installed below a directory with a random name.
    text = _OUR_FRAME.sub("", text)
    text = text.replace(str(lab.directory), "<lab>").replace(str(lab.temporary), "<tmp>")
    for pattern, name in _PER_RUN:
        text = pattern.sub(name, text)
    return _OLDER_TRIES.sub(r"\1", text)


def messages(step: Step, lab: Lab) -> dict[str, list[str]]:
    """The messages of each element's tasks, in order, and of the main thread about each; heading and summaries too."""
    found = defaultdict(list)
    for entry in _ENTRY.split(normal(step.log, lab)):
        if entry.startswith("@@|"):
            name = entry.split("|")[3].strip()
            action, _, element = name.partition(":")
            found[name if action == "main" else element].append(entry.rstrip())
        elif entry:
            found["about the session"].append(entry.rstrip())
    return dict(found)


def artifacts(lab: Lab) -> dict[str, str]:
    """Each artifact ref with all that its proto says but for its log files."""
    found = {}
    for ref, content in lab.refs().items():
        artifact = Artifact.FromString(content)
        artifact.ClearField("logs")
        trees = []
        if artifact.was_workspaced:  # files keep their times then, so the digests of two builds never agree
            for field in ("files", "buildtree", "buildroot"):
                trees += [f"{field}: {line}" for line in tree(lab, getattr(artifact, field).hash)]
                artifact.ClearField(field)
        found[ref] = "\n".join([str(artifact), *trees])
    return found


def tree(lab: Lab, digest: str, where: str = "/") -> Iterator[str]:
    """A line for each file below a directory of the cache, without its times."""
    directory = Directory.FromString((lab.cache / "cas" / "objects" / digest[:2] / digest[2:]).read_bytes())
    for file in directory.files:
        yield f"{where}{file.name} {file.digest.hash} {file.is_executable}"
    for link in directory.symlinks:
        yield f"{where}{link.name} -> {link.target}"
    for inner in directory.directories:
        yield from tree(lab, inner.digest.hash, f"{where}{inner.name}/")


def source_refs(lab: Lab) -> dict[str, dict[str, str]]:
    """Each source ref and each ref of an element's sources, with its bytes."""
    kinds = "source_protos", "elementsources"
    return {kind: {ref: content.hex() for ref, content in lab.refs(kind).items()} for kind in kinds}


def task_logs(lab: Lab) -> dict[str, str]:
    """The text of the log files of each task; tries of one task are one text, they may share a file."""
    found: dict[str, str] = defaultdict(str)
    root = lab.directory / "logs" / "tiny"
    for path in sorted(root.rglob("*.log"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        found[normal(str(path.relative_to(root)), lab)] += normal(path.read_text(encoding="utf-8"), lab)
    return dict(found)


def observed_step(step: Step, lab: Lab) -> Observed:
    """What one `bst` process did, but for the caches."""
    return {
        "exit code": step.status,
        "standard output": normal(step.stdout, lab),
        "standard error about noise": re.findall(".*(?:noisy: |build:noisy.bst).*", normal(step.stderr, lab)),
        "messages": messages(step, lab),
        "project files": {name: normal(text, lab) for name, text in step.project.items()},
        "processes left": step.left_running,
        "temporary files left": sorted(normal(name, lab) for name in step.left_behind),
    }


def observed(lab: Lab) -> Observed:
    """What all runs of a lab did, and what is there after the last."""
    return {
        **{normal(f"{step.number} bst {' '.join(step.args)}", lab): observed_step(step, lab) for step in lab.steps},
        "artifacts": artifacts(lab),
        "sources": source_refs(lab),
        "log files": task_logs(lab),
    }


def differences(expected: Any, found: Any, where: str = "") -> list[str]:
    """How `found` differs from `expected`: a line, or a few lines of diff, for each difference."""
    if expected == found:
        return []
    if isinstance(expected, dict) and isinstance(found, dict):
        lines = []
        for key in [*expected, *(key for key in found if key not in expected)]:
            inner = f"{where} / {key}"
            if key not in found:
                lines.append(f"{inner}: missing")
            elif key not in expected:
                lines.append(f"{inner}: unexpected: {found[key]!r}")
            else:
                lines += differences(expected[key], found[key], inner)
        return lines
    old, new = (_lines(value) for value in (expected, found))
    return [f"{where}:\n" + "\n".join(difflib.unified_diff(old, new, "stock", "found", lineterm="", n=2))]


def expect_same(expected: Any, found: Any) -> None:
    """Fail with the differences, if there are any."""
    if lines := differences(expected, found):
        pytest.fail("\n".join(lines), pytrace=False)


def _lines(value: Any) -> list[str]:
    return (
        value if isinstance(value, str) else "\n".join(map(str, value)) if isinstance(value, list) else repr(value)
    ).splitlines()
