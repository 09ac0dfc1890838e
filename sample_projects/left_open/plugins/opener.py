"""opener - leaves something open or behind, in a way that its element names"""

import mmap
import os
import select
import socket
import tempfile
import uuid
from multiprocessing import shared_memory

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

    def leave_listing(self):
        self.listing = os.scandir(os.path.dirname(__file__))
        next(self.listing)

    def leave_copy(self):
        with open(__file__, encoding="utf-8") as file:
            self.copy = os.dup(file.fileno())

    def leave_mapped(self):
        with open(__file__, "rb") as file:
            self.mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)

    def leave_shared(self):
        self.shared = shared_memory.SharedMemory(create=True, size=8)
        self.shared.unlink()

    def leave_named(self):
        self.named = open(os.path.join(tempfile.gettempdir(), f"acme-{uuid.uuid4()}.lock"), "w", encoding="utf-8")
        os.unlink(self.named.name)

    def leave_second(self):
        for end in os.pipe():
            os.close(end)
        self.second = os.pipe()

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
