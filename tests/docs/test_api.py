"""What docs/api.md promises: its program runs, and what it lists can be imported without BuildStream and pytest."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import enforcer
from sample_projects import harness

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
MODULES = re.findall(r"^::: ([\w.]+)$", PAGE, re.MULTILINE)


def test_the_modules_need_neither_buildstream_nor_pytest() -> None:
    assert "enforcer.rules.protocol" in MODULES
    code = f"import sys, {', '.join(MODULES)}; print({{'buildstream', 'pytest'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_program_on_the_page_reports_a_build(tmp_path: Path) -> None:
    pytest.importorskip("buildstream")
    [program] = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    bst = str(Path(sys.executable).with_name("bst"))
    build = f"import subprocess; subprocess.run([{bst!r}, 'build', 'app.bst'], capture_output=True)"
    assert "    ...  #" in program
    project = harness.copy_sample("environment", tmp_path)
    environment = harness.isolated_environment(tmp_path)
    environment["PYTHONPATH"] = str(Path(enforcer.__file__).parents[1])
    command = [sys.executable, "-c", program.replace("...  #", f"{build}  #")]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], [each["rule"] for each in report["violations"]]) == ("failed", ["foreign-write"])
