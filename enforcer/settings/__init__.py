"""What a run is told.

option_table  every option once: its names, its kind, its help, and where it may be given
settings      modes, reports, allowed findings, all values of one run
texts         what stands on a command line or in an ini file, as values
pyproject     the table [tool.enforcer]
baseline      findings that are accepted for now
plain         settings as plain data, for another process
"""
