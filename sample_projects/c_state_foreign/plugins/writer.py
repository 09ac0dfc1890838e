"""writer - uses what its dependency keeps in C"""

import sys

from buildstream import Element
from buildstream.types import _Scope


class WriterElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        for dep in self._dependencies(_Scope.BUILD):
            self.write(dep)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    def write(self, dep):
        # The hazards: none of this leaves a trace in a dictionary or a list.
        dep.text.write("more\n")
        dep.data.read(2)
        dep.spent.close()
        dep.sizes.append(3)
        dep.view[0] = 86
        dep.rng.random()
        dep.checksum.update(b"b")
        dep.document[0].text = "other"
        dep.document.append(dep.document[0])
        dep.config.set("section", "key", "other")
        dep.cache["second"] = dep.thing
        dep.tasks.put(1)
        dep.messages.put(1)
        dep.error.args = ("other",)
        next(dep.counter)
        next(dep.rounds)
        next(dep.items)
        next(dep.lines)
        dep.context.prec = 9
        dep.packer.compress(b"x")
        for _ in dep.pairs:
            break
        keeper = sys.modules[type(dep).__module__]
        keeper.SHARED_LOG.write("more\n")
        keeper.SHARED_NOTES[dep.thing] = "more"
        dep.memory[:4] = b"more"
        dep.leave.detach()
        dep.waiting.set()
        dep.noon.tzinfo.hours = 1
        type(dep).NUMBERS.append(2)


def setup():
    return WriterElement
