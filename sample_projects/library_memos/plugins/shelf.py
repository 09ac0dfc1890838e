"""shelf - an element that keeps objects of Python's library and of others"""

import argparse
import difflib
import email.message
import fractions
import ipaddress
import logging
import pathlib
import ruamel.yaml
import string
import urllib.parse
import uuid

import ruamel.yaml
from buildstream import Element


class Folder(pathlib.PurePosixPath):
    """A class of a plugin; what it remembers, its base does."""

    def label(self):
        return "folder"


class ShelfElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.path = pathlib.Path("/usr/share/doc.txt")
        self.relative = pathlib.PurePosixPath("share/doc.txt")
        self.windows = pathlib.PureWindowsPath("C:/doc.txt")
        self.folder = Folder("/usr/share")
        self.network = ipaddress.ip_network("10.0.0.0/8")
        self.interface = ipaddress.ip_interface("fe80::1/64")
        self.logger = logging.getLogger("acme." + self.name)
        self.matcher = difflib.SequenceMatcher(None, "hello", "help")
        self.fraction = fractions.Fraction(1, 3)
        self.uuid = uuid.UUID(int=5)
        self.message = email.message.EmailMessage()
        self.message["Subject"] = "hello"
        self.template = string.Template("$name")
        self.parser = argparse.ArgumentParser()
        self.document = ruamel.yaml.YAML().load("name: x\nlist: [1]\n")
        self.comments = ruamel.yaml.YAML().load("names: [a, b]  # some")
        self.url = urllib.parse.urlsplit("http://host/path?query")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"path": str(self.path), "hash": hash(self.relative) and 1}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ShelfElement
