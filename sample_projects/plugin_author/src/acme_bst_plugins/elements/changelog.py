"""
changelog - One text of what the dependencies changed
=====================================================
Takes the public data ``acme: changes`` of each build dependency. The artifact is one file, ``/changelog.txt``.

.. code:: yaml

   kind: changelog

   build-depends:
   - hello.bst

   config:
     version: "1.0"

     # Let commands that run while dependencies are integrated see ACME_VERSION
     export-version: false
"""

from buildstream import Element


class ChangelogElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    BST_FORBID_RDEPENDS = True
    BST_FORBID_SOURCES = True

    def configure(self, node):
        node.validate_keys(["version", "export-version"])
        self.version = node.get_str("version")
        self.export_version = node.get_bool("export-version", False)

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"version": self.version, "export-version": self.export_version}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        if self.export_version:
            for dep in self.dependencies():
                # The hazard: this is the dependency's own dictionary, and every later job sees the variable.
                dep.get_environment()["ACME_VERSION"] = self.version

        self.stage_dependency_artifacts(sandbox)
        for dep in self.dependencies():
            dep.integrate(sandbox)

    def assemble(self, sandbox):
        output = sandbox.get_virtual_directory().open_directory("output", create=True)
        with output.open_file("changelog.txt", mode="w") as changelog:
            changelog.write(f"Version {self.version}\n\n")
            for line in self.changes():
                changelog.write(f"* {line}\n")
        return "/output"

    def changes(self):
        """Yield what each dependency says that it changed, in staging order."""
        for dep in self.dependencies():
            data = dep.get_public_data("acme")
            if data is not None:
                yield from data.get_str_list("changes", [])


# Plugin entry point
def setup():
    return ChangelogElement
