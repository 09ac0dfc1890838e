"""Enforcer: real BuildStream builds in which a job may change only the element that it runs for.

Importing this package imports neither BuildStream nor pytest.
"""

__version__ = "0.1.0"
