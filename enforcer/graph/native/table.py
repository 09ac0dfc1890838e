"""Which built-in type keeps what.

Types are known by their names: so nothing has to be imported that the build does not use.
"""

from __future__ import annotations

from enforcer.graph.native import buffers, digests, iterators, maps, memory, objects
from enforcer.graph.native.spec import MakeNative, Native
from enforcer.graph.values import class_dict, class_mro, full_class_name, is_made_by_c, module_of

_SEQUENCES = (
    *("list_iterator", "tuple_iterator", "str_iterator", "str_ascii_iterator", "bytes_iterator", "bytearray_iterator"),
    *("list_reverseiterator", "reversed", "iterator"),
)
_MAPPINGS = ("dict_keyiterator", "dict_valueiterator", "dict_itemiterator")
_REVERSED_MAPPINGS = ("dict_reversekeyiterator", "dict_reversevalueiterator", "dict_reverseitemiterator")
_BY_FIELDS = (
    *("builtins.callable_iterator", "builtins.longrange_iterator", "builtins.odict_iterator"),
    *("builtins.memory_iterator", "_csv.reader", "_elementtree._element_iterator", "_struct.unpack_iterator"),
    *("_collections._deque_iterator", "_collections._deque_reverse_iterator"),
    # Since Python 3.12.
    *("collections._deque_iterator", "collections._deque_reverse_iterator"),
)
_CODERS = (
    *("zlib.Compress", "zlib.Decompress", "_bz2.BZ2Compressor", "_bz2.BZ2Decompressor"),
    *("_lzma.LZMACompressor", "_lzma.LZMADecompressor", "_sre.SRE_Scanner", "xml.etree.ElementTree.TreeBuilder"),
    *("_pickle.Pickler", "_pickle.Unpickler"),
    *("_multibytecodec.MultibyteIncrementalEncoder", "_multibytecodec.MultibyteIncrementalDecoder"),
)

_BY_NAME: dict[str, MakeNative] = {
    "_io.StringIO": buffers.string_io,
    "_io.BytesIO": buffers.bytes_io,
    "array.array": buffers.array,
    "builtins.memoryview": buffers.memory_view,
    **{f"builtins.{name}": iterators.of_sequence for name in _SEQUENCES},
    "array.arrayiterator": iterators.of_sequence,
    "builtins.range_iterator": iterators.of_range,
    **{f"builtins.{name}": iterators.of_dict_or_set for name in (*_MAPPINGS, *_REVERSED_MAPPINGS, "set_iterator")},
    "builtins.enumerate": iterators.enumeration,
    **{f"builtins.{name}": iterators.wrapping for name in ("zip", "map", "filter")},
    "builtins.generator": iterators.generator,
    "builtins.async_generator": iterators.asynchronous_generator,
    "itertools.count": iterators.count,
    "itertools.cycle": iterators.cycle,
    "itertools._tee_dataobject": iterators.shared_by_tees,
    **dict.fromkeys(_BY_FIELDS, iterators.by_fields),
    "_csv.writer": digests.csv_writer,
    "xml.etree.ElementTree.XMLParser": digests.xml_parser,
    "pyexpat.xmlparser": digests.expat_parser,
    "mmap.mmap": maps.memory_map,
    **dict.fromkeys(_CODERS, digests.coder),
    "_random.Random": objects.random_generator,
    "decimal.Context": objects.decimal_context,
    "_contextvars.Context": objects.variables,
    "builtins.BaseException": objects.exception,
    "xml.etree.ElementTree.Element": objects.xml_element,
    "zoneinfo.ZoneInfo": objects.unchanging,
    "_queue.SimpleQueue": objects.simple_queue,
    **dict.fromkeys(("_ctypes._SimpleCData", "_ctypes.Array", "_ctypes.Structure", "_ctypes.Union"), memory.c_data),
}
_HASHES = frozenset({"_hashlib", "_md5", "_sha1", "_sha256", "_sha512", "_sha2", "_sha3", "_blake2"})


def native_of(cls: type) -> Native | None:
    """What is known of the state that a built-in base of `cls` keeps in C, or None."""
    for base in class_mro(cls):
        make = _maker(base)
        if make is not None:
            if make is memory.c_data:
                return make(cls)  # which says what its memory holds
            # An exception's fields are those of the most derived class that C made, which comes first.
            return make(_first_of_c(cls) if make is objects.exception else base)
    return None


def is_iterator_of_itertools(cls: type) -> bool:
    """Whether to pickle or to copy objects of `cls` warns since Python 3.12."""
    return any(module_of(base) == "itertools" and is_made_by_c(base) for base in class_mro(cls))


def _first_of_c(cls: type) -> type:
    return next(base for base in class_mro(cls) if is_made_by_c(base))


_BESIDE: dict[str, MakeNative] = {"weakref.finalize": objects.finalizer}
"""Written in Python, and keeps what it is elsewhere."""


def _maker(base: type) -> MakeNative | None:
    if not is_made_by_c(base):
        return _BESIDE.get(full_class_name(base))
    name = full_class_name(base)
    if name in _BY_NAME:
        return _BY_NAME[name]
    module = module_of(base)
    if module == "itertools":
        return iterators.by_fields
    return digests.hash_object if module in _HASHES and "hexdigest" in class_dict(base) else None
