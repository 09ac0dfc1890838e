"""One graph in many processes.

replication   takes up what changed here, applies what changed elsewhere
pending       updates that wait in a replica until their unit matters
unattributed  what jobs changed in a replica where nobody looked, found before it is mixed up
assignments   what the main thread assigns to between jobs
pickling      how BuildStream's objects travel
"""
