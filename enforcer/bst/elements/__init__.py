"""BuildStream's objects as units of the graph.

run_graph    the units of a running scheduler: elements, projects, context, classes, modules, process
walk_policy  which objects the walk enters, and how
core_code    which modules and files are BuildStream's own
process      the process as a unit
file_names   how messages name files
names        paths and values as a plugin author would write them
"""
