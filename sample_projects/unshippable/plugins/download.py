"""download - a text file that is fetched"""

import io
import os

from buildstream import Source, utils


class DownloadSource(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        node.validate_keys(["text", "ref", *Source.COMMON_CONFIG_KEYS])
        self.text = node.get_str("text")
        self.load_ref(node)
        self.opened = None

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
        return os.path.exists(self.mirror_file())

    def fetch(self):
        with open(self.mirror_file(), "w", encoding="utf-8") as note:
            note.write(self.text)
        # The hazard: no other process can have this stream.
        self.opened = io.TextIOWrapper(io.BytesIO(b"downloaded"), encoding="utf-8")

    def stage(self, directory):
        utils.safe_copy(self.mirror_file(), os.path.join(directory, "note.txt"))

    def mirror_file(self):
        return os.path.join(self.get_mirror_directory(), self.ref)


def setup():
    return DownloadSource
