"""tidy - starts much, by itself and through libraries, and all of it ends with its job or a moment later"""

import asyncio
import concurrent.futures
import multiprocessing
import os
import subprocess
import threading
import time

import grpc
from buildstream import Element


def nothing():
    pass


async def with_helpers():
    await asyncio.to_thread(nothing)
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()


class TidyElement(Element):
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
        self.run_threads()
        self.run_processes()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    def run_threads(self):
        thread = threading.Thread(target=nothing)
        thread.start()
        thread.join()
        threading.Thread(target=time.sleep, args=(0.1,)).start()
        # Its threads end when nobody has it any more.
        list(concurrent.futures.ThreadPoolExecutor(2).map(str, range(10)))
        asyncio.run(with_helpers())
        with grpc.insecure_channel("unix:/nowhere") as channel:
            channel.subscribe(lambda state: None, try_to_connect=True)

    def run_processes(self):
        self.call(["true"])
        self.blocking_activity(len, ([1],), "Counting")
        subprocess.run(["cat"], input=b"x", capture_output=True, check=True)
        subprocess.run("sleep 0.1 &", shell=True, check=True)
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        for way in ("fork", "spawn", "forkserver"):
            process = multiprocessing.get_context(way).Process(target=time.sleep, args=(0,))
            process.start()
            process.join()


def setup():
    return TidyElement
