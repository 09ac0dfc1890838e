"""What an abstract class has registered is its state; what it has found out by itself is a memo."""

from __future__ import annotations

import abc
from typing import Any

import pytest

from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from tests.graph.build import told
from tests.graph.policies import OpenPolicy

asked: list[str] = []


class Asking(abc.ABCMeta):
    """A metaclass with an attribute access of its own."""

    def __getattribute__(cls, name: str) -> Any:
        asked.append(name)
        return super().__getattribute__(name)


class Known:
    """Registered from the beginning."""


class Other:
    """To be registered."""


@pytest.fixture
def shape() -> Any:
    class Base(abc.ABC):
        """Above the one that is changed."""

        @abc.abstractmethod
        def area(self) -> int: ...

    class Shape(Base):
        """The one that is changed."""

    Shape.register(Known)
    return Shape


def _graph(cls: type) -> Graph:
    graph = Graph(OpenPolicy())
    graph.add([Unit("class", "Shape", [(cls, "")], shared=True)])
    return graph


def test_a_class_that_is_registered_is_a_change_and_taken_back_with_all_answers(shape: Any) -> None:
    graph = _graph(shape)
    base = shape.__base__
    shape.register(Other)
    assert isinstance(Other(), shape)
    assert isinstance(Other(), base)
    changed = graph.changed()
    assert told(changed) == [("Shape", "._abc_registry", "set")]
    assert changed[0].changes[0].before == (Known,)
    assert graph.undo(changed) == []
    assert not isinstance(Other(), shape)
    assert not isinstance(Other(), base)
    assert isinstance(Known(), shape)


def test_answers_are_no_change(shape: Any) -> None:
    graph = _graph(shape)
    assert isinstance(Known(), shape)
    assert not isinstance(Other(), shape)
    assert graph.changed() == []


def test_to_register_a_known_class_again_is_no_change(shape: Any) -> None:
    graph = _graph(shape)
    shape.register(Known)
    assert graph.changed() == []


def test_a_class_of_which_asking_would_run_code_is_not_asked() -> None:
    cls = Asking("Cls", (), {})
    asked.clear()
    assert _graph(cls).changed() == []
    assert asked == []
