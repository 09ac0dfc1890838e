"""digger - finds the environment of its dependency in a roundabout way"""

import gc

from buildstream import Element


def environments_behind(start, mine):
    """Yield the environment dictionaries that *start* leads to, but not through *mine*."""
    queue, seen = [start], {id(mine)}
    while queue:
        for held in gc.get_referents(queue.pop()):
            if id(held) in seen or not isinstance(held, (dict, Element)):
                continue
            seen.add(id(held))
            if isinstance(held, dict) and "PATH" in held and "SHELL" in held:
                yield held
            else:
                queue.append(held)


class DiggerElement(Element):
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
        proxy = next(self.dependencies())
        for environment in environments_behind(proxy, self):
            # The hazard: no attribute of the dependency was ever read.
            environment["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return DiggerElement
