"""The report as one HTML file that loads nothing: `docs/html-report.md` says what is on it.

page           the text of the file: template, style, script and content security policy
rule_sections  what the page shows of each finding
diff           two values, with what differs between them
source         the lines around the sites of a finding
graph_queries  the graph of elements, asked for depths, ways and neighbours
picture        the elements around a finding, laid out
overview       the whole graph, counted by directory and depth
access         which job read and wrote what, as a table
"""
