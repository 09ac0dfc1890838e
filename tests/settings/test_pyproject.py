"""The table of pyproject.toml gives settings, or a sentence that says what is wrong in which file."""

from pathlib import Path

import pytest

from enforcer.errors import UsageError
from enforcer.settings.pyproject import find_pyproject, table_values
from enforcer.settings.settings import AllowEntry, MinJobs, Mode, Settings


def write(directory: Path, text: str) -> Path:
    path = directory / "pyproject.toml"
    path.write_text(text)
    return path


def test_every_key_becomes_a_setting(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [tool.enforcer]
        mode = "soft"
        backend = "threads"
        collect = true
        fresh = true
        min_jobs = [2, "Build=1"]
        workers = 3
        worker_jobs = 4
        allow = [{ entry = "foreign-write base.bst environment[*]", reason = "fixed upstream" }]
        """,
    )
    assert Settings(**table_values(tmp_path)) == Settings(
        mode=Mode.SOFT,
        backend="threads",
        collect=True,
        fresh=True,
        min_jobs=(MinJobs(2), MinJobs(1, "Build")),
        workers=3,
        worker_jobs=4,
        allow=(AllowEntry("foreign-write", "base.bst", "environment[*]", "fixed upstream"),),
    )


def test_the_nearest_file_counts_even_without_a_table(tmp_path: Path) -> None:
    write(tmp_path, '[tool.enforcer]\nmode = "soft"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert table_values(below) == {"mode": Mode.SOFT}
    nearest = write(tmp_path / "a", "[project]\n")
    assert find_pyproject(below) == nearest
    assert table_values(below) == {}


def test_the_baseline_is_meant_from_the_file_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, '[tool.enforcer]\nbaseline = "ci/known.txt"\n')
    below = tmp_path / "a"
    below.mkdir()
    assert table_values(below) == {"baseline": tmp_path / "ci" / "known.txt"}


@pytest.mark.parametrize("text", ["", "[tool.black]\n", "tool = 3\n", "[tool]\nenforcer = 1\n"])
def test_a_file_without_a_table_gives_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert table_values(tmp_path) == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('moed = "soft"', "unknown key 'moed': choose one of mode, "),
        ('mode = "lenient"', "unknown mode 'lenient': choose one of off, soft, discard, strict"),
        ("mode = 1", "mode is 1, not a string"),
        ('backend = "cloud"', "unknown backend 'cloud'"),
        ('collect = "yes"', "collect is 'yes', not true or false"),
        ("workers = 0", "workers is 0, not a whole number from 1 on"),
        ("workers = true", "workers is True, not a whole number"),
        ("min_jobs = 1.5", 'min_jobs is 1.5, not a whole number, "ACTION=N", or a list of these'),
        ("min_jobs = true", "min_jobs is True, not a whole number"),
        (
            'min_jobs = "Built=1"',
            "min_jobs is 'Built=1': there is no action 'Built', choose one of Build, ",
        ),
        ("min_jobs = -1", "min_jobs is '-1': N or ACTION=N is needed, 1 or Build=1 for example"),
        ('allow = "foreign-write x y"', "allow is 'foreign-write x y', not a list"),
        ('allow = ["foreign-write x y"]', "allow entry 'foreign-write x y' is not"),
        ('allow = [{ entry = "foreign-write x y" }]', "allow entry .* is not"),
        ('allow = [{ entry = "foreign-write x", reason = "r" }]', "is not 'RULE OWNER PATH'"),
        ('allow = [{ entry = "foreign-write x y", reason = " " }]', "has no reason"),
    ],
)
def test_a_wrong_line_is_refused_with_its_file(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path, f"[tool.enforcer]\n{line}\n")
    with pytest.raises(UsageError, match=message) as caught:
        table_values(tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"[tool.enforcer", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot read .*pyproject\.toml"):
        table_values(tmp_path)
