"""The command `enforcer`: it reads words, and everything that it does is done by the library."""

from enforcer.cli.main import main

__all__ = ["main"]
