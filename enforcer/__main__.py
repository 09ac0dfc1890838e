"""`python -m enforcer`: the same as the command `enforcer`."""

from __future__ import annotations

import sys

# BuildStream's forkserver imports the main module again in its children.
if __name__ == "__main__":
    from enforcer.cli import main

    sys.exit(main())
