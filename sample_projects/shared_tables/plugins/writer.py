"""writer - writes into one of many tables that other jobs see"""

from buildstream import Element

from . import tables


def kept(element):
    tables.names("tool").append(element.name)


def registered(element):
    tables.registry()[element.name] = True


def keyword(element):
    tables.options("tool", strict=True)["kind"] = "other"


def static(element):
    tables.Tool.parsed("hello")["text"] = "other"


def cleared(element):
    tables.forgotten.cache_clear()


def dispatched(element):
    tables.describe.register(str, len)


def thread(element):
    tables.LOCAL.element = element.name


def variable(element):
    tables.CURRENT.set("something")


def collected(element):
    tables.COLLECTED.get().append("something")


def factory(element):
    types = element._get_project().element_factory._types
    types["another"] = types["writer"]


class WriterElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["writes"])
        self.writes = node.get_str("writes")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"writes": self.writes}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        globals()[self.writes](self)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return WriterElement
