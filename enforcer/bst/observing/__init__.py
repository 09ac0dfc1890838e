"""What a job does while it runs, and what of plugin code can do it.

touches       where plugin code first reached into foreign state
left_running  threads and child processes that a job leaves running
starts        the lines that started them
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
