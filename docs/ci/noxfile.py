"""Enforced builds with nox: copy the sessions to the noxfile.py beside the pyproject.toml of your plugins.

nox -s plugins-3.12                                 the tests of the plugins, enforced
nox -s build -- --no-interactive build app.bst      a build with them, enforced
nox -s coverage                                     the tests, with the lines that ran in enforced jobs
"""

import nox

nox.options.sessions = ["plugins"]

STRICT = ("--enforce", "strict", "--enforce-min-jobs", "1")


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def plugins(session):
    """Run the tests of the plugins, enforced."""
    session.install("buildstream-enforcer", "-e", ".[test]")
    session.run("pytest", *STRICT, "--enforce-report", f"json:enforcement-{session.name}.json", *session.posargs)


@nox.session
def build(session):
    """Build with the plugins, enforced."""
    session.install("buildstream-enforcer[buildstream]", "-e", ".")
    words = session.posargs or ["--no-interactive", "build", "app.bst"]
    session.run("enforcer", "run", "--report", "json:enforcement-build.json", "--", *words)


@nox.session
def coverage(session):
    """Run the tests and show which lines ran, those in enforced jobs as well."""
    session.install("buildstream-enforcer[coverage]", "-e", ".[test]")
    session.run("coverage", "run", "--source", "src", "-m", "pytest", *STRICT, *session.posargs)
    session.run("coverage", "report", "--show-missing")
