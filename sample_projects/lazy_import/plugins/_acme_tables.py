"""A table that only one element needs."""

TABLE = "<table/>"
