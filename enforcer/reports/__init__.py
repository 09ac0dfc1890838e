"""What was found, shown: one value, one file a format.

value     the report; made once, of a record
shown     texts as they may be shown
coverage  what of plugin code ran, as part of the report
elements  the graph of elements, as part of the report
format    each key of the JSON report, once; shapes are what they can be
json_report, read, merge   write, read back and merge reports, as `format` says; merging has the rules
html, sarif, github, markdown, junit, terminal, message   for people and for programs of others
located, places   where in a file, and in the repository
write     report files
"""
