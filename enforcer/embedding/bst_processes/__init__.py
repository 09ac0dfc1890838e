"""Enforcement in `bst` processes that a watched process starts.

`parent` hands its settings to each such process and reads back what it saw, `child` is what runs
there, `recognise` tells a `bst` command from others. Only plain data crosses, as files.
"""
