"""The graph of elements, asked for depths, ways and neighbours. Elements are named by their place in the report."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import cached_property

from enforcer.reports.elements import Element


class Elements:
    """The elements of a report. Graphs of several projects are one there, so it may have cycles."""

    def __init__(self, graph: Sequence[Element]) -> None:
        self.graph = graph
        self.place = {element.name: number for number, element in enumerate(graph)}

    @cached_property
    def dependents(self) -> list[list[int]]:
        """For each element those that depend on it directly, in order."""
        found: list[list[int]] = [[] for _ in self.graph]
        for number, element in enumerate(self.graph):
            for dependency in element.dependencies:
                found[dependency].append(number)
        return found

    @cached_property
    def depths(self) -> list[int]:
        """For each element the length of the longest chain of dependencies below it; a cycle is cut where it closes."""
        depths: dict[int, int] = {}
        for start in range(len(self.graph)):
            self._note_depth(start, depths)
        return [depths[number] for number in range(len(self.graph))]

    def _note_depth(self, start: int, depths: dict[int, int]) -> None:
        # A chain may be longer than Python lets functions call each other.
        todo, begun = [start], set[int]()
        while todo:
            number = todo[-1]
            below = self.graph[number].dependencies
            if number not in begun:
                begun.add(number)
                todo += [each for each in below if each not in depths and each not in begun]
                continue
            todo.pop()
            depths.setdefault(number, 1 + max((depths.get(each, -1) for each in below), default=-1))

    def way(self, start: int, end: int) -> list[int]:
        """A shortest chain of dependencies from `start` down to `end`, with both; empty if there is none."""
        came_from = {start: start}
        todo = deque([start])
        while todo and end not in came_from:
            number = todo.popleft()
            for each in self.graph[number].dependencies:
                if each not in came_from:
                    came_from[each] = number
                    todo.append(each)
        if end not in came_from:
            return []
        way = [end]
        while way[-1] != start:
            way.append(came_from[way[-1]])
        return way[::-1]
