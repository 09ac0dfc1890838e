"""What detection saw of one job, as plain data: all that a rule may judge by."""

from __future__ import annotations

from dataclasses import dataclass

from enforcer.results.findings import Job, Maker, Owner, Site

UNIT_KINDS = ("element", "project", "context", "class", "module", "process")


@dataclass(frozen=True)
class Change:
    """One changed cell outside of the job's own unit; core fills are already removed.

    Attributes:
        owner: whose state it is, as a message names it.
        unit_kind: one of `UNIT_KINDS`; decides which rule judges the change.
        path: where, as a plugin author would write it.
        change: `set`, `added`, `removed` or `reordered`.
        before: address-free text of the old value, None where there was none.
        after: the same of the new value.
        aliases: names of other units that hold the same container.
        explanation: lines that say more precisely what differs inside of a large value.
        undone: whether the change was taken back; None where it is left in the one worker that made it.
        obtained: the first line of plugin code that reached into the foreign unit, if known.
        dependents: how many elements depend on the owner.
        site: the line of plugin code that made the change, if known.
        core: the line of BuildStream that did so on its behalf, if it was not plugin code itself.
        unblamed: why there is no site.
        maker: the plugin whose code made the change, if known.
    """

    owner: Owner
    unit_kind: str
    path: str
    change: str
    before: str | None = None
    after: str | None = None
    aliases: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    undone: bool | None = True
    obtained: Site | None = None
    dependents: int = 0
    site: Site | None = None
    core: Site | None = None
    unblamed: str | None = None
    maker: Maker | None = None


@dataclass(frozen=True)
class Drift:
    """A `get_unique_key()` of the job's element, or of a source of it, that changed during the job.

    `path` is how the call is written from the element: `sources[0].get_unique_key()`; `site` the last line of the job
    that assigned to an attribute which the call names, if known; `maker` the plugin whose code that is, else the one
    whose key it is.
    """

    owner: Owner
    path: str
    before: str
    after: str
    site: Site | None = None
    maker: Maker | None = None


@dataclass(frozen=True)
class Left:
    """A thread or process that the job left running, or what it left open or behind.

    With the line and the plugin that started, opened or made it, if known.
    """

    name: str
    site: Site | None = None
    maker: Maker | None = None


@dataclass(frozen=True)
class Unshippable:
    """Something in the job's own state that cannot be sent to another process.

    `path` is where, as a plugin author would write it from the element (`handle`, `sources[0].session`),
    `type_name` what it is (`_thread.lock`), `obtained` a line of plugin code that names it, if known, `site` the line
    that assigned it, `maker` the plugin whose code did, else the one that holds it; `in_place` whether all processes
    have the object, and only what the job did to it stays.
    """

    owner: Owner
    path: str
    type_name: str
    obtained: Site | None = None
    site: Site | None = None
    maker: Maker | None = None
    in_place: bool = False


@dataclass(frozen=True)
class SharedLock:
    """A lock of a module or class that plugin code of the job used; `path` is its name there, or its table's.

    `obtained` is the line that names it in the function that ran, `maker` the plugin whose code that is, if known;
    `kept` whether, where the lock keeps out nobody, no other job could come to it meanwhile (None where it does).
    """

    owner: Owner
    path: str
    obtained: Site | None = None
    kept: bool | None = None
    maker: Maker | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything that was seen of one job.

    Attributes:
        job: the job that is judged.
        changes: foreign changes only.
        threads: the threads that the job left running.
        processes: the child processes that it left running.
        drifts: unique keys that changed.
        plugin_file: the file of the element's plugin, named as in a `Site`.
        unshippable: what the job left in its own state and no other process can get.
        locks: locks of modules and classes that it used.
        unfollowed: why nobody looked for lines, where that is so.
        failed: whether it has failed by itself.
        descriptors: what it left open.
        temporary: the temporary files that it left behind, and the directories: their names end with a slash.
    """

    job: Job
    changes: tuple[Change, ...] = ()
    threads: tuple[Left, ...] = ()
    processes: tuple[Left, ...] = ()
    drifts: tuple[Drift, ...] = ()
    plugin_file: str | None = None
    unshippable: tuple[Unshippable, ...] = ()
    locks: tuple[SharedLock, ...] = ()
    unfollowed: str | None = None
    failed: bool = False
    descriptors: tuple[Left, ...] = ()
    temporary: tuple[Left, ...] = ()
