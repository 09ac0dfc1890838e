"""Helpers of the stamped element."""

COUNTS = {}


def count(name):
    """Count one more *name*."""
    # The hazard: a module belongs to the process, not to an element.
    COUNTS[name] = COUNTS.get(name, 0) + 1
