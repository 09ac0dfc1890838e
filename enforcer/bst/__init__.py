"""Everything that knows BuildStream; the only package that imports it.

seams      what must be there in the installed BuildStream, by name
attach     the patches, put on and taken off
world      the units of a running scheduler: elements, project, context, classes, modules
process    the process as a unit
policy     which objects the walk enters, and how
judge      the jobs of one run: prepare, try, deliver the verdict
trial      one try of one job: action under watch, compare, undo
touches    where plugin code first reached into foreign state
leaks      threads and child processes that a job leaves running
locks      locks of plugin modules and classes, and whether a job used one
core_fills the lazy writes of BuildStream's own core, each with its reason
evidence   what was seen of a job, as the plain data that rules judge
mentions   the line of plugin code that names what was changed, where no touch was seen
names      paths and values as a plugin author would write them
results    refs that a job wrote, held back until its verdict
unjudged   Fetch jobs without a clean verdict, remembered on disk
frontend   `bst` itself, run in this process
"""
