"""A base class of plugins."""

from buildstream import Element


class FormsBase(Element):
    def put(self, mapping, key):
        mapping[key] = "1"  # <- base_class
