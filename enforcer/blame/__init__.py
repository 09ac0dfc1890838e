"""Which line of plugin code made a change: found in the very run, by comparing after each line."""
