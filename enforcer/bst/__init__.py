"""Everything that knows BuildStream; the only package that imports it.

seams      what must be there in the installed BuildStream, by name
attach     the patches, put on and taken off
run        what a backend does at the patches: the protocol
world      the units of a running scheduler: elements, project, context, classes, modules
process    the process as a unit
policy     which objects the walk enters, and how
judge      the jobs of one run: prepare, try, deliver the verdict
trial      one try of one job: action under watch, compare, undo
touches    where plugin code first reached into foreign state
leaks      threads and child processes that a job leaves running
starts     the lines that started them
locks      locks of plugin modules and classes, and whether a job used one
core_fills the lazy writes of BuildStream's own core, each with its reason
plugin_code  which lines and methods plugins have
ran        which of them one job runs
evidence   what was seen of a job, as the plain data that rules judge
names      paths and values as a plugin author would write them
scope      what is compared around a job, and what becomes of its own changes
results    refs that a job wrote, held back until its verdict
unjudged   Fetch jobs without a clean verdict, remembered on disk
frontend   `bst` itself, run in this process
status     the line with the live count on a terminal

in_threads    the backend `threads`
in_processes  the backends `fork` and `pool`: the main process
again         a job run once more, only to see its lines
measuring     coverage of what runs in a forked process
replica       the same: a forked process, which runs one job after the other
replication   takes up what changed here, applies what changed elsewhere
pending       updates that wait in a replica until their unit matters
unseen        what jobs changed in a replica where nobody looked, found before it is mixed up
dirty         what the main thread assigns to between jobs
wire          how BuildStream's objects travel
forwarding    messages, prints, log records and warnings of a job, said again in main
fork_guard    no fork while a thread is inside gRPC
after_fork    what a forked process must not use of its parent's
"""
