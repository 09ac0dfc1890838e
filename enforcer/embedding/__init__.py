"""How enforcement gets into processes that run BuildStream: this one, those that tests start, projects as tests.

activation     switches enforcement on in this process, and off again: the door to `enforcer.bst`
watch          builds in this process and in those that it starts, for a test session
bst_processes  how a `bst` that a test starts is watched
projects       a project's targets as tests
"""
