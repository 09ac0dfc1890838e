"""Makes what the project needs and git should not hold: repositories, archives, a sandbox.

``prepare(project)`` works without a network and gives the same bytes every time, so that
cache keys and tracked refs repeat. ``serve(project)`` is for the few source plugins that
speak nothing but HTTP: while it is entered, a server on the loopback address hands out
the files and git repositories in ``upstream/``.

Only the standard library is imported. Programs needed: git, patch, a static busybox; bzr,
quilt and ostree are used where they are installed.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from typing import Any

#: Everything is dated alike, or archives and commits would differ from run to run.
TIME = 1320937200

#: What the commands of the plugins call in the sandbox and busybox has no applet for.
STUB_TOOLS = (
    "appstreamcli bazel cargo cmake dpkg-deb flatpak make mcopy meson mkdosfs mkfs.ext4 mkswap "
    "ninja ostree parted perl pip python python3 qmake syslinux"
)

#: What the same commands and the stubs use of busybox.
APPLETS = (
    "basename cat chmod cp dd dirname echo env find grep head ls mkdir mv printf rm sed sh "
    "stat test touch true truncate xargs"
)

#: Source plugins that need a program of the host which many machines lack.
OPTIONAL = {"bzr": "bzr", "ostree": "ostree", "quilt": "quilt"}

UNUSED_PORT = 9


def prepare(project: pathlib.Path) -> None:
    """Fill a copy of this project; everything that is made can be made again."""
    project = project.resolve()
    upstream = project / "upstream"
    shutil.rmtree(upstream, ignore_errors=True)
    upstream.mkdir()
    make_sandbox(project / "files")
    make_image_input(project / "files" / "image")
    make_archives(project, upstream)
    make_repositories(project, upstream)
    make_crates(project, upstream)
    make_python_index(upstream / "python")
    make_web(upstream)
    make_optional(project, upstream)
    write_refs(project, upstream)
    write_locations(project, UNUSED_PORT)


@contextlib.contextmanager
def serve(project: pathlib.Path) -> Iterator[int]:
    """Serve ``upstream/`` on a free loopback port and point the project's alias there."""
    project = project.resolve()
    handler = handler_for(project / "upstream")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        port = server.server_address[1]
        write_locations(project, port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield port
        finally:
            server.shutdown()
            thread.join()
            write_locations(project, UNUSED_PORT)


def handler_for(folder: pathlib.Path) -> type[http.server.BaseHTTPRequestHandler]:
    """A quiet handler for the files and the git repositories in `folder`."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            place, _, query = self.path.partition("/info/refs?")
            if query == "service=git-upload-pack":
                answer = upload_pack(self.translate_path(place), b"", "--advertise-refs")
                self.answer(b"001e# service=git-upload-pack\n0000" + answer)
            else:
                super().do_GET()

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            place = self.translate_path(self.path.removesuffix("/git-upload-pack"))
            self.answer(upload_pack(place, content))

        def answer(self, content: bytes) -> None:
            kind = "advertisement" if self.command == "GET" else "result"
            self.send_response(http.HTTPStatus.OK)
            self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def end_headers(self) -> None:
            path = pathlib.Path(self.translate_path(self.path))
            if path.parent.name == "manifests" and path.is_file():
                # A container registry says what it sends.
                self.send_header("Docker-Content-Digest", digest(path.read_bytes()))
            super().end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing: the output belongs to what is under test."""

    return Handler


def upload_pack(repository: str, content: bytes, *options: str) -> bytes:
    """One request of git's protocol over HTTP, answered by git itself."""
    command = ["git", "upload-pack", "--stateless-rpc", *options, repository]
    return subprocess.run(command, input=content, check=True, capture_output=True).stdout


# Project files


def write_locations(project: pathlib.Path, port: int) -> None:
    """Write the aliases and mirrors, which name absolute places."""
    upstream = (project / "upstream").as_uri()
    web = f"http://127.0.0.1:{port}/"
    content = {
        "variables": {"web": web},
        "aliases": {
            "upstream": f"{upstream}/",
            "mirrored": f"{upstream}/",
            "simple": f"{upstream}/python/",
            "web": web,
        },
        "mirrors": [
            {"name": "simple", "kind": "simple_mirror", "config": mirror_config(project)},
            {"name": "fake", "kind": "fake_mirror", "config": {"aliases": ["upstream"]}},
        ],
    }
    # JSON is YAML.
    write(project / "include" / "locations.yml", json.dumps(content, indent=1) + "\n")


def mirror_config(project: pathlib.Path) -> dict[str, object]:
    """A mirror that holds only some of the files, so that fetching falls back as well."""
    mirrors = (project / "upstream" / "mirrors").as_uri()
    return {"url": f"{mirrors}/{{alias}}/", "aliases": ["mirrored"]}


def write_refs(project: pathlib.Path, upstream: pathlib.Path) -> None:
    """Fill in the checksum of the kind whose tracking asks one fixed host."""
    checksum = hashlib.sha256((upstream / "hello-1.0.tar.gz").read_bytes()).hexdigest()
    path = project / "elements" / "served" / "pypi.bst"
    path.write_text(path.read_text().replace("(made by prepare.py)", checksum))


def make_optional(project: pathlib.Path, upstream: pathlib.Path) -> None:
    """Write ``optional.bst``, which names what this machine has the programs for."""
    makers = {"bzr": make_bzr, "ostree": make_ostree}
    found = [kind for kind, program in OPTIONAL.items() if works(program)]
    for kind in found:
        if kind in makers:
            makers[kind](upstream)
    lines = ["kind: stack\n", "\n"] + ["depends:\n"] * bool(found)
    lines += [f"- sources/{kind}.bst\n" for kind in found]
    write(project / "elements" / "optional.bst", "".join(lines))


def works(program: str) -> bool:
    """Whether `program` runs beside this Python: Debian's bzr fails in a virtual environment."""
    beside = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    command = [shutil.which(program) or program, "--version"]
    try:
        done = subprocess.run(command, env=dict(os.environ, PATH=beside), check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


# The sandbox


def make_sandbox(files: pathlib.Path) -> None:
    """A root with busybox and the stub tools."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise FileNotFoundError("no busybox on PATH: install a static one (busybox-static)")
    binaries = files / "base" / "bin"
    shutil.rmtree(files / "base", ignore_errors=True)
    binaries.mkdir(parents=True)
    shutil.copy(busybox, binaries / "busybox")
    for name in APPLETS.split():
        (binaries / name).symlink_to("busybox")
    shutil.copy(files / "tools" / "stub", binaries / "stub")
    for name in STUB_TOOLS.split():
        (binaries / name).symlink_to("stub")
    # Plugins call some tools by these places.
    (files / "base" / "usr").mkdir()
    (files / "base" / "usr" / "bin").symlink_to("../bin")


def make_image_input(image: pathlib.Path) -> None:
    """What the plugins for disk images expect of a system."""
    for name in ("boot/Image", "boot/initrd.img", "etc/hostname"):
        write(image / name, f"{name}\n")


# Archives


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file without anything that depends on the machine."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mtime = TIME
    archive.addfile(member, io.BytesIO(content))


def tarball(files: dict[str, str]) -> bytes:
    """A reproducible ``.tar.gz``."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in files.items():
            add(archive, name, content.encode())
    return gzip.compress(plain.getvalue(), mtime=TIME)


def make_archives(project: pathlib.Path, upstream: pathlib.Path) -> None:
    """A tar archive, a zip archive, a Debian package and a plain file."""
    source = (project / "files" / "source" / "hello.c").read_text()
    (upstream / "hello-1.0.tar.gz").write_bytes(tarball({"hello-1.0/hello.c": source}))
    with zipfile.ZipFile(upstream / "hello-1.0.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("hello-1.0/hello.c"), source)
    (upstream / "hello_1.0_all.deb").write_bytes(debian_package())
    write(upstream / "notes.txt", "notes\n")
    write(upstream / "mirrors" / "mirrored" / "notes.txt", "notes\n")


def debian_package() -> bytes:
    """A binary package: an ``ar`` archive of a version, control data and files."""
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": tarball({"./control": "Package: hello\nVersion: 1.0\n"}),
        "data.tar.gz": tarball({"./usr/share/hello/about": "hello\n"}),
    }
    package = b"!<arch>\n"
    for name, content in members.items():
        header = f"{name:<16}{TIME:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
        package += header.encode() + content + b"\n" * (len(content) % 2)
    return package


# Repositories


def run(*command: str, cwd: pathlib.Path) -> str:
    """Run a program with a fixed identity and date, and without the caller's settings."""
    who = {"NAME": "Example", "EMAIL": "example@example.org", "DATE": f"{TIME} +0000"}
    fixed = {f"GIT_{role}_{key}": who[key] for role in ("AUTHOR", "COMMITTER") for key in who}
    environment = dict(os.environ, **fixed)
    environment.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull, BRZ_EMAIL="Example <e@x.org>")
    done = subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def git_repository(folder: pathlib.Path, files: dict[str, str]) -> str:
    """Make a repository with one commit on ``main``; its checksum."""
    run("git", "init", "--quiet", "--initial-branch=main", str(folder), cwd=folder.parent)
    for name, content in files.items():
        write(folder / name, content)
    return git_commit(folder, "first")


def git_commit(folder: pathlib.Path, message: str) -> str:
    """Commit everything in the work tree and the index; the commit's checksum."""
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", f"--message={message}", cwd=folder)
    return run("git", "rev-parse", "HEAD", cwd=folder)


def make_repositories(project: pathlib.Path, upstream: pathlib.Path) -> None:
    """A git repository with two tagged commits and a submodule."""
    source = (project / "files" / "source" / "hello.c").read_text()
    module = git_repository(upstream / "git-module", {"module.txt": "module\n"})
    main = upstream / "git-main"
    git_repository(main, {"hello.c": source})
    run("git", "tag", "--annotate", "--message=one", "v1.0", cwd=main)
    write(main / ".gitmodules", '[submodule "module"]\n\tpath = module\n\turl = ../git-module\n')
    run("git", "add", ".gitmodules", cwd=main)
    # A link to a commit, without a clone: nothing here needs the network or a helper.
    run("git", "update-index", "--add", "--cacheinfo", f"160000,{module},module", cwd=main)
    run("git", "commit", "--quiet", "--message=second", cwd=main)
    run("git", "tag", "--annotate", "--message=two", "v1.1", cwd=main)


def make_bzr(upstream: pathlib.Path) -> None:
    """A Bazaar branch with one revision."""
    branch = upstream / "bzr" / "trunk"
    branch.mkdir(parents=True)
    run("bzr", "init", cwd=branch)
    write(branch / "hello.txt", "hello\n")
    run("bzr", "add", cwd=branch)
    run("bzr", "commit", "-m", "first", cwd=branch)


def make_ostree(upstream: pathlib.Path) -> None:
    """An OSTree repository with one commit on ``main``."""
    tree = upstream / "ostree-tree"
    write(tree / "hello.txt", "hello\n")
    run("ostree", "init", "--repo=ostree", "--mode=archive", cwd=upstream)
    fixed = (f"--timestamp=@{TIME}", "--owner-uid=0", "--owner-gid=0")
    run("ostree", "commit", "--repo=ostree", "--branch=main", *fixed, str(tree), cwd=upstream)


# Packages of other languages


def make_crates(project: pathlib.Path, upstream: pathlib.Path) -> None:
    """Crates in a registry and in git, and the lock files that name them."""
    name = "stub-crate"
    toml = f'[package]\nname = "{name}"\nversion = "0.1.0"\n'
    crate = upstream / "crates" / name / f"{name}-0.1.0.crate"
    crate.parent.mkdir(parents=True)
    crate.write_bytes(tarball({f"{name}-0.1.0/Cargo.toml": toml}))
    registry = "registry+https://github.com/rust-lang/crates.io-index"
    write(project / "files" / "crates" / "Cargo.lock", locked_crate(name, registry, ""))
    git_toml = toml.replace(name, "git-crate")
    commit = git_repository(upstream / "git-crate", {"Cargo.toml": git_toml})
    source = f"git+https://git.example/git-crate?branch=main#{commit}"
    lock = locked_crate("git-crate", source, "")
    write(project / "files" / "crates-from-git" / "Cargo.lock", lock)


def locked_crate(name: str, source: str, checksum: str) -> str:
    """A Cargo.lock with one crate."""
    lines = f'version = 3\n\n[[package]]\nname = "{name}"\nversion = "0.1.0"\nsource = "{source}"\n'
    return lines + (f'checksum = "{checksum}"\n' if checksum else "")


#: A build backend inside the package itself, so that pip downloads nothing to read it.
BACKEND = """import pathlib


def get_requires_for_build_wheel(settings=None):
    return []


def prepare_metadata_for_build_wheel(directory, settings=None):
    name = "enforcer_stub-1.0.dist-info"
    folder = pathlib.Path(directory, name)
    folder.mkdir()
    metadata = "Metadata-Version: 2.1\\nName: enforcer-stub\\nVersion: 1.0\\n"
    (folder / "METADATA").write_text(metadata)
    return name
"""


def make_python_index(root: pathlib.Path) -> None:
    """A package index in files, with one source distribution."""
    name = "enforcer-stub-1.0.tar.gz"
    settings = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    info = "Metadata-Version: 2.1\nName: enforcer-stub\nVersion: 1.0\n"
    top = "enforcer-stub-1.0"
    files = {"pyproject.toml": settings, "backend.py": BACKEND, "PKG-INFO": info}
    content = tarball({f"{top}/{path}": text for path, text in files.items()})
    folder = root / "simple" / "enforcer-stub"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    write(folder / "index.html", f'<!DOCTYPE html><html><body><a href="{name}">{name}</a></body></html>\n')


# What only HTTP hands out


def make_web(upstream: pathlib.Path) -> None:
    """The indexes and the container registry that `serve` hands out."""
    archive = upstream / "hello-1.0.tar.gz"
    for place in ("cpan/authors/id/E/EX/EXAMPLE/Hello-1.0.tar.gz", "pypi"):
        target = upstream / place
        if not target.suffix:
            target = target / archive.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(archive, target)
    make_cpan_index(upstream / "cpan" / "modules")
    write(upstream / "anitya" / "versions" / "index.html", '{"stable_versions": ["1.0"]}')
    make_registry(upstream / "registry" / "v2" / "hello")


def make_cpan_index(modules: pathlib.Path) -> None:
    """The list of modules, a header and one line."""
    modules.mkdir(parents=True)
    text = "File: 02packages.details.txt\n\nHello 1.0 E/EX/EXAMPLE/Hello-1.0.tar.gz\n"
    packed = gzip.compress(text.encode(), mtime=TIME)
    (modules / "02packages.details.txt.gz").write_bytes(packed)


def make_registry(image: pathlib.Path) -> None:
    """One image of one layer, by tag and by digest."""
    layer = tarball({"hello.txt": "hello\n"})
    docker = "application/vnd.docker"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{docker}.distribution.manifest.v2+json",
        "layers": [{"mediaType": f"{docker}.image.rootfs.diff.tar.gzip", "digest": digest(layer)}],
    }
    text = json.dumps(manifest)
    write(image / "manifests" / "latest", text)
    write(image / "manifests" / digest(text.encode()), text)
    (image / "blobs").mkdir()
    (image / "blobs" / digest(layer)).write_bytes(layer)


# Small helpers


def digest(content: bytes) -> str:
    """How a container registry names content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def write(path: pathlib.Path, text: str) -> None:
    """Write a text file and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
