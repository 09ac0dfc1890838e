"""What enforcement needs to be there in the installed BuildStream, by name.

BuildStream has no stable API for this: each entry is looked up before anything is patched, and
an installed version that lacks one is refused with its name.
"""

from __future__ import annotations

import importlib
from inspect import isfunction
from typing import Any

from enforcer.errors import UnsupportedError

SUPPORTED = "2.5 to 2.8"

SEAMS = (
    "buildstream._artifact:Artifact._load_proto",
    "buildstream._artifact:Artifact()._element",
    "buildstream._artifactcache:ArtifactCache.link_key",
    "buildstream._assetcache:AssetCache()._remotes",
    "buildstream._assetcache:RemotePair().index",
    "buildstream._assetcache:RemotePair().storage",
    "buildstream._cachekey:generate_key",
    "buildstream._cas.cascache:_CASCacheUsageMonitor.run",
    "buildstream._cas.cascache:_CASCacheUsageMonitor()._casd",
    "buildstream._cas.casdprocessmanager:CASDProcessManager.get_local_cas",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._casd_channel",
    "buildstream._cas.casdprocessmanager:CASDProcessManager()._lock",
    "buildstream._context:Context.get_projects",
    "buildstream._context:Context.load",
    "buildstream._context:Context()._casd",
    "buildstream._context:Context().config_origin",
    "buildstream._context:Context().sourcedir",
    "buildstream._elementproxy:ElementProxy",
    "buildstream._elementsources:ElementSources",
    "buildstream._elementsourcescache:ElementSourcesCache._source_path",
    "buildstream._exceptions:BstError",
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
    "buildstream._signals:terminator_stack",
    "buildstream._sourcecache:SourceCache._source_path",
    "buildstream._utils:terminate_thread",
    "buildstream._variables:Variables",
    "buildstream._workspaces:Workspace",
    "buildstream._workspaces:Workspaces",
    "buildstream._yaml:load",
    "buildstream.element:Element._file_is_whitelisted",
    "buildstream.element:Element._Element__init_splits",
    "buildstream.element:Element()._Element__proxies",
    "buildstream.element:Element()._message_kwargs",
    "buildstream.node:Node.get_provenance",
    "buildstream.node:ProvenanceInformation._project",
    "buildstream.node:ProvenanceInformation._shortname",
    "buildstream.plugin:Plugin._Plugin__TABLE",
    "buildstream.plugin:Plugin._get_context",
    "buildstream.plugin:Plugin._lookup",
    "buildstream.plugin:Plugin()._unique_id",
    "buildstream.source:Source._get_unique_key",
    "buildstream.utils:save_file_atomic",
)
"""`MODULE:NAME.ATTRIBUTE`, or `MODULE:CLASS().ATTRIBUTE` for what instances are given by their own methods."""


def missing() -> list[str]:
    """The seams that the installed BuildStream lacks; empty when it can be enforced."""
    return [seam for seam in SEAMS if not _exists(seam)]


def check() -> None:
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


def _exists(seam: str) -> bool:
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
    return not instance or _is_used_by_methods(found, attribute)


def _is_used_by_methods(cls: Any, attribute: str) -> bool:
    codes = [value.__code__ for base in cls.__mro__ for value in vars(base).values() if isfunction(value)]
    return any(attribute in code.co_names for code in codes)
