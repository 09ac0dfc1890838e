"""The process as units of the graph: what all of its jobs share.

units              the units, and what lines of plugin code change of them
rows               the list of all that is looked at, beside libraries: one row each
reading            how some of it is read and put back
loggers            loggers, and those that a job is the first to ask for
memos              what Python fills itself when it is first asked
of_thread          what each thread has of its own
environment, c_environment, descriptors, random_sequence     what takes more to read
libraries          the functions and classes of Python's library and of installed ones
"""
