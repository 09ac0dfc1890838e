"""What one run saw, as data: no live object, and it merges.

findings         one broken rule: what, whose, where
record           counts, names and findings of one run
job_counts       the jobs of one action, counted
plugin_coverage  which plugin code ran in checked jobs
"""
