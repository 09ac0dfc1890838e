"""note - one text file from the project itself, with remembered source information"""

import os

from buildstream import Source, SourceInfoMedium, SourceVersionType


class NoteSource(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        node.validate_keys(["text", "ref", *Source.COMMON_CONFIG_KEYS])
        self.text = node.get_str("text")
        self.load_ref(node)
        self.info = None

    def preflight(self):
        pass

    def get_unique_key(self):
        return [self.text, self.ref]

    def is_resolved(self):
        return self.ref is not None

    def load_ref(self, node):
        self.ref = node.get_str("ref", None)

    def get_ref(self):
        return self.ref

    def set_ref(self, ref, node):
        node["ref"] = self.ref = ref

    def is_cached(self):
        return True

    def fetch(self):
        pass

    def stage(self, directory):
        with open(os.path.join(directory, "note.txt"), "w", encoding="utf-8") as note:
            note.write(self.text)

    def collect_source_info(self):
        if self.info is None:
            self.info = [
                self.create_source_info(self.text, SourceInfoMedium.LOCAL, SourceVersionType.INDEXED_VERSION, self.ref)
            ]
        return self.info


def setup():
    return NoteSource
