"""Enforcement in `bst` processes that a watched process starts.

`parent` hands its settings to each such process and reads back what it saw, `child` is what runs
there, `recognise` tells a `bst` command from others. Only plain data crosses, as files: JSON in UTF-8, in a directory
of the parent's (mode 0700) that it makes at the first request and removes when it closes.

Parent and child must be of the same version of enforcer, nothing else is negotiated: `child` runs in whatever Python
runs `bst`, so it reads `version` before anything of the rest.

For each command that may run `bst` the parent takes the next TOKEN (six digits) and writes the *request*,

    TOKEN.request           {"version": of enforcer, "token": TOKEN,
                             "answers": the directory for answers, absolute,
                             "settings": see `enforcer.settings.plain`,
                             "caches": the directory for fresh caches, absolute; null: those that bst has}

puts its path into the environment of the new process, as ENFORCER_SUBPROCESS, and `site/` in front of PYTHONPATH. The
first Python that starts with these takes both out again, reads the request if it runs `bst`, and writes, in order,

    answers/TOKEN.PID.started   empty: it has read the request
    answers/TOKEN.PID.json      the *answer*, which is put in place whole, under this name, by renaming a `.part`:
                                {"unwatched": a sentence that says why nothing is watched}, at once, or
                                {"record": see `enforcer.results.record`}, when the process ends

A command may start several `bst`, or none. The parent takes the answers that are there whenever it is asked, and
removes them with their `.started`. When a process that it has started has ended, a `.started` that is left is one that
was killed, and a command that surely is `bst` and has left nothing had no enforcement; at the end, either may still
run. There is a sentence for each in `Record.unwatched`. An exception in `child` while it reads or writes is printed,
and stops nothing.
"""
