"""What is built on stock and on every backend: a case is a project and a few `bst` commands, many claims a build."""

from __future__ import annotations

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sample_projects import harness
from tests.contract.lab import Lab

SHOW = "show", "--format", "%{name} %{full-key} %{state}"

_TALK = """
from buildstream import MappingNode
self.status("a status"); self.info("an info", detail="two\\nlines\\n"); self.warn("a warning"); self.log("only logged")
with self.timed_activity("aloud", detail="with details"):
    self.status("heard")
with self.timed_activity("in silence", silent_nested=True):
    self.status("not heard"); self.info("heard all the same")
self.set_public_data("acme", MappingNode.from_dict({"from": "talk"}))
"""
_READ = "self.info(dep.get_public_data('acme').get_str('from')); self.info(','.join(dep.compute_manifest()))"
_FETCH = "self.status('fetching'); self.info('fetched', detail=self.get_mirror_directory())"
_SOURCE_ERROR = "from buildstream import SourceError"
_NOISE = """
import logging, warnings
print("noisy: printed", flush=True); os.write(1, b"noisy: written\\n"); print("noisy: printed later", flush=True)
subprocess.run(["echo", "noisy: by a child"], check=True)
sys.stderr.write("noisy: to standard error\\n"); os.write(2, b"noisy: written to it\\n")
sys.stderr.write("noisy: to it again\\n"); self.info("noisy: a message between")
logging.getLogger("noisy").warning("noisy: %s", "logged"); warnings.warn("noisy: warned")
subprocess.run("echo noisy: by a child to standard error >&2", shell=True, check=True)
print("noisy: not flushed")
"""
_SANDBOXED = """
kind: manual
build-depends:
- filename: root.bst
  config: {location: /}
sources:
- {kind: local, path: files}
config:
  build-commands: ["echo in the sandbox", "cp hello.txt built.txt"]
  install-commands: ["mkdir -p %{install-root}/usr/share/doc/it", "cp built.txt %{install-root}/usr/share/doc/it"]
"""
_FAILING_SANDBOX = """
kind: manual
build-depends:
- {filename: root.bst, config: {location: /}}
config: {build-commands: ["echo some output", "cat missing"]}
"""


def everyday(lab: Lab) -> None:
    """Messages, prints, public data, sandboxes, splits; and what one does with a build."""
    lab.add_root()
    lab.element("talk", _TALK, "base")
    lab.element("reads", _READ, "talk", runs=True)
    lab.element("fed", "self.info(str(list(self.sources())[0].fetched))", source="feeds", fetch=_FETCH)
    lab.element("noisy", _NOISE)
    lab.element("noisy-too", "import warnings; warnings.warn('noisy: warned')", "noisy")
    lab.raw_element("sandboxed", _SANDBOXED)
    lab.raw_element("docs", "kind: filter\nbuild-depends: [sandboxed.bst]\nconfig: {include: [doc]}\n")
    lab.raw_element("image", "kind: compose\nbuild-depends: [sandboxed.bst, base.bst]\nconfig: {exclude: [doc]}\n")
    lab.element("all", "stack", "reads", "fed", "noisy-too", "docs", "image", runs=True)
    lab.bst("build", "all.bst")
    lab.bst("build", "all.bst")
    lab.bst("artifact", "log", "talk.bst")
    lab.bst("source", "checkout", "--tar", str(lab.directory / "sources.tar"), "fed.bst")


def failures(lab: Lab) -> None:
    """Errors, bugs, what depends on them, cached failures, and another try when the cause is gone."""
    lab.add_root()
    error = "raise ElementError('my own fault', detail='in two\\\\nlines', reason='own')"
    error = f"os.environ.get('FIXED') or exec(\"{error}\")"
    lab.element("bad", f"self.status('trying'); {error}", "base")
    lab.element("bug", "1 / 0", "base")
    lab.element(
        "unfetched", "pass", source="feeds", fetch=f"{_SOURCE_ERROR}; raise SourceError('not there', detail='at all')"
    )
    lab.raw_element("broken", _FAILING_SANDBOX)
    lab.element("good", "pass", "base")
    lab.element("after", "pass", "bad")
    lab.element("all", "stack", "bad", "bug", "unfetched", "broken", "good", "after", runs=True)
    lab.bst("--on-error", "continue", "build", "all.bst")
    lab.bst("--on-error", "continue", "build", "all.bst")
    lab.bst("build", "--retry-failed", "after.bst", FIXED="1")


def quits(lab: Lab) -> None:
    """With one builder: what comes after the failure isn't begun. All is fetched before, so that both are ready."""
    lab.element("a-bad", "raise ElementError('my own fault')", "base")
    lab.element("b-good", "pass", "base")
    lab.element("all", "stack", "a-bad", "b-good", runs=True)
    lab.bst("source", "fetch", "--deps", "all", "all.bst")
    lab.bst("--on-error", "quit", "--builders", "1", "build", "all.bst")


def retries(lab: Lab) -> None:
    """Temporary errors: a count that the tries keep on their own source; one fetch comes through, one does not."""
    temporary = (
        f"{_SOURCE_ERROR}; self.tries = getattr(self, 'tries', 0) + 1; self.info('try {{}}'.format(self.tries)); "
    )
    raising = "raise SourceError('no network', detail='today', temporary=True)"
    lab.element("third", "pass", source="feeds", fetch=f'{temporary} exec("if self.tries < 3: {raising}")')
    lab.element("never", "pass", source="feeds", fetch=temporary + raising)
    lab.element("all", "stack", "third", "never", runs=True)
    lab.bst("--on-error", "continue", "--network-retries", "2", "build", "all.bst")


def shares(lab: Lab) -> None:
    """Artifact and source caches on the loopback: nothing to pull, push, pull, nothing to push; a storage service."""
    lab.element("fed", "self.info('built')", "base", source="feeds", fetch=_FETCH)
    lab.element("all", "stack", "fed", runs=True)
    with harness.start_remote(lab.directory) as url:
        for kind in ("artifacts", "source-caches"):
            lab.configure(f"{kind}:\n  servers:\n  - {{url: '{url}', push: True}}\n")
        lab.bst("build", "all.bst")
        lab.wipe("cache", "sources")
        lab.bst("build", "all.bst")
        lab.bst("artifact", "push", "--deps", "all", "all.bst")
        lab.wipe("cache", "sources")
        lab.bst("source", "fetch", "--deps", "all", "all.bst")
        lab.bst("source", "push", "--deps", "all", "all.bst")
        lab.bst("artifact", "pull", "--deps", "all", "all.bst")
        lab.wipe("cache")
        lab.configure(f"cache:\n  storage-service:\n    url: '{url}'\n")
        lab.bst("build", "all.bst")


def tracking(lab: Lab) -> None:
    """Refs into .bst files and into project.refs; a `remote` source, which downloads in a process of its own."""
    with serving(lab.directory / "www") as url:
        (lab.directory / "www" / "notice.txt").write_text("notice\n")
        lab.write_project(url=url)
        lab.write("mark.txt", "one")
        remote = "sources:\n- kind: remote\n  url: loop:notice.txt\n- {kind: marks, path: mark.txt}\n"
        lab.raw_element("tracked", f"kind: import\n{remote}")
        lab.raw_element("missing", "kind: import\nsources:\n- {kind: remote, url: 'loop:nothing.txt'}\n")
        lab.bst("source", "track", "tracked.bst")
        lab.bst("build", "tracked.bst")
        lab.bst("--on-error", "continue", "source", "track", "missing.bst", "tracked.bst")
        lab.write_project("project.refs", url)
        lab.raw_element("tracked", f"kind: import\n{remote}")
        lab.write("mark.txt", "two")
        lab.bst("source", "track", "tracked.bst")
        lab.bst("build", "tracked.bst")


def workspaces(lab: Lab) -> None:
    """Open, build, build again after a change, with what the first build left."""
    lab.add_root()
    lab.raw_element("sandboxed", _SANDBOXED)
    lab.element("after", "self.info(','.join(dep.compute_manifest()))", "sandboxed")
    folder = lab.directory / "workspace"
    lab.bst("workspace", "open", "--directory", str(folder), "sandboxed.bst")
    _make_equal(folder)
    lab.bst("build", "after.bst")
    (folder / "hello.txt").write_text("changed")
    _make_equal(folder)
    lab.bst("build", "after.bst")
    lab.bst("workspace", "close", "--remove-dir", "sandboxed.bst")


def not_strict(lab: Lab) -> None:
    """What was built on something older is taken as it is, and what is new is built on it."""
    lab.element("middle", "self.info('built')", "base")
    lab.element("top", "self.info('built')", "middle")
    lab.bst("build", "middle.bst")
    lab.write("files/hello.txt", "changed")
    lab.bst("--no-strict", "build", "top.bst")
    lab.bst("--no-strict", *SHOW, "top.bst")
    lab.bst("build", "top.bst")


CASES = everyday, failures, quits, retries, shares, tracking, workspaces, not_strict


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """Serve a directory's files on the loopback; gives the address."""
    directory.mkdir()
    handler = functools.partial(_Quiet, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _make_equal(directory: Path) -> None:
    """Leave out what is in a workspace's cache key and in no two workspaces the same: times, and the project's path."""
    (directory / ".bstproject.yaml").unlink(missing_ok=True)
    for path in (directory, *directory.rglob("*")):
        os.utime(path, (1_000_000_000, 1_000_000_000))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
