"""A helper that only jobs import; it fills its table while it is imported."""

TABLE = {}


class Entry:
    """One entry."""


for _name in ("one", "two"):
    TABLE[_name] = Entry()
