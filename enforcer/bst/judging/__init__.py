"""One job, from the look before its action to its verdict.

judge        the jobs of one scheduler run: prepare, attempt, deliver the verdict
attempt      one try of one job: action under watch, compare, undo
comparison   what is compared around a job, and what becomes of its own changes
describing   what was seen of a job, as the plain data that rules judge
core_fills   the lazy writes of BuildStream's own core, each with its reason
"""
