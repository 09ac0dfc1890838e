"""Start programs as copies of a process that has imported already what they need: Python starts are what tests cost.

`programs` has `run` and `Popen`, as `subprocess` has them; `zygote` is what runs in the process that is copied.
CONTRIBUTING.md says which tests may use them.
"""
