"""Make the parts of the project that can't be committed: an alias, a tarball, a root with the host's busybox."""

import importlib.metadata
import io
import pathlib
import shutil
import tarfile

APPLETS = ["sh", "cat", "cp", "echo", "install", "ls", "mkdir", "test", "true"]


def prepare(project: pathlib.Path) -> None:
    write_alias(project)
    write_tarball(project / "files" / "upstream" / "greeting-1.0.tar")
    write_root(project / "files" / "root")
    if importlib.metadata.version("BuildStream").startswith("2.5."):
        leave_out_digest_environment(project / "elements" / "hello.bst")


def write_alias(project: pathlib.Path) -> None:
    upstream = (project / "files" / "upstream").as_uri()
    (project / "aliases.yml").write_text(f"aliases:\n  upstream: {upstream}/\n", encoding="utf-8")


def write_tarball(path: pathlib.Path) -> None:
    """The same bytes each time: no owner, no clock."""
    content = b"greetings\n"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo("greeting-1.0/greeting.txt")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def write_root(root: pathlib.Path) -> None:
    """A root directory in which sandboxed commands run: one static program under many names."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise RuntimeError("busybox (Debian's busybox-static) is not installed")
    (root / "bin").mkdir(parents=True)
    shutil.copy(busybox, root / "bin" / "busybox")
    (root / "bin" / "busybox").chmod(0o755)
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    for directory in ("tmp", "etc", "usr/bin"):
        (root / directory).mkdir(parents=True)
        (root / directory / ".keep").touch()


def leave_out_digest_environment(element: pathlib.Path) -> None:
    """BuildStream has it since 2.6."""
    text = element.read_text(encoding="utf-8")
    text = text.replace("  config:\n    digest-environment: GREETING_DIGEST\n", "")
    element.write_text(text.replace("  - test -n \"$GREETING_DIGEST\"\n", ""), encoding="utf-8")
