"""A job replaces functions of Python's library while it runs: our own code, which watches it, calls none of them."""

from __future__ import annotations

import pytest

from tests.bst.builds import Build

# In front of the plugin `acts`. What is put in the place of a function tells who of us has called it.
_REPLACING = '''
import _thread, contextlib, dis, functools, gc, importlib, inspect, io, itertools, json, linecache, logging, operator
import pickle, posixpath, re, resource, select, shutil, signal, socket, struct, tempfile, time, traceback, types
import warnings, weakref

MODULES = [
    _thread, contextlib, dis, functools, gc, importlib, inspect, io, itertools, json, linecache, logging, operator, os,
    pickle, posixpath, re, resource, select, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time,
    traceback, types, warnings, weakref,
]
KINDS = (types.FunctionType, types.BuiltinFunctionType)
CLASSES = [
    socket.socket, subprocess.Popen, threading.Thread, threading.Event, threading.Condition, logging.Logger,
    contextlib.ExitStack,
]
METHODS = (types.FunctionType, types.MethodDescriptorType)


def replacing(place, real, frame_of=sys._getframe, tell=os.write):
    def replaced(*args, **kwargs):
        caller = frame_of(1)
        if caller.f_globals.get("__name__", "").partition(".")[0] == "enforcer":
            tell(2, f"OURS {place} by {caller.f_globals['__name__']}.{caller.f_code.co_name}\\n".encode())
        return real(*args, **kwargs)

    return replaced


def replace_all():
    # These count frames, or are asked for their own caller's.
    spared = {"_getframe", "_getframemodulename", "exc_info", "settrace", "setprofile", "gettrace", "warn", "stack"}
    for module in MODULES:
        for name, real in list(vars(module).items()):
            if type(real) in KINDS and name not in spared:
                setattr(module, name, replacing(f"{module.__name__}.{name}", real))
    for cls in CLASSES:
        members = {name: member for base in cls.__mro__[:-1] for name, member in vars(base).items()}
        for name, member in members.items():
            if type(member) in METHODS and not name.startswith("_"):
                setattr(cls, name, replacing(f"{cls.__qualname__}.{name}", getattr(cls, name)))
    sys._getframe = lambda depth=0, real=sys._getframe, tell=os.write: real(depth + 1)


def work(self, dep):
    """Does whatever is watched."""
    dep.get_environment()
    self.note = dep.get_variable("name")
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    _thread.start_new_thread(lambda: None, ())
    subprocess.run(["true"], check=True)
    os.system("true")
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    with open(os.devnull) as file, socket.socket(), tempfile.TemporaryFile(), tempfile.TemporaryDirectory():
        file.read()
    import colorsys
    importlib.reload(colorsys)
    print("said")
    logging.getLogger("acts").warning("said")
    warnings.warn("said")
    self.info("said")


'''


@pytest.mark.parametrize("backend", ["threads", "pool"])
def test_our_own_code_calls_no_function_that_a_job_can_replace(build: Build, backend: str) -> None:
    plugin = build.project / "plugins" / "acts.py"
    text = plugin.read_text(encoding="utf-8")
    plugin.write_text(text.replace("class Acts(", _REPLACING + "class Acts("), encoding="utf-8")
    build.element("app", "replace_all(); work(self, dep)", "base")
    ran = build.enforced("build", "app.bst", backend=backend)
    ours = sorted({line for line in ran.output.splitlines() if line.startswith("OURS")})
    assert ours == [], "\n".join(ours) + ran.output
    assert ran.report["errors"] == [], ran.output
    assert set(ran.rules) == {"process-write"}, ran.output
