"""Enforcer: real BuildStream builds in which a job may change only the element that it runs for.

Importing this package imports neither BuildStream nor pytest. PYTEST_DONT_REWRITE: it may well be
imported before pytest is, and has no assertions for it to explain.
"""

__version__ = "0.1.0"
