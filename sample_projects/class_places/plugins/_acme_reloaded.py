"""A helper that a job loads anew."""

TABLE = {}


def look_up(name):
    """What the table has."""
    return TABLE.get(name)


class Entry:
    """One of them."""
