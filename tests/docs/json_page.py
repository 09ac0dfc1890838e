"""The parts of `docs/json.md` that are made: the keys from the schema, the example by a run of a sample project.

`python -m tests.docs.json_page` writes both anew.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enforcer.reports.json_report import schema
from sample_projects import harness
from tests.preloaded import programs

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "json.md"

_PARTS = re.compile(
    r"(?P<before>.*<!-- keys -->\n\n)(?P<keys>.*?)"
    r"(?P<between>\n## An example\n\n.*?<!-- example: (?P<sample>\w+): (?P<args>[^\n]*) -->\n\n"
    r"```json\n)(?P<example>.*?)(?P<after>```\n.*)",
    re.DOTALL,
)

_TITLES = {
    "": "The report",
    "versions": "`versions`",
    "summary": "`summary`",
    "violations": "Each of `violations`",
    "job": "A job",
    "owner": "`owner`",
    "maker": "`maker`",
    "source": "`source`",
    "examples": "Each of `examples`",
    "site": "A site: `site`, `obtained`, `core`",
    "files": "Each of `files`",
    "core_fills": "Each of `core_fills`",
    "opaque": "Each of `opaque`",
    "opaque_places": "Each of `opaque_places`",
    "coverage": "`coverage`",
    "plugins": "Each of `plugins`",
    "methods": "Each of `methods`",
    "cost": "`cost`",
    "actions": "Each of `actions`",
    "access": "Each of `access`",
    "access_site": "A line of `access`",
    "access_between_jobs": "Each of `access_between_jobs`",
    "graph": "`graph`",
}


def tables() -> str:
    """Every key of the schema with its description, one table an object."""
    return "\n".join(_table(title, dict(_objects())[name]) for name, title in _TITLES.items())


def _objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects that a report is made of, by the names of `_TITLES`."""
    whole = schema()
    parts = whole["$defs"]
    yield "", whole
    for name in ("versions", "summary", "graph", "coverage", "cost"):
        yield name, whole["properties"][name]
    plugins = whole["properties"]["coverage"]["properties"]["plugins"]["items"]
    yield from (("plugins", plugins), ("methods", plugins["properties"]["methods"]["items"]))
    for name in ("files", "core_fills", "opaque", "opaque_places", "actions", "access", "access_between_jobs"):
        yield name, whole["properties"][name]["items"]
    yield from (("violations", parts["violation"]), ("job", parts["job"]), ("site", parts["site"]))
    yield "access_site", parts["access_site"]
    yield from (("maker", parts["maker"]), ("source", parts["source"]))
    yield from (("examples", parts["example"]), ("owner", parts["violation"]["properties"]["owner"]))


def _table(title: str, object_: dict[str, Any]) -> str:
    rows = [f"| `{key}` | {_type(value)} | {_described(value)} |" for key, value in object_["properties"].items()]
    return "\n".join([f"### {title}", "", "| key | type | meaning |", "|---|---|---|", *rows, ""])


def _described(value: dict[str, Any]) -> str:
    referred = schema()["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
    return str(value.get("description") or referred["description"]).replace("|", "\\|").replace("<", "\\<")


def _type(value: dict[str, Any]) -> str:
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "anyOf" in value:
        return " or ".join(map(_type, value["anyOf"]))
    if "$ref" in value:
        return str(value["$ref"].rpartition("/")[2])
    kind = value["type"]
    if kind == "array":
        return f"list of {_type(value['items'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def shown() -> re.Match[str]:
    """The page, taken apart."""
    match = _PARTS.fullmatch(PAGE.read_text(encoding="utf-8"))
    assert match is not None, "the page has no keys or no example"
    return match


def true_example(directory: Path) -> str:
    """The report of the page's sample, from a run in `directory`."""
    page = shown()
    project = harness.copy_sample(page["sample"], directory)
    environment = harness.isolated_environment(directory)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "enforcer", "run", "--report", "json:report.json", "--", *page["args"].split()]
    programs.run(command, cwd=project, env=environment, capture_output=True, timeout=120, check=False)
    return laid_out(json.loads((project / "report.json").read_text(encoding="utf-8")))


def laid_out(report: dict[str, Any]) -> str:
    """The text of a report, short values on one line."""
    return f"{_text(report, '')}\n"


def _text(value: Any, indent: str) -> str:
    line = json.dumps(value)
    if len(indent) + len(line) <= 100 or not isinstance(value, (dict, list)):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        parts = [inner + _text(each, inner) for each in value]
        return "[\n" + ",\n".join(parts) + f"\n{indent}]"
    parts = [f"{inner}{json.dumps(key)}: {_text(each, inner)}" for key, each in value.items()]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def write() -> None:
    """Write both parts."""
    page = shown()
    with tempfile.TemporaryDirectory() as directory:
        example = true_example(Path(directory))
    text = page["before"] + tables() + page["between"] + example + page["after"]
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
