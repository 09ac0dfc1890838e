"""What is different in a forked process.

inherited     what it must not use of its parent's
forwarding    messages, prints, log records and warnings of a job, said again in main
job_coverage  coverage of what runs there
grpc_guard    no fork while a thread is inside gRPC
"""
