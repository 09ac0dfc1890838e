"""Processes that run jobs: a pool of workers, and the pristine process that they are forked from.

In main:

pool             what a run asks of its workers; puts the following together
exclusion        which jobs must not run at the same time
choosing         which worker a job gets, and when
leave            those that died are buried, those that retired are heard
signalling       all are suspended, resumed, terminated
shared_pristine  forks workers, feeds and reaps: one thread at a time
crew             workers by what they do, and the rules of the two locks
waiting_line     first come, first served
patience         when another worker is worth its cost
log              updates by position
traffic          what has been moved
failures         what went wrong, in sentences
worker_handle, pristine_handle, process_handle, deadline
                 main's ends of other processes, and how long these have

In the others:

pristine         the process that workers are forked from
worker           the loop of a worker

In all:

replica          what they are told to do: the protocol
frames           bytes and descriptors over a pair of sockets
linux            what /proc and signals tell of processes, and do to them
available        whether all this can run here
"""
