"""reader - keeps what it finds at its dependency, and writes on it in its job"""

from buildstream import Element


class ReaderElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["keeps"])
        self.keeps = node.get_str("keeps")

    def configure_dependencies(self, dependencies):
        dep = dependencies[0].element
        raw = dep.search(dep.name)
        if self.keeps == "patches":
            self.patches = next(iter(dep.sources())).patches
        elif self.keeps == "table":
            self.table = raw.table
        elif self.keeps == "method":
            self.add = raw.lines.append
        elif self.keeps == "book":
            self.book = raw.book
        elif self.keeps == "names":
            self.kept = [raw.names]
        elif self.keeps == "papers":
            self.papers = raw.papers

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"keeps": self.keeps}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    # The hazard, each time: the attribute is this element's own, what it holds is not.
    def assemble(self, sandbox):
        if self.keeps == "patches":
            self.patches.append("mine")
        elif self.keeps == "table":
            self.table["first"].append(1)
        elif self.keeps == "method":
            self.add("mine")
        elif self.keeps == "book":
            self.book.pages = ["mine"]
        elif self.keeps == "names":
            self.kept[0][0].add("b")
        elif self.keeps == "papers":
            self.papers.insert(0, "mine")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ReaderElement
