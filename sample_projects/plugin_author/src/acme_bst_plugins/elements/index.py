"""
index - List the files of the dependencies
==========================================
The artifact is one file, ``/index.txt``, with one line for each file of each build dependency.

.. code:: yaml

   kind: index

   build-depends:
   - hello.bst

   config:

     # Split domains to leave out
     exclude: [devel]
"""

from buildstream import Element


class IndexElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    BST_FORBID_RDEPENDS = True
    BST_FORBID_SOURCES = True

    def configure(self, node):
        node.validate_keys(["exclude"])
        self.exclude = node.get_str_list("exclude", [])

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"exclude": sorted(self.exclude)}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        lines = []
        for dep in self.dependencies():
            with self.timed_activity(f"Listing {dep.name}", silent_nested=True):
                for path in dep.compute_manifest(exclude=self.exclude):
                    lines.append(f"{dep.name}: {path}")

        output = sandbox.get_virtual_directory().open_directory("output", create=True)
        with output.open_file("index.txt", mode="w") as index:
            index.write("".join(line + "\n" for line in sorted(lines)))
        return "/output"


# Plugin entry point
def setup():
    return IndexElement
