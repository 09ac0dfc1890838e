"""reader - reads what its dependency keeps in C, and uses its own"""

import array
import copy
import io
import itertools
import sys
import weakref
import xml.etree.ElementTree as ET

from buildstream import Element
from buildstream.types import _Scope


class Told:
    """Something that is gone soon."""


class ReaderElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.seen = io.StringIO()
        self.places = array.array("i")
        self.numbers = itertools.count()
        self.cache = weakref.WeakValueDictionary()

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
            self.read(dep)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    def read(self, dep):
        told = [dep.text.getvalue(), dep.text.tell(), dep.data.getvalue(), dep.spent.closed]
        told += [list(dep.sizes), dep.sizes.tobytes(), bytes(dep.view), dep.view[0]]
        told += [dep.rng.getstate(), dep.checksum.hexdigest(), dep.checksum.copy().update(b"mine")]
        told += [ET.tostring(dep.document), dep.document[0].attrib, [each.tag for each in dep.document.iter()]]
        told += [dep.config["section"]["key"], dep.config.sections(), dep.config["section"].getboolean("no", False)]
        told += [dep.cache["first"], len(dep.cache), list(dep.cache.items())]
        told += [dep.tasks.empty(), dep.messages.qsize(), str(dep.error), dep.error.args]
        told += [repr(dep.counter), dep.context.prec, dep.context.divide(1, 3), dep.packer.copy().flush()]
        told += [type(dep).NUMBERS[0], sys.modules[type(dep).__module__].SHARED_LOG.getvalue()]
        told += [dep.memory[:4], bytes(dep.memory), dep.leave.alive, dep.leave.peek(), str(dep.noon)]
        told += [dep.notes[dep.thing], list(dep.notes), list(dep.known)]
        # What is put where it was is there, in another reference.
        dep.known.discard(dep.thing)
        dep.known.add(dep.thing)
        dep.cache["first"] = dep.thing
        del dep.notes[dep.thing]
        dep.notes[dep.thing] = "first"
        # Read from where it stands, and put back there.
        place = dep.text.tell()
        dep.text.seek(0)
        told.append(dep.text.read())
        dep.text.seek(place)
        # A copy, and what it raises, is its own.
        mine = copy.deepcopy(dep.rng)
        told += [mine.random(), copy.copy(dep.sizes).append(3)]
        try:
            raise dep.error
        except ValueError as error:
            told.append(str(error))
        # Its own, in its own job.
        self.seen.write(repr(told))
        self.places.append(next(self.numbers))
        self.cache[id(told)] = Told()


def setup():
    return ReaderElement
