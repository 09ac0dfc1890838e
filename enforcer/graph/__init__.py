"""Cells: see what changed in a graph of Python objects, say where, and take it back.

This package knows no BuildStream. What an object is (a root of some unit, a border, opaque) is
asked of a `Policy`; `enforcer.bst` has the one for BuildStream.
"""
