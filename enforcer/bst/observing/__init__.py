"""What a job does while it runs, and what of plugin code can do it.

touches       where plugin code first reached into foreign state
left_running  threads and child processes that a job leaves running
starts        who started them
launches      on which line
late          what of them runs in later jobs
events        what Python tells of, whoever does it
callers       whether a plugin or BuildStream's core does what runs
openings      who opens files and sockets, and on which line
left_open     descriptors that a job leaves open, temporary files that it leaves behind
made_up       names without what is another one in each run
locks         locks of plugin modules and classes, and whether a job used one
lock_holders  where these locks are, and where they will be
lock_users    which jobs can come to them
plugin_code   which lines and methods plugins have
lines_run     which of them one job runs
comments      which findings comments beside the code say are fine
silence       for plugin code that runs only at our wish
makers        which plugin's code it is
searches      what is searched for in the code of a run's plugins, once
"""
