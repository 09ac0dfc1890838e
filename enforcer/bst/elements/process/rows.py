"""What belongs to the whole process, row by row: how it is read and put back, and why it matters.

`docs/process-state.md` is made from this list. It is read around every job: by the identity of what a name leads to,
where that says enough. Nothing that a plugin made is called, compared or printed.

Python fills some of it itself, when it is first asked. Such a memo is read as if it were not filled.
"""

from __future__ import annotations

import _locale
import _signal  # type: ignore[import-not-found]  # what `signal` wraps
import asyncio
import atexit
import copyreg
import csv
import decimal
import encodings.aliases
import faulthandler
import gc
import gettext
import http.client
import locale
import logging
import mimetypes
import multiprocessing.context
import os
import random
import resource
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from xml.etree import ElementTree

from enforcer.bst.elements.process import memos, reading
from enforcer.bst.elements.process.c_environment import C_ENVIRONMENT, CEnvironment
from enforcer.bst.elements.process.descriptors import standard_descriptors
from enforcer.bst.elements.process.environment import ENVIRONMENT
from enforcer.bst.elements.process.loggers import clear_loggers, logger_cells
from enforcer.bst.elements.process.of_thread import hook_of_thread
from enforcer.bst.elements.process.patched import builtin_cells
from enforcer.graph.kinds import PROBE, Probe
from enforcer.graph.some_entries import CURRENT_DICT, CURRENT_LIST, PART, Current, PartOf
from enforcer.graph.unit import Cell

YES = "yes"
_ONLY_MAIN = "no: only the main thread could"


class ProcessRow(NamedTuple):
    """One piece of state.

    Attributes:
        name: as an author would write it.
        why: what comes of a change.
        cells: makes the cells that read and restore it.
        doors: what code names to change it, beside the attributes and containers themselves.
        methods: names of methods that change it, of objects that are not known before the code runs.
        restored: whether it can be put back, or why not.
        stores: attributes that change it when they are stored to, with their owners.
        is_patch: whether it changes what names in code mean.
    """

    name: str
    why: str
    cells: Callable[[], Iterable[Cell]]
    doors: tuple[Any, ...] = ()
    methods: tuple[str, ...] = ()
    restored: str = YES
    stores: tuple[tuple[Any, str], ...] = ()
    is_patch: bool = False


def _probe(
    name: str, read: Callable[[], Any], write: Callable[[Any], Any] | None = None
) -> Callable[[], Iterable[Cell]]:
    return lambda: [Cell(PROBE, Probe(name, read, write), None, "")]


def _part(label: str, owner: Any, *names: str, after: Callable[[], None] | None = None) -> Callable[[], Iterable[Cell]]:
    return lambda: [Cell(PART, PartOf(owner, names, after), None, label)]


def _list(label: str, find: Callable[[], Any], **more: Any) -> Callable[[], Iterable[Cell]]:
    return lambda: [Cell(CURRENT_LIST, Current(find, **more), None, label)]


def _dict(label: str, find: Callable[[], Any], **more: Any) -> Callable[[], Iterable[Cell]]:
    return lambda: [Cell(CURRENT_DICT, Current(find, **more), None, label)]


def _all(*parts: Callable[[], Iterable[Cell]]) -> Callable[[], Iterable[Cell]]:
    return lambda: [cell for part in parts for cell in part()]


def _name(module: Any, name: str, **more: Any) -> dict[str, Any]:
    """What `_list` and `_dict` want to know of the container that a global of a module is."""
    space = vars(module)
    return {
        "find": lambda: space[name],
        "rebind": lambda value: space.__setitem__(name, value),
        "place": (module, name),
        **more,
    }


_ENVIRON = os.environ
_SYS_HOOKS = ("excepthook", "unraisablehook", "displayhook", "breakpointhook")
_SYS_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
_SYS_SETTINGS = (
    "dont_write_bytecode",
    "pycache_prefix",
    "executable",
    "prefix",
    "exec_prefix",
    "base_prefix",
    "modules",
)
_HTTP = ("debuglevel", "default_port", "auto_open", "_http_vsn", "_http_vsn_str")

ROWS: tuple[ProcessRow, ...] = (
    # The environment.
    ProcessRow(
        "os.environ",
        "every program and sandbox that is started from then on inherits it",
        _all(
            lambda: [Cell(ENVIRONMENT, _ENVIRON, None, "os.environ")],
            _part("os", os, "environ", "environb"),
        ),
        (os.environ, os.environb),
    ),
    ProcessRow(
        "os.putenv()",
        "programs inherit what `os.environ` does not show",
        lambda: [Cell(C_ENVIRONMENT, CEnvironment(), None, "os.putenv")],
        (os.putenv, os.unsetenv),
    ),
    ProcessRow(
        "os.chdir()",
        "relative paths of all jobs mean something else",
        _probe("os.getcwd()", reading.directory, reading.set_directory),
        (os.chdir, os.fchdir),
    ),
    ProcessRow(
        "os.umask()",
        "files of all jobs get other modes",
        _probe("umask", reading.umask, reading.set_umask),
        (os.umask,),
    ),
    ProcessRow(
        "locale.setlocale()",
        "numbers, dates and messages of C libraries are written in another language",
        _probe("locale.setlocale(LC_ALL)", reading.locale, reading.set_locale),
        (locale.setlocale, _locale.setlocale),
    ),
    ProcessRow(
        "time.tzset()",
        "local times of all jobs are another zone's",
        _part("time", time, "tzname", after=reading.set_time_zone),
        (time.tzset,),
    ),
    # Signals, limits, and what the kernel keeps.
    ProcessRow(
        "signal.signal()",
        "BuildStream's own handlers end jobs and suspend them",
        _probe("signal handlers", reading.signal_handlers),
        (signal.signal, _signal.signal),
        restored=_ONLY_MAIN,
    ),
    ProcessRow(
        "signal.pthread_sigmask()",
        "a signal that is blocked ends no job",
        _probe("signal.pthread_sigmask()", reading.MASK.read, reading.MASK.write),
        (signal.pthread_sigmask,),
    ),
    ProcessRow(
        "signal.setitimer(), signal.alarm()",
        "a timer ends the process in the middle of another job",
        _probe("signal.getitimer()", memos.Timers().read, memos.stop_timers),
        (signal.setitimer, signal.alarm),
    ),
    ProcessRow(
        "resource.setrlimit()",
        "later jobs, and all that they start, have less memory, files or time",
        reading.limit_cells,
        (resource.setrlimit, getattr(resource, "prlimit", None)),
        restored="yes, but for a hard limit that was lowered",
    ),
    ProcessRow(
        "os.nice(), os.setpriority()",
        "later jobs in the same thread, and all that they start, run slower",
        _probe("os.nice()", reading.NICE.read, reading.NICE.write),
        (os.nice, os.setpriority),
        restored="yes, where the user may",
    ),
    ProcessRow(
        "os.sched_setaffinity()",
        "later jobs in the same thread have fewer processors",
        _probe("os.sched_getaffinity()", reading.AFFINITY.read, reading.AFFINITY.write),
        (os.sched_setaffinity,),
    ),
    ProcessRow(
        "the descriptors 0 to 2",
        "what other jobs, and the programs that they start, read and print goes elsewhere",
        standard_descriptors,
        (os.dup2, os.close, os.closerange),
    ),
    # The network.
    ProcessRow(
        "socket.setdefaulttimeout()",
        "connections of all later jobs give up early, or never",
        _probe("socket.getdefaulttimeout()", socket.getdefaulttimeout, socket.setdefaulttimeout),
        (socket.setdefaulttimeout,),
    ),
    ProcessRow(
        "ssl._create_default_https_context",
        "downloads of all later jobs are not verified, or by other certificates",
        _part("ssl", ssl, "_create_default_https_context", "_create_stdlib_context", "create_default_context"),
    ),
    ProcessRow(
        "urllib.request.install_opener()",
        "downloads of all later jobs go through it: not verified, by another proxy, or with credentials of others",
        _probe("urllib.request._opener", memos.opener, memos.set_opener),
        (urllib.request.install_opener,),
        stores=((urllib.request, "_opener"),),
    ),
    ProcessRow(
        "http.client.HTTPConnection.debuglevel",
        "headers of all later requests, with their secrets, get into logs",
        _all(
            _part("http.client.HTTPConnection", http.client.HTTPConnection, *_HTTP),
            _part("http.client.HTTPSConnection", http.client.HTTPSConnection, *_HTTP),
        ),
    ),
    # What is said.
    ProcessRow(
        "warnings.filters",
        "warnings of other plugins are hidden, or raise",
        _list("warnings.filters", **_name(warnings, "filters", by_imports=True, after=reading.forget_filters)),
        (warnings.simplefilter, warnings.filterwarnings, warnings.resetwarnings),
    ),
    ProcessRow(
        "warnings.showwarning",
        "warnings of other plugins go elsewhere",
        _part("warnings", warnings, "showwarning", "formatwarning", "_showwarnmsg_impl", "defaultaction"),
        (logging.captureWarnings,),
    ),
    ProcessRow(
        "logging.basicConfig(), levels and handlers of loggers",
        "what other plugins and libraries log is hidden, doubled, or goes elsewhere",
        logger_cells,
        (logging.basicConfig, logging.getLogger, logging.root),
        ("setLevel", "addHandler", "removeHandler", "addFilter", "removeFilter", "dictConfig", "fileConfig"),
    ),
    ProcessRow(
        "logging.disable()",
        "nobody's records are written",
        _part(
            "logging.root.manager",
            logging.root.manager,
            "_disable",
            "loggerClass",
            "logRecordFactory",
            after=clear_loggers,
        ),
        (logging.disable,),
    ),
    ProcessRow(
        "logging.setLoggerClass(), logging.addLevelName(), logging.raiseExceptions",
        "loggers that others get behave differently",
        _all(
            _part(
                "logging",
                logging,
                "_loggerClass",
                "_logRecordFactory",
                "raiseExceptions",
                "lastResort",
                "logThreads",
                "logProcesses",
            ),
            _part("logging.Logger", logging.Logger, "callHandlers"),
            _dict("logging._levelToName", **_name(logging, "_levelToName")),
            _dict("logging._nameToLevel", **_name(logging, "_nameToLevel")),
        ),
        (logging.setLoggerClass, logging.setLogRecordFactory, logging.addLevelName),
    ),
    ProcessRow(
        "sys.stdout, sys.stderr, sys.stdin", "what other jobs print goes elsewhere", _part("sys", sys, *_SYS_STREAMS)
    ),
    # Python's own switches.
    ProcessRow(
        "sys.excepthook, sys.unraisablehook, sys.displayhook, sys.breakpointhook, threading.excepthook",
        "errors of others are reported differently, or not at all",
        _all(_part("sys", sys, *_SYS_HOOKS), _part("threading", threading, "excepthook")),
    ),
    ProcessRow(
        "sys.settrace(), sys.setprofile(), threading.settrace(), threading.setprofile()",
        "all later code of the thread runs through it; coverage and debuggers are gone",
        _all(
            _probe("sys.gettrace()", reading.TRACE.read, reading.TRACE.write),
            _probe("sys.getprofile()", reading.PROFILE.read, reading.PROFILE.write),
            _probe("threading.settrace()", hook_of_thread(lambda: threading._trace_hook), threading.settrace),  # type: ignore[attr-defined]
            _probe("threading.setprofile()", lambda: threading._profile_hook, threading.setprofile),
        ),
        (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile),
    ),
    ProcessRow(
        "sys.setrecursionlimit()",
        "deep recursion of others fails, or crashes the process",
        _probe("sys.getrecursionlimit()", sys.getrecursionlimit, sys.setrecursionlimit),
        (sys.setrecursionlimit,),
    ),
    ProcessRow(
        "sys.setswitchinterval()",
        "threads take turns differently",
        _probe("sys.getswitchinterval()", sys.getswitchinterval, sys.setswitchinterval),
        (sys.setswitchinterval,),
    ),
    ProcessRow(
        "threading.stack_size()",
        "threads of others crash, or take more memory",
        _probe("threading.stack_size()", reading.stack_size, threading.stack_size),
        (threading.stack_size,),
    ),
    ProcessRow(
        "gc.disable(), gc.set_threshold(), gc.set_debug()",
        "memory grows for all, or each collection takes longer",
        _probe("gc.isenabled(), gc.get_threshold(), gc.get_debug()", reading.gc_switches, reading.set_gc_switches),
        (gc.disable, gc.enable, gc.set_threshold, gc.set_debug),
    ),
    ProcessRow(
        "gc.callbacks", "it runs in everybody's code", _list("gc.callbacks", **_name(gc, "callbacks", by_imports=True))
    ),
    ProcessRow(
        "faulthandler.enable(), faulthandler.disable()",
        "a crash is reported differently",
        _probe("faulthandler.is_enabled()", faulthandler.is_enabled, reading.set_faulthandler),
        (faulthandler.enable, faulthandler.disable),
    ),
    ProcessRow(
        "sys.argv",
        "code that reads the command line, or starts the command again, is misled",
        _list("sys.argv", **_name(sys, "argv")),
    ),
    ProcessRow(
        "sys.executable, sys.prefix, sys.dont_write_bytecode",
        "programs and files of others are looked for elsewhere",
        _part("sys", sys, *_SYS_SETTINGS),
    ),
    # What imports and names mean.
    ProcessRow("sys.path", "later imports of all jobs find other modules", _list("sys.path", **_name(sys, "path"))),
    ProcessRow(
        "sys.meta_path, sys.path_hooks",
        "later imports of all jobs run through it",
        _all(
            _list("sys.meta_path", **_name(sys, "meta_path", by_imports=True)),
            _list("sys.path_hooks", **_name(sys, "path_hooks", by_imports=True)),
        ),
    ),
    ProcessRow(
        "sys.modules",
        "whoever imports the module gets another one; entries that an import adds are no change",
        reading.module_cells,
        is_patch=True,
    ),
    ProcessRow(
        "builtins", "the name means something else in all code", builtin_cells, (gettext.install,), is_patch=True
    ),
    # Registries and defaults of Python's library.
    ProcessRow(
        "random.seed()",
        "numbers that others draw can be foretold, or repeat; drawing is no change",
        lambda: [Cell(PROBE, reading.RANDOM.probe(), None, "")],
        (random.seed, random.setstate),
    ),
    ProcessRow(
        "tempfile.tempdir",
        "temporary files of all later jobs are made elsewhere",
        _probe("tempfile.tempdir", memos.TempDir().read, memos.set_tempdir),
        stores=((tempfile, "tempdir"),),
    ),
    ProcessRow(
        "tempfile.template", "temporary files of others have other names", _part("tempfile", tempfile, "template")
    ),
    ProcessRow(
        "decimal.getcontext(), decimal.DefaultContext",
        "numbers of later jobs in the same thread, or in all new ones, are rounded differently",
        _all(
            _probe("decimal.getcontext()", reading.DECIMAL.read, reading.DECIMAL.write),
            reading.decimal_context_cells,
        ),
        (decimal.getcontext, decimal.setcontext, decimal.DefaultContext, decimal.BasicContext, decimal.ExtendedContext),
    ),
    ProcessRow(
        "shutil.register_unpack_format(), shutil.register_archive_format()",
        "archives of others are unpacked by other code",
        _all(
            _dict("shutil._UNPACK_FORMATS", **_name(shutil, "_UNPACK_FORMATS", by_imports=True)),
            _dict("shutil._ARCHIVE_FORMATS", **_name(shutil, "_ARCHIVE_FORMATS", by_imports=True)),
        ),
        (
            shutil.register_unpack_format,
            shutil.unregister_unpack_format,
            shutil.register_archive_format,
            shutil.unregister_archive_format,
        ),
    ),
    ProcessRow(
        "mimetypes.add_type()",
        "types of others' files are guessed differently",
        memos.mime_tables,
        (mimetypes.add_type, mimetypes.init),
    ),
    ProcessRow(
        "xml.etree.ElementTree.register_namespace()",
        "prefixes in others' files are different",
        _dict("xml.etree.ElementTree._namespace_map", **_name(ElementTree, "_namespace_map", by_imports=True)),
        (ElementTree.register_namespace,),
    ),
    ProcessRow(
        "csv.field_size_limit(), csv.register_dialect()",
        "others' tables are read differently, or not at all",
        _all(_probe("csv.field_size_limit()", csv.field_size_limit, csv.field_size_limit), reading.dialect_cells),
        (csv.field_size_limit, csv.register_dialect, csv.unregister_dialect),
    ),
    ProcessRow(
        "copyreg.pickle()",
        "objects of others are pickled by other code",
        _dict("copyreg.dispatch_table", **_name(copyreg, "dispatch_table", by_imports=True)),
        (copyreg.pickle,),
    ),
    ProcessRow(
        "encodings.aliases",
        "names of encodings mean others",
        _dict("encodings.aliases.aliases", **_name(encodings.aliases, "aliases", by_imports=True)),
    ),
    ProcessRow(
        "gettext.textdomain(), gettext.bindtextdomain()",
        "messages of others are translated from other files",
        _all(
            _part("gettext", gettext, "_current_domain"), _dict("gettext._localedirs", **_name(gettext, "_localedirs"))
        ),
        (gettext.textdomain, gettext.bindtextdomain),
    ),
    ProcessRow(
        "asyncio.set_event_loop_policy()",
        "event loops of others are of another kind",
        _probe("asyncio.get_event_loop_policy()", memos.LOOP_POLICY.read, memos.LOOP_POLICY.write),
        (asyncio.set_event_loop_policy,),
        stores=((asyncio.events, "_event_loop_policy"),),
    ),
    ProcessRow(
        "multiprocessing.set_start_method()",
        "processes of others start in another way",
        _probe("multiprocessing.get_start_method()", memos.start_method, memos.set_start_method),
        (multiprocessing.set_start_method,),
    ),
    ProcessRow(
        "atexit.register()",
        "it runs when BuildStream ends; where jobs are processes it never does",
        lambda: [Cell(PROBE, memos.AtExit(), None, "")],
        (atexit.register, atexit.unregister),
        restored="no: Python does not say what is registered",
    ),
)
