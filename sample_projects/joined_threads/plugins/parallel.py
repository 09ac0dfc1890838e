"""parallel - works in threads"""

import concurrent.futures
import threading

from buildstream import Element


class ParallelElement(Element):
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
        results = []
        threads = [threading.Thread(target=results.append, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results.extend(pool.map(str, range(3)))
        self.results = len(results)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ParallelElement
