"""Dependencies point down, nothing heavy is imported before it is asked for, and style and types are clean."""

import ast
import subprocess
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*words: str) -> None:
    """Run a tool of this environment on the checkout, and show what it says when it complains."""
    program = Path(sysconfig.get_path("scripts"), words[0])
    done = subprocess.run([program, *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"


@pytest.mark.once
def test_dependencies_point_down_and_one_package_knows_buildstream() -> None:
    run("lint-imports", "--no-cache")


@pytest.mark.once
def test_style_is_clean() -> None:
    run("ruff", "check", "--no-cache", ".")


@pytest.mark.once
def test_format_is_clean() -> None:
    run("ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.once
def test_types_are_clean() -> None:
    run("mypy")


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("pytest_plugin.hooks", ("enforcer", "buildstream")),
        ("enforcer", ("buildstream", "pytest")),
        ("enforcer.embedding.watch", ("buildstream", "pytest")),
        ("enforcer.cli.main", ("buildstream", "pytest")),
    ],
)
def test_importing_it_does_not_import(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(sorted(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def public_names(text: str) -> Iterator[str]:
    """What a module defines for others, at its top level."""
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)]
        yield from (name for name in names if name and not name.startswith("_"))


def test_a_public_name_is_defined_in_one_module() -> None:
    defined: defaultdict[str, set[str]] = defaultdict(set)
    for package in ("enforcer", "pytest_plugin"):
        for path in (ROOT / package).rglob("*.py"):
            for name in public_names(path.read_text()):
                defined[name].add(str(path.relative_to(ROOT)))
    assert {name: sorted(paths) for name, paths in defined.items() if len(paths) > 1} == {}


def test_public_names_are_classes_functions_and_values() -> None:
    text = "def made(): pass\nclass Made: pass\nMADE = 1\nNOTED: int = 2\n_own = 3\nimport os\n"
    assert [*public_names(text)] == ["made", "Made", "MADE", "NOTED"]
