"""Shapes of what a report holds: what a value is as JSON, how it is read back and checked, and what the schema says.

Reading takes nothing for granted, as somebody else may have written the file: what is missing or of another type is a
`ValueError` that names the key, and texts are made fit to be shown like any other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from enforcer.reports.shown import shown_name

_MISSING: Any = object()
"""Stands for the value of a key that is not there."""

_MOST_LINES = 1_000_000
"""Of one file: a report that somebody else has written must not take all memory."""


class Shape(ABC):
    """What one value is."""

    def plain(self, value: Any) -> Any:
        """The value, JSON-ready."""
        return value

    @abstractmethod
    def read(self, data: Any, key: str) -> Any:
        """The inverse of `plain`, checked; a `ValueError` says what is wrong with the `data` of `key`."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """What the schema says of it."""


def _typed(data: Any, type_: type, key: str) -> Any:
    # A boolean is a number to Python.
    if type(data) is not type_:
        raise ValueError(f"{key} is missing" if data is _MISSING else f"{key} is {data!r:.100}")
    return data


def as_it_is(text: str) -> str:
    """No more is to be done to be shown, or it is done elsewhere."""
    return text


class Text(Shape):
    """A text.

    Args:
        show: makes it fit to be shown when it is read.
        check: raises a `ValueError` when it is none that may stand here.
        limits: further words of the schema.
    """

    def __init__(
        self, show: Callable[[str], str] = shown_name, check: Callable[[str], object] = as_it_is, **limits: Any
    ) -> None:
        self._show = show
        self._check = check
        self._limits = limits

    def read(self, data: Any, key: str) -> str:
        """The text, fit to be shown."""
        text: str = _typed(data, str, key)
        self._check(text)
        return self._show(text)

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string", **self._limits}


class Choice(Shape):
    """One of a few texts."""

    def __init__(self, *choices: str) -> None:
        self._choices = choices

    def read(self, data: Any, key: str) -> str:
        """The text."""
        text: str = _typed(data, str, key)
        if text not in self._choices:
            raise ValueError(f"{key} is {text!r}")
        return text

    def schema(self) -> dict[str, Any]:
        """All of them."""
        return {"enum": [*self._choices]}


class Constant(Shape):
    """A number that is always the same."""

    def __init__(self, number: int) -> None:
        self._number = number

    def read(self, data: Any, key: str) -> int:
        """The number."""
        if _typed(data, int, key) != self._number:
            raise ValueError(f"{key} is {data}")
        return self._number

    def schema(self) -> dict[str, Any]:
        """The number."""
        return {"const": self._number}


class Number(Shape):
    """A whole number from `least` on."""

    def __init__(self, least: int = 0) -> None:
        self._least = least

    def read(self, data: Any, key: str) -> int:
        """The number."""
        number: int = _typed(data, int, key)
        return number

    def schema(self) -> dict[str, Any]:
        """An integer."""
        return {"type": "integer", "minimum": self._least}


class Flag(Shape):
    """True or false."""

    def read(self, data: Any, key: str) -> bool:
        """The boolean."""
        flag: bool = _typed(data, bool, key)
        return flag

    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}


class Optional(Shape):
    """A value or null. What reports of before lack is null, too, where it `may_lack`."""

    def __init__(self, shape: Shape, may_lack: bool = False) -> None:
        self._shape = shape
        self._may_lack = may_lack

    def plain(self, value: Any) -> Any:
        """The value, or null."""
        return None if value is None else self._shape.plain(value)

    def read(self, data: Any, key: str) -> Any:
        """The value, or None."""
        if data is None or (data is _MISSING and self._may_lack):
            return None
        return self._shape.read(data, key)

    def schema(self) -> dict[str, Any]:
        """Either of the two."""
        inner = self._shape.schema()
        if "$ref" in inner:
            return {"anyOf": [inner, {"type": "null"}]}
        return {**inner, "type": [inner["type"], "null"]}


class Texts(Shape):
    """A list of texts; as a value, a tuple or what `make` makes of it."""

    def __init__(
        self,
        show: Callable[[str], str] = shown_name,
        unique: bool = False,
        make: Callable[[Iterable[str]], Sequence[str]] = tuple,
    ) -> None:
        self._show = show
        self._unique = unique
        self._make = make

    def plain(self, value: Iterable[str]) -> list[str]:
        """The texts."""
        return list(value)

    def read(self, data: Any, key: str) -> Sequence[str]:
        """The texts, each fit to be shown."""
        texts = _typed(data, list, key)
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{key} holds more than texts")
        return self._make(map(self._show, texts))

    def schema(self) -> dict[str, Any]:
        """An array of strings."""
        return {"type": "array", "items": {"type": "string"}, **({"uniqueItems": True} if self._unique else {})}


class Numbers(Shape):
    """A list of lists of whole numbers."""

    def plain(self, value: Iterable[Iterable[int]]) -> list[list[int]]:
        """The lists."""
        return [list(numbers) for numbers in value]

    def read(self, data: Any, key: str) -> list[list[int]]:
        """The lists."""
        lists: list[list[int]] = _typed(data, list, key)
        if not all(type(each) is list and all(type(number) is int for number in each) for each in lists):
            raise ValueError(f"{key} holds more than lists of numbers")
        return lists

    def schema(self) -> dict[str, Any]:
        """An array of arrays."""
        return {"type": "array", "items": {"type": "array", "items": {"type": "integer", "minimum": 0}}}


class Lines(Numbers):
    """Sorted numbers of lines, from 1 on; as JSON, the first and the last of each stretch."""

    def __init__(self, spans: Callable[[Sequence[int]], Iterable[Iterable[int]]]) -> None:
        self._spans = spans

    def plain(self, value: Sequence[int]) -> list[list[int]]:  # type: ignore[override]
        """The stretches."""
        return super().plain(self._spans(value))

    def read(self, data: Any, key: str) -> tuple[int, ...]:  # type: ignore[override]
        """All numbers."""
        spans = super().read(data, key)
        if any(len(span) != 2 or not 0 < span[0] <= span[1] <= _MOST_LINES for span in spans):
            raise ValueError(f"{key} holds more than first and last lines")
        return tuple(line for first, last in spans for line in range(first, last + 1))

    def schema(self) -> dict[str, Any]:
        """An array of pairs."""
        numbers = {"type": "integer", "minimum": 1}
        return {"type": "array", "items": {"type": "array", "items": numbers, "minItems": 2, "maxItems": 2}}


class Listed(Shape):
    """A list of values of one shape; as a value, what `make` makes of it. `limits` are words of the schema."""

    def __init__(self, shape: Shape, make: Callable[[Iterable[Any]], Any] = tuple, **limits: int) -> None:
        self._shape = shape
        self._make = make
        self._limits = limits

    def plain(self, value: Iterable[Any]) -> list[Any]:
        """Each of them."""
        return [self._shape.plain(each) for each in value]

    def read(self, data: Any, key: str) -> Any:
        """All of them, made one value."""
        return self._make(self._shape.read(each, f"an entry of {key}") for each in _typed(data, list, key))

    def schema(self) -> dict[str, Any]:
        """An array."""
        return {"type": "array", "items": self._shape.schema(), **self._limits}


class Field(NamedTuple):
    """One key of an object.

    Attributes:
        key: in JSON.
        shape: of its value.
        text: what the schema says of it.
        name: the attribute of the value that it is, dotted; if empty, the key.
        of: makes it of the value instead.
        derived: whether it follows from the others, and is not read back.
        added: whether reports of this format from before lack it, so that the schema cannot ask for it.
        merge: of a field of the report, makes one of those of several reports; called with `Merging` and the name.
    """

    key: str
    shape: Shape
    text: str
    name: str = ""
    of: Callable[[Any], Any] | None = None
    derived: bool = False
    added: bool = False
    merge: Callable[[Any, str], Any] | None = None

    @property
    def attribute(self) -> str:
        """What the value is called in Python."""
        return self.name or self.key

    def value(self, whole: Any) -> Any:
        """Its value, in the whole that it is a field of."""
        return self.of(whole) if self.of else attrgetter(self.attribute)(whole)


class Object(Shape):
    """An object of JSON with these fields, in this order.

    Args:
        make: makes the value, of the values of its fields by their names.
        closed: whether this format may gain no keys here.
        ref: where the schema defines it, if it is used in several places.
    """

    def __init__(
        self, make: Callable[[dict[str, Any]], Any], *fields: Field, closed: bool = False, ref: str = ""
    ) -> None:
        self._make = make
        self.fields = fields
        self._closed = closed
        self.ref = ref

    def plain(self, value: Any) -> dict[str, Any]:
        """Key by key."""
        return {field.key: field.shape.plain(field.value(value)) for field in self.fields}

    def read(self, data: Any, key: str) -> Any:
        """Made of what is read."""
        if type(data) is not dict:
            raise ValueError(f"{key} is no object")
        values = {
            field.attribute: field.shape.read(data.get(field.key, _MISSING), field.key)
            for field in self.fields
            if not field.derived
        }
        return self._make(values)

    def schema(self) -> dict[str, Any]:
        """A reference to its definition, or that."""
        return {"$ref": f"#/$defs/{self.ref}"} if self.ref else self.definition()

    def definition(self) -> dict[str, Any]:
        """An object with its keys."""
        return {
            "type": "object",
            "required": [field.key for field in self.fields if not field.added],
            "additionalProperties": not self._closed,
            "properties": {
                field.key: {**({"description": field.text} if field.text else {}), **field.shape.schema()}
                for field in self.fields
            },
        }
