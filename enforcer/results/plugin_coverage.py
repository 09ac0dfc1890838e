"""Which lines and methods of plugins ran inside of checked jobs: what there is, and what ran, as data that merges."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

PLUGIN_TYPES = ("element", "source", "mirror")


@dataclass(frozen=True)
class Method:
    """A method of a plugin class that BuildStream calls.

    Attributes:
        name: as BuildStream calls it, `stage`.
        defined_in: the class that has its code, `my_kind.MyElement`; it may be an inherited one.
        in_jobs: whether BuildStream calls it in jobs. It calls others when it loads, on its main thread.
    """

    name: str
    defined_in: str
    in_jobs: bool


@dataclass(frozen=True)
class PluginCode:
    """A class, or the functions of a module outside of its classes, in a file of plugin code.

    Attributes:
        name: `my_kind.MyElement` for a class, `my_kind` for a module.
        type: `element`, `source` or `mirror` for a plugin class, else empty: code that plugins use.
        kind: of a plugin class, as projects name it; else empty.
        file: as messages name it.
        bundled: whether it comes with BuildStream.
        lines: the numbers of the lines in functions, sorted. What runs when the file is imported is none of them.
        outside: of these the lines of functions that BuildStream calls outside of jobs.
        methods: of a plugin class those that BuildStream calls and that are not merely its own defaults.
    """

    name: str
    type: str
    kind: str
    file: str
    bundled: bool
    lines: tuple[int, ...]
    outside: tuple[int, ...] = ()
    methods: tuple[Method, ...] = ()

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> PluginCode:
        """The inverse of `dataclasses.asdict`, also after a way through JSON."""
        methods = tuple(Method(**method) for method in data["methods"])
        lines = {name: tuple(data[name]) for name in ("lines", "outside")}
        return cls(**{**data, **lines, "methods": methods})


@dataclass
class Ran:
    """What of a `PluginCode` ran inside of checked jobs: numbers of lines, and names of methods."""

    lines: set[int] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)

    def merge(self, other: Ran) -> None:
        """Add what ran elsewhere."""
        self.lines |= other.lines
        self.methods |= other.methods


@dataclass
class Coverage:
    """What there is and what ran, each by the same keys.

    A key stands for one text of a file, so that two versions of a plugin are not taken for one.
    """

    code: dict[str, PluginCode] = field(default_factory=dict)
    ran: dict[str, Ran] = field(default_factory=dict)

    def merge(self, other: Coverage) -> None:
        """Add what another process or phase saw."""
        self.code.update(other.code)
        self.add(other.ran)

    def add(self, ran: dict[str, Ran]) -> None:
        """Add what one job ran."""
        for key, found in ran.items():
            self.ran.setdefault(key, Ran()).merge(found)

    def to_plain(self) -> dict[str, Any]:
        """JSON-ready data (sets sorted); the inverse of `from_plain`."""
        return {
            "code": {key: asdict(code) for key, code in sorted(self.code.items())},
            "ran": {key: [sorted(ran.lines), sorted(ran.methods)] for key, ran in sorted(self.ran.items())},
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Coverage:
        """Rebuild it from `to_plain` data."""
        return cls(
            {key: PluginCode.from_plain(code) for key, code in data["code"].items()},
            {key: Ran(set(lines), set(methods)) for key, (lines, methods) in data["ran"].items()},
        )
