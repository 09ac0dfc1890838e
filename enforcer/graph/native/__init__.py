"""State that only C code sees, read and written through the methods of the built-in types that keep it.

spec       what is known of one type
raw        whether an object is as it was, by its own memory, where no method says so
buffers    texts and bytes in memory, arrays, views
iterators  how far iterators have come
digests    hash objects, compressors, scanners: what can be told from before, and not put back
memory     objects of ctypes
maps       memory maps
objects    random generators, contexts, exceptions, XML elements, queues
table      which type is what
"""
