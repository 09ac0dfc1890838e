"""Everything that knows BuildStream; the only package that imports it.

required    what must be there in the installed BuildStream, by name
patches     what may be patched in it; puts on and takes off
elements    BuildStream's objects as units of the graph
observing   what a job does while it runs
replicas    one graph in many processes
publishing  what a job leaves on disk
forked      what is different in a forked process
judging     one job, from the look before its action to its verdict
runs        one scheduler run, one file a backend
attach      what enforcement does at each patch
command     `bst` itself, run in this process
live_count  the line with the live count on a terminal
"""
