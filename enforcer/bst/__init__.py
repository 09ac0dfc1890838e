"""Everything that knows BuildStream; the only package that imports it.

seams      what must be there in the installed BuildStream, by name
world      the units of a running scheduler: elements, project, context, classes, modules, process
policy     which objects the walk enters, and how
names      paths and values as a plugin author would write them
core_fills the lazy writes of BuildStream's own core, each with its reason
touches    where plugin code first reached into foreign state
results    refs that a job wrote, held back until its verdict
judge      one job: before, action, after, verdict
attach     the patches, put on and taken off
"""
