"""
template - A text file with its variables filled in
===================================================
Reads a file of the project and replaces ``@NAME@`` by the value of NAME.

.. code:: yaml

   kind: template
   path: files/about.txt.in
   values:
     NAME: hello
"""

import os
import re

from buildstream import Source, SourceError, utils


class TemplateSource(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        node.validate_keys(["path", "values", *Source.COMMON_CONFIG_KEYS])
        self.path = self.node_get_project_path(node.get_scalar("path"), check_is_file=True)
        values = node.get_mapping("values", {})
        self.values = {name: values.get_str(name) for name in values.keys()}
        self.text = None

    def preflight(self):
        if not self.path.endswith(".in"):
            raise SourceError(f"{self}: the name of a template ends in .in")

    def get_unique_key(self):
        return [utils.sha256sum(self.template_file()), os.path.basename(self.path), self.values]

    def is_resolved(self):
        return True

    def is_cached(self):
        return True

    # A file of the project has no ref.
    def load_ref(self, node):
        pass

    def get_ref(self):
        return None

    def set_ref(self, ref, node):
        pass

    def fetch(self):
        pass

    def stage(self, directory):
        target = os.path.join(directory, os.path.basename(self.path)[: -len(".in")])
        with open(target, "w", encoding="utf-8") as file:
            file.write(self.filled_in())

    def template_file(self):
        return os.path.join(self.get_project_directory(), self.path)

    def filled_in(self):
        """The text of the template with all values in place, made once."""
        if self.text is None:
            with open(self.template_file(), encoding="utf-8") as file:
                self.text = re.sub(r"@(\w+)@", self.value_of, file.read())
        return self.text

    def value_of(self, match):
        try:
            return self.values[match.group(1)]
        except KeyError as e:
            raise SourceError(f"{self}: no value for {match.group(1)}") from e


# Plugin entry point
def setup():
    return TemplateSource
