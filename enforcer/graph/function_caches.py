"""What a function with `functools.lru_cache` or `cache` has computed.

It is kept in C, where the collector shows it: for a cache without bound the dictionary of results, else each key
followed by its result and by the type of the links that they are in.
"""

from __future__ import annotations

import functools
import gc
from typing import Any

from enforcer.graph.kinds import CannotRestore, Contents, ListedKind, by_name
from enforcer.graph.show import show


def _sample(value: Any) -> Any:
    return value


def _type_of_links() -> type | None:
    """The type of the links in a bounded cache; None for an interpreter that shows its caches in another way."""
    cached = functools.lru_cache(maxsize=1)(_sample)
    cached("key")
    shown = gc.get_referents(cached)
    return shown[3] if len(shown) > 4 and shown[1:3] == ["key", "key"] and type(shown[3]) is type else None


_LINK = _type_of_links()
_cache_info = type(functools.lru_cache(_sample)).cache_info


def _bounded(shown: list[Any]) -> Contents:
    found, at = [], 1
    while at + 2 < len(shown) and shown[at + 2] is _LINK:
        found.append((shown[at], shown[at + 1]))
        at += 3
    return found


def _table(shown: list[Any]) -> dict[Any, Any]:
    """The dictionary of results of a cache without bound; an empty one for any other."""
    return shown[1] if len(shown) > 3 and type(shown[1]) is dict and shown[3] is not _LINK else {}


class FunctionCacheKind(ListedKind):
    """The results that such a function has kept, by its arguments. What it has forgotten it computes again."""

    ordered = False

    def contents(self, obj: Any) -> Contents:
        """Results by arguments."""
        shown = gc.get_referents(obj)
        found = _bounded(shown)
        table = {} if found else _table(shown)
        return found or list(zip(dict.keys(table), dict.values(table), strict=True))

    def restore(self, obj: Any, before: Contents) -> None:
        """What was added may stay: it is as good as what would be computed."""
        now = by_name(self.contents(obj))
        lost = [entry for key, entry in by_name(before).items() if key not in now or now[key][1] is not entry[1]]
        table = _table(gc.get_referents(obj))
        if lost and _cache_info(obj).maxsize is not None:
            raise CannotRestore(self.step(obj, lost[0][0]))
        for key, value in lost:
            dict.__setitem__(table, key, value)

    def step(self, obj: Any, name: Any) -> str:
        """A call with these arguments."""
        arguments = name if type(name) is tuple else (name,)
        marks = [at for at, each in enumerate(arguments) if type(each) is object]
        positional, named = (arguments[: marks[0]], arguments[marks[0] + 1 :]) if marks else (arguments, ())
        texts = [show(each) for each in positional]
        texts += [f"{_plain(key)}={show(value)}" for key, value in zip(named[::2], named[1::2], strict=False)]
        return f"({', '.join(texts)})"


def _plain(name: Any) -> str:
    return name if type(name) is str else show(name)


def is_full(obj: Any) -> bool:
    """Whether the cache holds so much that it forgets something with each new result."""
    info = _cache_info(obj)
    return info.maxsize is not None and info.currsize >= info.maxsize


FUNCTION_CACHE = FunctionCacheKind()


def _is_shown() -> bool:
    """Whether what is said here is true of this interpreter."""
    bounded, unbounded = functools.lru_cache(maxsize=2)(_sample), functools.lru_cache(maxsize=None)(_sample)
    for cached in (bounded, unbounded):
        empty = FUNCTION_CACHE.contents(cached)
        cached("a")
        cached(())
        if _LINK is None or empty or len(FUNCTION_CACHE.contents(cached)) != 2:
            return False
    return True


SHOWN = _is_shown()
"""Whether the contents of such caches can be seen here."""
