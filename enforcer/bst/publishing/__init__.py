"""What a job leaves on disk, and where.

held_refs         refs that a job wrote, held back until its verdict
tainted_refs      results that were made under a violation, remembered on disk
distrust          what of the caches does not count for that reason
unjudged_fetches  Fetch jobs without a clean verdict, remembered on disk
fresh_context     BuildStream's configuration, read so that a run has caches of its own
"""
