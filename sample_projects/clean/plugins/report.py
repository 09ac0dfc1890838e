"""report - a text about its dependencies, made of everything that they make public"""

from buildstream import Element, MappingNode


class ReportElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    BST_FORBID_RDEPENDS = True

    def configure(self, node):
        node.validate_keys([])
        self.lines = None

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"format": 1}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        self.lines = [line for dep in self.dependencies() for line in self.describe(dep)]
        output = sandbox.get_virtual_directory().open_directory("output", create=True)
        with output.open_file("report.txt", mode="w") as report:
            report.write("\n".join(self.lines) + "\n")
        self.set_public_data("report", MappingNode.from_dict({"lines": str(len(self.lines))}))
        return "/output"

    def describe(self, dep):
        """Yield lines about *dep*; reads only."""
        yield f"{dep.project_name} {dep.name}"
        yield "  integrated by " + ", ".join(dep.get_public_data("bst").get_str_list("integration-commands", []))
        yield "  with " + " ".join(sorted(dep.get_environment()))
        yield "  to " + dep.get_variable("install-root")
        for source in dep.sources():
            yield f"  from {source.get_kind()}"
        for path in dep.compute_manifest(exclude=["docs"]):
            yield f"  {path}"


def setup():
    return ReportElement
