"""What a run is told.

settings   modes, backends, all values of one run
pyproject  the table [tool.enforcer]
baseline   findings that are accepted for now
plain      settings as plain data, for another process
"""
