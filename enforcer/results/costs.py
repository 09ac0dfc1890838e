"""What enforcement took: the names under which a record keeps it, in `Record.costs`.

Numbers are of what was done. Seconds are those of one process each; no report has them, as they differ from run to run.
`ENFORCER_COSTS=FILE enforcer run ...` writes all of them.
"""

from __future__ import annotations

# Seconds of jobs, apart from what enforcement takes.
JOB_SECONDS = "job"

# Seconds of enforcement: walking the graph when a run starts; comparing, judging and undoing around each job;
# comparing after lines; applying in a worker and in main what other processes did; forking; waiting for the turn.
WALK = "walk"
CHECK = "check"
LINES = "lines"
CATCH_UP = "catch up"
APPLY = "apply"
FORK = "fork"
TURN = "turn"

# Seconds of jobs' threads and of main's in which accesses were counted.
ACCESSES = "accesses"

# Numbers of jobs of which lines were followed, of those where that was given up, of compares after lines, and of the
# cells that were compared then.
FOLLOWED_JOBS = "followed jobs"
GIVEN_UP_JOBS = "given up jobs"
FOLLOWED_LINES = "followed lines"
FOLLOWED_CELLS = "followed cells"
