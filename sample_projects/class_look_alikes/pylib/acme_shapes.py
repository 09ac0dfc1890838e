"""Abstract shapes, beside the plugins."""

import abc


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self):
        """How large it is."""


class Square:
    def area(self):
        """That of a unit square."""
        return 1


Shape.register(Square)
