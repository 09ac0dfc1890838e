import pathlib
import shutil

import pytest
from buildstream._testing import cli  # noqa: F401
from buildstream._testing._fixtures import default_thread_number, thread_check  # noqa: F401


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """BuildStream's fixtures want to know that this is a test, and none of the user's configuration counts."""
    monkeypatch.setenv("BST_TEST_SUITE", "True")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def project(tmp_path):
    """A fresh copy of the project that the tests build."""
    copy = tmp_path / "project"
    shutil.copytree(pathlib.Path(__file__).parent / "project", copy)
    return copy


@pytest.fixture
def build(cli, project, tmp_path):  # noqa: F811
    """Build an element of the project and return the directory with its artifact."""

    def build(element):
        cli.run(project=project, args=["build", element]).assert_success()
        checkout = tmp_path / "checkout"
        args = ["artifact", "checkout", "--deps", "none", "--directory", str(checkout), element]
        cli.run(project=project, args=args).assert_success()
        return checkout

    return build
