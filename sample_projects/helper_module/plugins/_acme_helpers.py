"""Helpers of the stamped element."""


def stamp(environment, value):
    """Set FOO in *environment*."""
    # The hazard: the dictionary may be anybody's.
    environment["FOO"] = value
