"""What can be told from what it was before, and be put back by nobody."""

from __future__ import annotations

import gc
from typing import Any

from enforcer.graph.native.raw import fields_of
from enforcer.graph.native.spec import Entries, Native
from enforcer.graph.values import Inside, class_dict

_XOF_LENGTH = 32


def hash_object(base: Any) -> Native:
    """What `hashlib` and `hmac` make: the digest so far."""
    arguments = (_XOF_LENGTH,) if "XOF" in base.__name__ or "shake" in base.__name__.lower() else ()
    name = f".hexdigest({_XOF_LENGTH})" if arguments else ".hexdigest()"
    return Native(lambda obj: [(name, base.hexdigest(obj, *arguments))])


def coder(base: Any) -> Native:
    """Compressors and decompressors, scanners of patterns: their fields say that they were fed."""
    fields = fields_of(base)
    return Native(
        lambda obj: [("", Inside((fields(obj),)))], None, lambda obj, value: f"<{type(obj).__name__} object, in use>"
    )


def xml_parser(base: Any) -> Native:
    """`xml.etree.ElementTree.XMLParser`: what it builds, which tells that it was fed."""
    target = class_dict(base)["target"]
    return Native(lambda obj: [("", Inside((target.__get__(obj),)))])


def expat_parser(base: Any) -> Native:
    """`xml.parsers.expat`: how much it has read."""
    return Native(lambda obj: [(".CurrentByteIndex", obj.CurrentByteIndex)])


def csv_writer(base: Any) -> Native:
    """A writer has no state of its own, but writes to something."""

    def read(obj: Any) -> Entries:
        return [("", Inside(part for part in gc.get_referents(obj) if part is not type(obj)))]

    return Native(read)
