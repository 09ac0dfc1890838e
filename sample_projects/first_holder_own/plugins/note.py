"""note - a source that writes in its own list"""

from buildstream import Source


class NoteSource(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        node.validate_keys(Source.COMMON_CONFIG_KEYS)
        self.patches = []

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def load_ref(self, node):
        pass

    def get_ref(self):
        return None

    def set_ref(self, ref, node):
        pass

    def is_resolved(self):
        return True

    def is_cached(self):
        return bool(self.patches)

    def fetch(self):
        # Its own, whoever holds it too.
        self.patches.append("fetched")

    def stage(self, directory):
        pass


def setup():
    return NoteSource
