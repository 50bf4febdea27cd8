"""Values for the parameters in a path, by their types."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin
from uuid import UUID

from starlette.convertors import Convertor

_BY_TYPE: Final[dict[type[Any], str]] = {
    bool: "true",
    int: "1",
    float: "1",
    Decimal: "1",
    UUID: str(UUID(int=0)),
    datetime: "2030-01-01T00:00:00Z",
    date: "2030-01-01",
    time: "12:00:00",
}


def annotations_of(dependant: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and type of every path parameter of a route and of what it depends on."""
    for field in dependant.path_params:
        yield field.alias, field.field_info.annotation
    for inner in dependant.dependencies:
        yield from annotations_of(inner)


def value_for(annotation: Any) -> str:
    """Return text that a parameter of this type takes."""
    origin: object = get_origin(annotation)
    arguments: tuple[Any, ...] = get_args(annotation)
    if origin is Literal:
        return str(arguments[0])
    if arguments:  # of a union, the first that is a value
        return value_for(next(kind for kind in arguments if kind is not NoneType))
    choices: list[Any] = list(annotation) if _is_enum(annotation) else []
    return str(choices[0].value) if choices else _BY_TYPE.get(annotation, "x")


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def value_in_path(convertor: Convertor[Any]) -> str:
    """Return text that matches a parameter written ``{name:int}``."""
    return next(text for text in ("x", "1", str(UUID(int=0))) if _matches(convertor, text))


def _matches(convertor: Convertor[Any], text: str) -> bool:
    try:
        convertor.convert(text)
    except ValueError:
        return False
    return True
