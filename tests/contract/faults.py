"""What breaks in builds, by a plugin's doing or from outside, and what must hold afterwards."""

from __future__ import annotations

import textwrap

from buildstream._protos.buildstream.v2.artifact_pb2 import Artifact

from enforcer.bst.publishing.tainted_refs import TAINTED_FOLDER
from tests.contract.lab import Lab, Step
from tests.contract.observed import Observed, artifacts, expect_same, messages, tree

ENDS = {
    "exits": ("os._exit(3)", r"Worker process \d+ ended with exit status 3 during a job; look for .*os\._exit"),
    "killed": ("os.kill(os.getpid(), 9)", r"Worker process \d+ was killed by SIGKILL during a job; if nobody killed"),
    "closes": (
        "os.closerange(3, 256); sys.exit()",
        r"Worker process \d+ (ended with exit status 70|closed its connection) during",
    ),
    "fork-exits": ("os.fork() or threading.Event().wait(); os._exit(4)", r"exit status 4 during a job"),
}
"""Build jobs that end their worker: what they do, and what is said of it."""
FAILS = {
    "fork-sleeps": ("os.fork() or threading.Event().wait()", r"enforcement strict: leaked-process"),
    "sys-exit": ("sys.exit(3)", r"this job ended with SystemExit\(3\)"),
    "base-exception": ("raise BaseException(1)", r"this job ended with BaseException\(1\)"),
}
"""Build jobs that fail, and what is said of it; their worker goes on, or retires."""
HARMLESS = {
    "fork-returns": "os.fork()",
    "ignores-signals": "import ctypes\nfor number in (1, 2, 10, 15, 17, 18, 20): ctypes.CDLL(None).signal(number, 1)",
}
"""Build jobs after which all is well."""

_RUNS = "open(os.environ['RUNNING'], 'w').write(str(os.getpid()))\n"
_BESIDE = "while not os.path.exists(os.environ['RUNNING'] + '-done'): threading.Event().wait(0.01)\n"
_KILL_WHEN_SENDING = """
def kill_when_sending():
    import array, fcntl, stat, termios
    unread = array.array("i", [0])
    while unread[0] < 50_000:
        for descriptor in map(int, os.listdir("/proc/self/fd")):
            try:
                if unread[0] < 50_000 and stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    fcntl.ioctl(descriptor, termios.TIOCOUTQ, unread)
            except OSError:
                pass
    os.kill(os.getpid(), 9)
self.large = 'x' * 50_000_000
threading.Thread(target=kill_when_sending, daemon=True).start()
"""
_OTHERS = {
    "runs": _RUNS,
    "waits": _RUNS + "while True: threading.Event().wait(0.01)",
    "beside": _BESIDE,
    "kills-parent": "os.kill(os.getppid(), 9)",
    "killed-when-sending": _KILL_WHEN_SENDING,
    "ignores-all": "while True:\n  try:\n    " + _RUNS + "    threading.Event().wait()\n  except BaseException: pass",
    "holds-lock": "import ctypes; open(os.environ['RUNNING'] + '-done', 'w').close(); ctypes.PyDLL(None).sleep(1000)",
    "fails-beside": _BESIDE + "raise ElementError('my own fault')",
}
_AFTER = {"after-kills-parent": ["kills-parent", "base"], "after-kills-parent-too": ["kills-parent"]}


def build_whole(lab: Lab) -> None:
    """Every element of the project, none of which does what is wrong."""
    write_faults(lab)
    lab.bst("build", "all.bst")


def write_faults(lab: Lab) -> None:
    """A project in which each element breaks something in its own way, when FAULTY is in the environment."""
    codes = {name: code for name, (code, _) in {**ENDS, **FAILS}.items()} | HARMLESS | _OTHERS
    for name, code in codes.items():
        lab.element(name, "if 'FAULTY' in os.environ:\n" + textwrap.indent(code, "  "), "base")
    lab.element("good", "pass", "base")
    for name, needs in _AFTER.items():
        lab.element(name, "if 'FAULTY' in os.environ:\n" + textwrap.indent(_BESIDE, "  "), *needs)
    lab.element("last", "pass", "runs", "beside")
    for name, parts in {
        "plugin-faults": [*ENDS, *FAILS, *HARMLESS, "good"],
        "hanging": ["ignores-all", "holds-lock", "fails-beside"],
        "both-after": [*_AFTER],
        "all": ["plugin-faults", "hanging", "both-after", "waits", "killed-when-sending", "last"],
    }.items():
        lab.element(name, "stack", *parts, runs=True)


def check_nothing_left(lab: Lab, step: Step) -> None:
    """No process and no temporary file of that run, and no artifact that is not whole."""
    assert step.left_running == []
    assert step.left_behind == []
    # A mark says what an artifact that stays was made under.
    assert [path.name for path in lab.cache.glob("enforcer*") if path.name != TAINTED_FOLDER] == []
    check_artifacts_are_whole(lab)


def check_artifacts_are_whole(lab: Lab) -> None:
    """Each ref is an artifact of which every directory and every file is there."""
    for ref, content in lab.refs().items():
        artifact = Artifact.FromString(content)
        assert artifact.strong_key, ref
        if artifact.HasField("files"):
            for line in tree(lab, artifact.files.hash):
                if " -> " not in line:
                    digest = line.split()[-2]
                    assert (lab.cache / "cas" / "objects" / digest[:2] / digest[2:]).exists(), line


def check_goes_on(lab: Lab, stock: Observed, *targets: str) -> None:
    """The next run, in which nothing breaks, gives what stock gives."""
    failed = lab.artifacts_of("fails-beside")
    step = lab.bst("build", *targets)
    assert step.status == 0, step.stderr
    check_nothing_left(lab, step)
    found = {ref: text for ref, text in artifacts(lab).items() if ref not in failed}
    expect_same({ref: text for ref, text in stock["artifacts"].items() if ref in found}, found)
    for target in targets:
        assert lab.artifacts_of(target.removesuffix(".bst"))


def failure_of(lab: Lab, step: Step, name: str) -> str:
    """What the run says of an element's failure."""
    return "\n".join(entry for entry in messages(step, lab)[f"{name}.bst"] if "|FAILURE|" in entry or "|BUG" in entry)
