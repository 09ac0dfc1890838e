"""One scheduler run under enforcement.

scheduler_run  what happens at BuildStream's seams: the protocol, and what every backend does alike
in_threads     the backend `threads`
turn           one job at a time, where jobs share a process
in_processes   the backends `fork` and `pool`: the main process
lock_turns     which jobs run one at a time there, as they can come to one lock
in_worker      the same: a forked process, which runs one job after the other
rerun          a job run once more, only to see its lines
"""
