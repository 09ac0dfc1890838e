"""What enforcement needs to be there in the installed BuildStream, by name.

BuildStream has no stable API for this: each entry is looked up before anything is patched, and
an installed version that lacks one is refused with its name. What only instances have is looked for
in the code of their class's methods, which must set it.
"""

from __future__ import annotations

import dis
import importlib
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from enforcer.errors import UnsupportedError

SUPPORTED = "2.5 to 2.8"

SEAMS = (
    "buildstream._artifact:Artifact._load_proto",
    "buildstream._artifact:Artifact.get_extract_key",
    "buildstream._artifact:Artifact.get_metadata_keys",
    "buildstream._artifact:Artifact.pull",
    "buildstream._artifact:Artifact.query_cache",
    "buildstream._artifact:Artifact()._artifactdir",
    "buildstream._artifact:Artifact()._cache_key",
    "buildstream._artifact:Artifact()._cached",
    "buildstream._artifact:Artifact()._context",
    "buildstream._artifact:Artifact()._element",
    "buildstream._artifact:Artifact()._proto",
    "buildstream._artifactcache:ArtifactCache.link_key",
    "buildstream._assetcache:AssetCache()._remotes",
    "buildstream._assetcache:RemotePair().index",
    "buildstream._assetcache:RemotePair().storage",
    "buildstream._cachekey:generate_key",
    "buildstream._cas.cascache:_CASCacheUsageMonitor.run",
    "buildstream._cas.cascache:_CASCacheUsageMonitor()._casd",
    "buildstream._cas.casdprocessmanager:CASDProcessManager.get_local_cas",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._ac_service",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._asset_fetch",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._asset_push",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._bytestream",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._casd_cas",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._casd_channel",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._exec_service",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._local_cas",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._lock",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._operations_service",
    "buildstream._context:Context.get_projects",
    "buildstream._context:Context.load",
    "buildstream._context:Context()._casd",
    "buildstream._context:Context()._strict_build_plan",
    "buildstream._context:Context().build",
    "buildstream._context:Context().cachedir",
    "buildstream._context:Context().config_origin",
    "buildstream._context:Context().sourcedir",
    "buildstream._elementproxy:ElementProxy",
    "buildstream._elementsources:ElementSources",
    "buildstream._elementsources:ElementSources.get_cache_key",
    "buildstream._elementsources:ElementSources()._cache_key",
    "buildstream._elementsources:ElementSources()._plugin",
    "buildstream._elementsources:ElementSources()._sources",
    "buildstream._elementsourcescache:ElementSourcesCache._source_path",
    "buildstream._elementsourcescache:ElementSourcesCache.load_proto",
    "buildstream._elementsourcescache:ElementSourcesCache.pull",
    "buildstream._elementsourcescache:ElementSourcesCache()._basedir",
    "buildstream._exceptions:BstError",
    "buildstream._exceptions:ErrorDomain",
    "buildstream._exceptions:SkipJob",
    "buildstream._exceptions:_last_exception",
    "buildstream._exceptions:_last_task_error_domain",
    "buildstream._exceptions:_last_task_error_reason",
    "buildstream._exceptions:set_last_task_error",
    "buildstream._frontend:cli",
    "buildstream._message:Message",
    "buildstream._message:MessageType.START",
    "buildstream._messenger:Messenger.message",
    "buildstream._messenger:Messenger.recorded_messages",
    "buildstream._messenger:Messenger.setup_new_action_context",
    "buildstream._messenger:Messenger()._locals",
    "buildstream._messenger:Messenger()._message_handler",
    "buildstream._messenger:Messenger()._render_status_cb",
    "buildstream._pluginproxy:PluginProxy",
    "buildstream._pluginproxy:PluginProxy()._owner",
    "buildstream._pluginproxy:PluginProxy()._plugin",
    "buildstream._project:Project",
    "buildstream._projectrefs:ProjectRefs",
    "buildstream._remote:BaseRemote",
    "buildstream._remote:BaseRemote()._initialized",
    "buildstream._remote:BaseRemote()._lock",
    "buildstream._remotespec:RemoteSpec._load_credential_files",
    "buildstream._remotespec:RemoteSpec()._client_cert",
    "buildstream._remotespec:RemoteSpec()._client_key",
    "buildstream._remotespec:RemoteSpec()._cred_files_loaded",
    "buildstream._remotespec:RemoteSpec()._server_cert",
    "buildstream._scheduler.jobs.elementjob:ElementJob.child_process",
    "buildstream._scheduler.jobs.job:Job._parent_child_completed",
    "buildstream._scheduler.jobs.job:Job.child_action",
    "buildstream._scheduler.jobs.job:Job.set_message_element_key",
    "buildstream._scheduler.jobs.job:Job.start",
    "buildstream._scheduler.jobs.job:Job()._logfile",
    "buildstream._scheduler.jobs.job:Job()._max_retries",
    "buildstream._scheduler.jobs.job:Job()._message_element_key",
    "buildstream._scheduler.jobs.job:Job()._message_element_name",
    "buildstream._scheduler.jobs.job:Job()._messenger",
    "buildstream._scheduler.jobs.job:Job()._scheduler",
    "buildstream._scheduler.jobs.job:Job()._should_terminate",
    "buildstream._scheduler.jobs.job:Job()._terminate_lock",
    "buildstream._scheduler.jobs.job:Job()._thread_id",
    "buildstream._scheduler.jobs.job:Job()._tries",
    "buildstream._scheduler.jobs.job:_ReturnCode.PERM_FAIL",
    "buildstream._scheduler.jobs.job:_ReturnCode.TERMINATED",
    "buildstream._scheduler.jobs.job:terminate_thread",
    "buildstream._scheduler.queues.queue:Queue._job_done",
    "buildstream._scheduler.queues.queue:Queue.get_process_func",
    "buildstream._scheduler.resources:Resources()._max_resources",
    "buildstream._scheduler.scheduler:Scheduler.run",
    "buildstream._signals:Suspender",
    "buildstream._signals:TerminateException",
    "buildstream._signals:suspend_handler",
    "buildstream._signals:suspendable",
    "buildstream._signals:suspendable_stack",
    "buildstream._signals:terminator",
    "buildstream._signals:terminator_handler",
    "buildstream._signals:terminator_stack",
    "buildstream._sourcecache:SourceCache._source_path",
    "buildstream._sourcecache:SourceCache.contains",
    "buildstream._sourcecache:SourceCache.pull",
    "buildstream._sourcecache:SourceCache()._basedir",
    "buildstream._utils:terminate_thread",
    "buildstream._variables:Variables",
    "buildstream._workspaces:Workspace",
    "buildstream._workspaces:Workspaces",
    "buildstream._yaml:load",
    "buildstream.element:Element._Element__init_splits",
    "buildstream.element:Element._Element__load_sources",
    "buildstream.element:Element._Element__preflight",
    "buildstream.element:Element._dependencies",
    "buildstream.element:Element._file_is_whitelisted",
    "buildstream.element:Element._get_workspace",
    "buildstream.element:Element()._Element__artifact",
    "buildstream.element:Element()._Element__assemble_scheduled",
    "buildstream.element:Element()._Element__build_dependencies",
    "buildstream.element:Element()._Element__build_deps_uncached",
    "buildstream.element:Element()._Element__build_result",
    "buildstream.element:Element()._Element__buildable_callback",
    "buildstream.element:Element()._Element__cache_key",
    "buildstream.element:Element()._Element__cache_key_dict",
    "buildstream.element:Element()._Element__can_query_cache_callback",
    "buildstream.element:Element()._Element__dynamic_public",
    "buildstream.element:Element()._Element__environment",
    "buildstream.element:Element()._Element__proxies",
    "buildstream.element:Element()._Element__ready_for_runtime_and_cached",
    "buildstream.element:Element()._Element__required",
    "buildstream.element:Element()._Element__required_callback",
    "buildstream.element:Element()._Element__reverse_build_deps",
    "buildstream.element:Element()._Element__reverse_runtime_deps",
    "buildstream.element:Element()._Element__runtime_dependencies",
    "buildstream.element:Element()._Element__runtime_deps_uncached",
    "buildstream.element:Element()._Element__sources",
    "buildstream.element:Element()._Element__splits",
    "buildstream.element:Element()._Element__whitelist_regex",
    "buildstream.element:Element()._depth",
    "buildstream.element:Element()._description",
    "buildstream.element:Element()._message_kwargs",
    "buildstream.node:Node.get_provenance",
    "buildstream.node:ProvenanceInformation._project",
    "buildstream.node:ProvenanceInformation._shortname",
    "buildstream.plugin:Plugin._Plugin__TABLE",
    "buildstream.plugin:Plugin._get_context",
    "buildstream.plugin:Plugin._get_project",
    "buildstream.plugin:Plugin._lookup",
    "buildstream.plugin:Plugin()._Plugin__context",
    "buildstream.plugin:Plugin()._Plugin__full_name",
    "buildstream.plugin:Plugin()._Plugin__kind",
    "buildstream.plugin:Plugin()._Plugin__project",
    "buildstream.plugin:Plugin()._unique_id",
    "buildstream.sandbox._config:SandboxConfig",
    "buildstream.source:Source._get_source_name",
    "buildstream.source:Source._get_unique_key",
    "buildstream.source:Source._key",
    "buildstream.source:Source()._Source__element_index",
    "buildstream.source:Source()._Source__is_cached",
    "buildstream.source:Source()._Source__mirror_directory",
    "buildstream.source:Source()._directory",
    "buildstream.types:_DisplayKey",
    "buildstream.types:_Scope.BUILD",
    "buildstream.utils:_USE_CP_FILE_RANGE",
    "buildstream.utils:save_file_atomic",
)
"""`MODULE:NAME.ATTRIBUTE`, or `MODULE:CLASS().ATTRIBUTE` for what instances are given by their own methods."""


def missing() -> list[str]:
    """The seams that the installed BuildStream lacks; empty when it can be enforced."""
    # Kept for this one look: many seams are of one class, and the next BuildStream that is looked at may be another.
    set_by_methods = cache(_set_by_methods)
    return [seam for seam in SEAMS if not _exists(seam, set_by_methods)]


def check_buildstream() -> None:
    """Raise `UnsupportedError` naming the first missing seam, or why BuildStream cannot be imported at all."""
    try:
        from buildstream import __version__
    except ImportError as error:
        raise UnsupportedError(
            f"BuildStream cannot be imported ({error}): install one of the supported versions ({SUPPORTED})"
        ) from error
    lacking = missing()
    if lacking:
        raise UnsupportedError(
            f"BuildStream {__version__} has no {lacking[0].replace(':', '.')}, which enforcement needs: "
            f"install one of the supported versions ({SUPPORTED})"
        )


def _exists(seam: str, set_by_methods: Callable[[Any], set[str]]) -> bool:
    module_name, _, path = seam.partition(":")
    try:
        found: object = importlib.import_module(module_name)
    except ImportError:
        return False
    owner, instance, attribute = path.partition("().")
    for name in owner.split("."):
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return not instance or attribute in set_by_methods(found)


def _set_by_methods(cls: Any) -> set[str]:
    """The attributes that the methods of `cls` set on objects: without an instance, all that tells what one has."""
    members = [member for base in cls.__mro__ for member in vars(base).values()]
    codes = [function.__code__ for member in members for function in _functions(member)]
    return set().union(*map(_stored, codes))


def _functions(member: object) -> list[FunctionType]:
    """The functions behind a method, a class or static method, or a property."""
    if isinstance(member, (classmethod, staticmethod)):
        member = member.__func__
    found = (member.fget, member.fset, member.fdel) if isinstance(member, property) else (member,)
    return [function for function in found if isinstance(function, FunctionType)]


_STORE_ATTR = dis.opmap["STORE_ATTR"]


# By what the code is, so that it is read once a process and not at each activation.
@cache
def _stored(code: CodeType) -> frozenset[str]:
    names = set()
    argument = 0
    # Not `dis.get_instructions`: every start waits for this, and that takes twenty times as long.
    for operation, low in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument = argument << 8 | low
        if operation == _STORE_ATTR:
            names.add(code.co_names[argument])
        if operation != dis.EXTENDED_ARG:
            argument = 0
    nested = [_stored(const) for const in code.co_consts if isinstance(const, CodeType)]
    return frozenset(names).union(*nested)
