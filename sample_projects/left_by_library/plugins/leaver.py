"""leaver - leaves something running, in a way that its element names"""

import _thread
import asyncio
import multiprocessing
import os
import subprocess
import threading
import time
from _thread import start_new_thread as start
from os import posix_spawn as spawn

from buildstream import Element


def sleeper():
    time.sleep(20)


class LeaverElement(Element):
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

    # The hazards: nobody waits for any of these.

    def leave_loop(self):
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()

    def leave_raw(self):
        _thread.start_new_thread(sleeper, ())

    def leave_renamed(self):
        start(sleeper, ())

    def leave_compiled(self):
        start(time.sleep, (20,))

    def leave_spawned(self):
        subprocess.run(["true"])
        spawn("/bin/sleep", ["sleep", "20"], os.environ)

    def leave_daemon(self):
        child = os.fork()
        if not child:
            os.setsid()
            if os.fork():
                os._exit(0)
            os.execve("/bin/sleep", ["sleep", "20"], {})
        os.waitpid(child, 0)

    def leave_background(self):
        subprocess.run("tail -f /dev/null >/dev/null 2>&1 </dev/null &", shell=True, env={"PATH": os.defpath})

    def leave_served(self):
        multiprocessing.get_context("forkserver").Process(target=time.sleep, args=(20,), daemon=True).start()


def setup():
    return LeaverElement
