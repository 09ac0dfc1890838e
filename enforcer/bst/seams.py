"""What enforcement needs to be there in the installed BuildStream, by name.

BuildStream has no stable API for this: each entry is looked up before anything is patched, and
an installed version that lacks one is refused with its name.
"""

from __future__ import annotations

import importlib

from enforcer.errors import UnsupportedError

SUPPORTED = "2.5 to 2.8"

SEAMS = (
    "buildstream._artifact:Artifact._load_proto",
    "buildstream._artifactcache:ArtifactCache.link_key",
    "buildstream._cachekey:generate_key",
    "buildstream._cas.cascache:_CASCacheUsageMonitor",
    "buildstream._context:Context.get_projects",
    "buildstream._elementproxy:ElementProxy",
    "buildstream._elementsourcescache:ElementSourcesCache._source_path",
    "buildstream._exceptions:BstError",
    "buildstream._frontend:cli",
    "buildstream._messenger:Messenger.message",
    "buildstream._pluginproxy:PluginProxy",
    "buildstream._project:Project",
    "buildstream._remote:BaseRemote",
    "buildstream._scheduler.jobs.elementjob:ElementJob.child_process",
    "buildstream._scheduler.jobs.job:Job._parent_child_completed",
    "buildstream._scheduler.jobs.job:Job.child_action",
    "buildstream._scheduler.jobs.job:_ReturnCode.PERM_FAIL",
    "buildstream._scheduler.jobs.job:_ReturnCode.TERMINATED",
    "buildstream._scheduler.scheduler:Scheduler.run",
    "buildstream._signals:TerminateException",
    "buildstream._sourcecache:SourceCache._source_path",
    "buildstream._variables:Variables",
    "buildstream.element:Element._file_is_whitelisted",
    "buildstream.element:Element._Element__init_splits",
    "buildstream.node:ProvenanceInformation",
    "buildstream.plugin:Plugin._Plugin__TABLE",
    "buildstream.source:Source._get_unique_key",
    "buildstream.utils:save_file_atomic",
)


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
    for name in path.split("."):
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True
