"""Lets the mixins serve tables that SQLAlchemy makes dataclasses of, too.

A dataclass takes fields from dataclasses alone, so SQLAlchemy refuses columns
of a mixin that is none; and a mixin that is one would give its constructor to
tables that are none. So a table that is a dataclass gets columns of its own.
"""

from functools import partial
from types import NoneType
from typing import Any, Final, get_args

from sqlalchemy import Column
from sqlalchemy.orm import (
    Mapped,
    MappedAsDataclass,
    MappedColumn,
    declared_attr,
    mapped_column,
)

_SECRET: Final = frozenset({"hashed_password", "refresh_salt", "digest"})
"""Not in ``repr``, which dataclasses write of every field."""


def give_own_columns(model: type[Any]) -> None:
    """Give a table that becomes a dataclass the columns of its mixins, as fields by keyword."""
    if not issubclass(model, MappedAsDataclass) or "__tablename__" not in vars(model):
        return
    annotations = dict(model.__annotations__)
    for mixin in model.__mro__[1:]:
        if not issubclass(mixin, MappedAsDataclass):
            _copy_columns(mixin, model, annotations)
    model.__annotations__ = annotations


def _copy_columns(mixin: Any, model: type[Any], annotations: dict[str, Any]) -> None:
    members: dict[str, Any] = mixin.__dict__
    for name, value in tuple(members.items()):
        if name in vars(model):
            continue  # the caller's own column of this name
        if _is_column(value):
            annotations[name] = mixin.__annotations__[name]
            setattr(model, name, _as_field(name, value.column, annotations[name]))
        elif name == "user_id" and isinstance(value, declared_attr):
            annotations[name] = Mapped[Any]
            setattr(model, name, value.fget(model))


def _is_column(value: Any) -> bool:
    return isinstance(value, MappedColumn)


def _as_field(name: str, column: Column[Any], annotation: Any) -> MappedColumn[Any]:
    """Return a new column like one of a mixin, with the options of a field."""
    (kind,) = get_args(annotation)
    options: dict[str, Any] = {}
    default: Any = column.default
    if default is not None and default.is_callable:
        # SQLAlchemy calls it with a context, the dataclass without
        options["insert_default"] = default.arg
        options["default_factory"] = partial(default.arg, None)
    elif default is not None:
        options["default"] = default.arg
    elif NoneType in get_args(kind):
        options["default"] = None
    for part in ("server_default", "onupdate"):
        if (given := getattr(column, part)) is not None:
            options[part] = given.arg
    return mapped_column(
        column.type,
        primary_key=column.primary_key,
        unique=column.unique,
        index=column.index,
        kw_only=True,
        repr=name not in _SECRET,
        **options,
    )
