"""Show what enforcement does, on real builds: ``python sample_projects/demo.py``, or ``make demo``.

It prints each command and what enforcement says of it; with ``-v`` all that the command prints, as it comes. Exit
status: 0 if the clean project was found clean and each violation was caught, else 1.
"""

import argparse
import itertools
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import harness


class Demo:
    """Runs commands in copies of samples under *tmp*; what did not go as it should is in ``wrong``."""

    def __init__(self, tmp, verbose=False):
        self.tmp = pathlib.Path(tmp)
        self.verbose = verbose
        self.wrong = []

    def title(self, text):
        """Say what comes."""
        print(f"\n{text}", flush=True)

    def show(self, directory, environment, *words, start=None):
        """Run a command of this environment in *directory*; return its exit status and its output.

        Unless all is to be shown, it is the command and its output from the first line on that begins with *start*;
        without one, it is nothing.
        """
        if self.verbose or start is not None:
            print(f"  $ {shlex.join(words)}", flush=True)
        process = subprocess.Popen(
            [_program(words[0]), *words[1:]],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        lines = []
        with process:
            for line in process.stdout:
                lines.append(line)
                if self.verbose:
                    _print(line)
        if start is not None and not self.verbose:
            for line in itertools.dropwhile(lambda line: not line.startswith(start), lines):
                _print(line)
        if self.verbose or process.returncode:
            _print(f"(exit status {process.returncode})")
        return process.returncode, "".join(lines)

    def expect(self, condition, sentence):
        """Note that *sentence* does not hold."""
        if not condition:
            self.wrong.append(sentence)

    def build(self, name, target, *, before=()):
        """Build *target* of sample *name* enforced; return the exit status and the output."""
        project, environment = self.copy(name)
        for step in before:
            self.show(project, environment, "enforcer", "run", *step)
        return self.show(project, environment, "enforcer", "run", "build", target, start="enforcement ")

    def copy(self, name):
        """A copy of sample *name* and the process environment for it: caches of its own, settings of nobody."""
        tmp = self.tmp / name
        tmp.mkdir()
        environment = _environment(tmp)
        # BuildStream repeats the end of a failed job's log: the same message once more.
        config = pathlib.Path(environment["XDG_CONFIG_HOME"]) / "buildstream.conf"
        config.write_text("logging:\n  error-lines: 0\n", encoding="utf-8")
        return harness.copy_sample(name, tmp), environment


def clean_project(demo):
    """A project that breaks no rule."""
    demo.title("1. A project whose plugins keep to their own elements")
    missing = harness.missing_needs({"needs": ["sandbox"]})
    if missing:
        print(f"  {'; '.join(missing)}: a project that runs no commands is shown instead of one that does.")
        name, target, before = "public_reads", "app.bst", ()
    else:
        name, target, before = "clean", "all.bst", [("source", "track", "tarball.bst", "remote.bst")]
    status, output = demo.build(name, target, before=before)
    demo.expect(status == 0 and "enforcement strict on pool: clean" in output, f"the project {name!r} is clean")


def caught_violation(demo):
    """A project with a plugin that writes on a dependency."""
    demo.title("2. A project with a plugin that changes a dependency in its Build job; stock, it builds without a word")
    status, output = demo.build("environment", "app.bst")
    found = "changed base.bst in its Build job" in output and "environment['FOO']: added 'X'" in output
    demo.expect(status == 1 and found, "the write on base.bst is caught, and fails the command")


def plugin_authors_tests(demo):
    """The test suite of a package of plugins, with one flag more on its command line."""
    demo.title("3. A plugin author's own tests, with one flag more")
    tmp = demo.tmp / "plugin_author"
    repository = tmp / "acme-bst-plugins"
    shutil.copytree(harness.SAMPLES / "plugin_author", repository, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    installed = harness.install_package(repository, tmp / "installed")
    environment = _environment(tmp)
    environment["PYTHONPATH"] = str(installed)
    # pytest keeps files of its last runs, and removes those of earlier ones.
    environment["PYTEST_DEBUG_TEMPROOT"] = str(tmp)
    status, output = demo.show(repository, environment, "pytest", "--enforce", "strict", start="FAILED ")
    demo.expect(status == 1 and "1 failed" in output, "exactly one of the plugin author's tests fails")
    demo.expect("test_the_version_can_be_exported" in output, "it is the test of the option that breaks the rule")


def _environment(tmp):
    """A process environment of caches of its own and settings of nobody."""
    # The page that a failed run leads to would be gone with the directory.
    return {**harness.isolated_environment(tmp), "CI": "true"}


def _program(name):
    """The program beside the Python that runs this, as in an activated environment."""
    beside = pathlib.Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else name


def _print(line):
    print(f"  {line}".rstrip(), flush=True)


def main():
    """Run the demo and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-v", "--verbose", action="store_true", help="show all that the commands print")
    verbose = parser.parse_args().verbose
    with tempfile.TemporaryDirectory(prefix="enforcer-demo-") as tmp:
        demo = Demo(tmp, verbose)
        for part in (clean_project, caught_violation, plugin_authors_tests):
            part(demo)
    print()
    for sentence in demo.wrong:
        print(f"NOT SHOWN: {sentence}{'' if verbose else ' (-v shows all that the commands print)'}")
    if not demo.wrong:
        print("Shown: a clean project is clean, a violation fails its build, and a plugin author's tests find one.")
    return 1 if demo.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
