"""The pytest plugin of the enforcer: hooks translate, `enforcer` works. PYTEST_DONT_REWRITE.

It loads without BuildStream, and imports neither that nor `enforcer` before enforcement is asked for.
"""
