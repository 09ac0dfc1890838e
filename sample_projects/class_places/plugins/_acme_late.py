"""A helper that only jobs import."""

SEEN = []
