"""The first thing that a `bst` process runs which a watched process has started.

Standard library only. It takes itself out of the path and the environment at once, so that no Python
started from here sees it, runs the `sitecustomize` that would have run without it, and only
then looks whether this process is to be watched.
"""

import importlib.machinery
import importlib.util
import os
import sys
import types

_HERE = os.path.dirname(os.path.abspath(__file__))
_REQUEST = "ENFORCER_SUBPROCESS"


def _is_here(entry: str) -> bool:
    return os.path.abspath(entry) == _HERE


def _leave() -> "str | None":
    sys.path[:] = [entry for entry in sys.path if not _is_here(entry)]
    kept = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if not _is_here(entry)]
    if any(kept):
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    else:
        os.environ.pop("PYTHONPATH", None)
    return os.environ.pop(_REQUEST, None)


def _run(name: str, spec: "importlib.machinery.ModuleSpec | None") -> "types.ModuleType | None":
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_request = _leave()
try:
    _run("sitecustomize", importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path))
finally:
    if _request is not None:
        _path = os.path.join(os.path.dirname(_HERE), "child.py")
        _child = _run("_enforcer_child", importlib.util.spec_from_file_location("_enforcer_child", _path))
        if _child is not None:
            _child.start(_request)
