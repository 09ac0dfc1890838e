"""What jobs, and the main thread between jobs, read and write.

homes        whose attribute it is, and what of another unit it leads to
stacks       which lines did it, and by which name they came
named_lines  lines that name what no hook shows, and that they run
recording    counts them, for one job
hooks        attribute access passes by
whole_run    puts the hooks on, and counts for the main thread by phase
"""
