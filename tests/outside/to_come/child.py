"""What runs with the BuildStream to come: `seams` prints what it lacks, `run FILLS WORDS...` is the command enforcer.

`FILLS` is a file with more core fills, written as in `enforcer.bst.judging.core_fills`. A BuildStream that lacks
something is not refused: how far enforcement gets without it is what one wants to see.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def _print_seams() -> int:
    import buildstream

    from enforcer.bst import required

    print(json.dumps({"version": buildstream.__version__, "missing": required.missing()}))
    return 0


def _run(fills: Path, words: list[str]) -> int:
    from enforcer.bst import required
    from enforcer.cli import main

    def add_fills() -> None:
        from enforcer.bst.judging import core_fills

        exec(compile(fills.read_text(encoding="utf-8"), fills, "exec"), vars(core_fills))

    # Called where the refusal would be: before it, no module of BuildStream may be imported.
    required.check_buildstream = add_fills
    return main(words)


def start(verb: str, *rest: str) -> int:
    return _print_seams() if verb == "seams" else _run(Path(rest[0]), [*rest[1:]])


if __name__ == "__main__":
    sys.exit(start(*sys.argv[1:]))
