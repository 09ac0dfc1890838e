"""nearby - serves every alias from the address that the project gives for it"""

from buildstream import SourceMirror


class NearbyMirror(SourceMirror):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        node.validate_keys(["aliases"])
        self.set_supported_aliases(node.get_str_list("aliases"))

    def preflight(self):
        pass

    def get_unique_key(self):
        return None

    def translate_url(self, *, alias, alias_url, source_url, extra_data):
        return alias_url + source_url


def setup():
    return NearbyMirror
