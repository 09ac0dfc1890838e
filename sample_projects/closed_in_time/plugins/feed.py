"""feed - makes a file below a directory that BuildStream gives and removes"""

import os
import tempfile

from buildstream import Source


class FeedSource(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        node.validate_keys(Source.COMMON_CONFIG_KEYS)
        self.fetched = False

    def preflight(self):
        pass

    def get_unique_key(self):
        return "feed"

    def is_resolved(self):
        return True

    def is_cached(self):
        return self.fetched

    def load_ref(self, node):
        pass

    def get_ref(self):
        return None

    def set_ref(self, ref, node):
        pass

    def fetch(self):
        with self.tempdir() as directory:
            descriptor, name = tempfile.mkstemp(dir=directory)
            os.close(descriptor)
            os.rename(name, os.path.join(self.get_mirror_directory(), "feed"))
            tempfile.mkdtemp(dir=directory)
        self.fetched = True

    def stage(self, directory):
        with open(os.path.join(directory, "feed"), "w", encoding="utf-8") as file:
            file.write("feed")


def setup():
    return FeedSource
