"""One job, from the look before its action to its verdict.

judge        the jobs of one scheduler run: prepare, attempt, deliver the verdict
attempt      one try of one job: its action under watch
verdict      the steps from what an attempt changed to the findings that fail it
comparison   what is compared around a job, and what becomes of its own changes
sorting      foreign changes: what core filled in, and what is taken back
unique_keys  what cache keys are made of, asked for once more
aside        plugin code that runs only at our wish, and of which nothing may come
whose        whose state a change is, as a message says it
describing   what was seen of a job, as the plain data that rules judge
publication  what becomes of the refs that a job writes
memos        what libraries keep on their own objects when these are read
python_memos what Python keeps on classes, modules and loggers
turns        which plugins there are, and whose code a job runs
core_fills   the lazy writes of BuildStream's own core, each with its reason
"""
