"""Processes that run jobs: a pool of workers, and the pristine process that they are forked from.

pool       which worker runs a job, and what happens when one ends
handles    main's side of the pristine process and of a worker
pristine   the process that workers are forked from
worker     the loop of a worker
replica    what they are told to do: the protocol
frames     bytes and descriptors over a pair of sockets
linux      what /proc and signals tell of processes, and do to them
available  whether all this can run here
"""
