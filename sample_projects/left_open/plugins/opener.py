"""opener - leaves something open or behind, in a way that its element names"""

import os
import select
import socket
import tempfile

from buildstream import Element


class OpenerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["how"])
        self.how = node.get_str("how")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"how": self.how}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        getattr(self, f"leave_{self.how}")()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    # The hazards: nobody closes or removes any of these.

    def leave_file(self):
        os.open(os.path.join(os.path.dirname(__file__), "..", "files", "hello.txt"), os.O_RDONLY)

    def leave_socket(self):
        socket.create_server(("127.0.0.1", 0)).detach()

    def leave_pipe(self):
        os.pipe()

    def leave_epoll(self):
        self.poll = select.epoll()

    def leave_memory(self):
        os.memfd_create("acme")

    def leave_temporary(self):
        descriptor, _ = tempfile.mkstemp(prefix="acme-", suffix=".txt")
        os.close(descriptor)

    def leave_kept(self):
        self.directory = tempfile.mkdtemp(prefix="acme-")


def setup():
    return OpenerElement
