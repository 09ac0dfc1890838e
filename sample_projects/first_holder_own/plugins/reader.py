"""reader - holds what its dependency had first: reads it, copies it, and writes on its own"""

import copy

from buildstream import Element


class ReaderElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.own = []

    def configure_dependencies(self, dependencies):
        dep = dependencies[0].element
        raw = dep.search(dep.name)
        self.table, self.lines, self.add = raw.table, raw.lines, raw.lines.append
        self.patches = next(iter(dep.sources())).patches
        self.copied = copy.deepcopy(raw.table)
        # The dependency has it no more.
        self.moved, raw.moved = raw.moved, None
        raw.given["list"] = self.own

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        # What the dependency's jobs wrote is here too, in whichever process they ran.
        assert self.table == {"first": [{"page": []}], "second": ["written"]}, self.table
        assert self.table["second"] is self.lines
        assert self.patches == ["fetched", "built"], self.patches
        self.copied["first"].append(1)
        self.moved.append(1)
        self.own.append(1)
        self.table = dict(self.table, first=[])
        self.table["third"] = list(self.lines)
        self.lines = [*self.lines, "mine"]
        self.lines.append("mine")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ReaderElement
