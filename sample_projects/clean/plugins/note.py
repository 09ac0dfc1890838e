"""note - one text file whose content stands in the element"""

import os

from buildstream import Source


class NoteSource(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        node.validate_keys(["text", *Source.COMMON_CONFIG_KEYS])
        self.text = node.get_str("text")

    def preflight(self):
        pass

    def get_unique_key(self):
        return self.text

    def is_resolved(self):
        return True

    def is_cached(self):
        return True

    def load_ref(self, node):
        pass

    def get_ref(self):
        return None

    def set_ref(self, ref, node):
        pass

    def fetch(self):
        pass

    def stage(self, directory):
        with open(os.path.join(directory, "note.txt"), "w", encoding="utf-8") as note:
            note.write(self.text)


def setup():
    return NoteSource
