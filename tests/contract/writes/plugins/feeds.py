"""A source that writes on its project in each of its methods that run in jobs."""

from buildstream import Source


class FeedsSource(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        self.when = node.get_str("when")
        self.fetched = False
        self.ref = node.get_str("ref", None)

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"when": self.when}

    def load_ref(self, node):
        self.ref = node.get_str("ref", None)

    def get_ref(self):
        return self.ref

    def set_ref(self, ref, node):
        node["ref"] = self.ref = ref

    def is_cached(self):
        return self.fetched

    def track(self):
        if self.when == "track":
            self._get_project().base_environment["TRACK"] = "1"  # <- source_track
        return "1"

    def fetch(self):
        if self.when == "fetch":
            self._get_project().base_environment["FETCH"] = "1"  # <- source_fetch
        self.fetched = True

    def stage(self, directory):
        if self.when == "stage":
            self._get_project().base_environment["STAGE"] = "1"  # <- source_stage


def setup():
    return FeedsSource
