"""A finding says which project its file belongs to, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.bst.builds import _CONF, _ELEMENT
from tests.contract.lab import Lab

_WRITES = 'dep.get_environment()["FOO"] = "bar"'


def junctioned(lab: Lab) -> dict[str, Any]:
    """The report of a build of two projects that have a plugin of the same name in the same place."""
    lab.write("sub/project.conf", _CONF.replace("tiny", "sub").replace("  sources: [feeds]\n", ""))
    lab.write("sub/plugins/acts.py", f"# Another line.\n{_ELEMENT}")
    lab.write("sub/elements/base.bst", "kind: acts\n")
    lab.write("sub/elements/inner.bst", f"kind: acts\nconfig:\n  line: '{_WRITES}'\nbuild-depends: [base.bst]\n")
    lab.raw_element("sub", "kind: junction\nsources:\n- kind: local\n  path: sub\n")
    lab.raw_element("outer", f"kind: acts\nconfig:\n  line: '{_WRITES}'\nbuild-depends: [base.bst]\n")
    lab.bst("--on-error", "continue", "build", "outer.bst", "sub.bst:inner.bst")
    return lab.report()


def test_files_of_a_project_behind_a_junction_are_told_from_those_of_the_other(
    backend: str, lab_of: Callable[..., Lab]
) -> None:
    report = junctioned(lab_of(backend))
    found = {each["job"]["element"]: (each["obtained"]["file"], each["plugin_file"]) for each in report["violations"]}
    assert found == {
        "outer.bst": ("plugins/acts.py", "plugins/acts.py"),
        "sub.bst:inner.bst": ("sub.bst:plugins/acts.py", "sub.bst:plugins/acts.py"),
    }
