"""Beside the plugins: what they import."""

COUNT = 0
SEEN = []


def put(mapping, key):
    mapping[key] = "1"  # <- helper_module


def put_all(mapping, *keys):
    for key in keys:
        mapping[key] = "1"  # <- helper_loop


def putting(table):
    return lambda key: table.setdefault(key, 1)  # <- kept_lambda
