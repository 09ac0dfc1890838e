"""The table of `docs/process-state.md` is made from the list in the code: `python -m tests.docs.process_page`."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "process-state.md"

_BEGIN, _END = "<!-- rows -->\n\n", "\n<!-- end of rows -->\n"


def table() -> str:
    """All rows."""
    from enforcer.bst.elements.process.rows import ROWS

    lines = [f"| {_code(row.name)} | {row.why} | {row.restored} |\n" for row in ROWS]
    return "| what | why it matters | taken back |\n|---|---|---|\n" + "".join(lines)


def shown() -> str:
    """The table on the page."""
    return PAGE.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0]


def _code(name: str) -> str:
    # Names of Python have no spaces but after a comma; words around them are no code.
    return ", ".join(f"`{part}`" if _is_code(part) else part for part in name.split(", "))


def _is_code(part: str) -> bool:
    return " " not in part


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    PAGE.write_text(before + _BEGIN + table() + _END + rest.partition(_END)[2], encoding="utf-8")
