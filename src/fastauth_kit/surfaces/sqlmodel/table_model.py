"""Makes a base for table models of SQLModel out of a mixin for SQLAlchemy."""

from functools import partial
from types import NoneType
from typing import Any, Final, get_args

from sqlalchemy import Column, ForeignKey
from sqlalchemy.orm import MappedColumn

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.models import OwnedByUser, primary_key

try:
    from sqlmodel import Field
    from sqlmodel import SQLModel as SQLModel  # noqa: PLC0414  # for the mixins beside this file
    from sqlmodel.main import SQLModelMetaclass
except ImportError as _error:
    raise ImportError(
        "these mixins need sqlmodel: pip install 'fastauth-kit[sqlmodel]'"
    ) from _error

_NEVER_SHOWN: Final = frozenset({"hashed_password", "refresh_salt", "digest"})
"""Not in ``model_dump``, hence in no answer, nor in ``repr``: nobody needs to read them."""


class OwnedMetaclass(SQLModelMetaclass):
    """Adds ``user_id``, whose type is that of the key of the caller's users."""

    def __new__(
        cls, name: str, bases: tuple[type[Any], ...], body: dict[str, Any], **options: Any
    ) -> Any:
        if options.get("table"):
            bases = (_owned(name, bases, body), *bases)
        return super().__new__(cls, name, bases, body, **options)


def _owned(name: str, bases: tuple[type[Any], ...], body: dict[str, Any]) -> Any:
    """Return a base with the column of the owner, for one table."""
    if "__auth_user__" not in body:
        raise ConfigurationError(f"{name} must name the class of its users: __auth_user__ = User")
    key = primary_key(body["__auth_user__"])
    given: Any = key.type
    field: Any = Field(
        default=None,
        sa_type=given,
        sa_column_args=[ForeignKey(key, ondelete="CASCADE")],
        index=True,
        nullable=any(getattr(base, "__some_are_nobodys__", False) for base in bases),
    )
    parts = {"__module__": __name__, "__annotations__": {"user_id": Any}, "user_id": field}
    metaclass: Any = SQLModelMetaclass
    return metaclass("Owned", (SQLModel,), parts)


def as_table_model(mixin: type[Any]) -> Any:
    """Return a base for table models with every column of a mixin, as fields of SQLModel.

    They cannot inherit from the mixin itself: pydantic would take its columns
    for the defaults of fields.
    """
    body: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": mixin.__doc__,
        "__stands_for__": mixin,
        "__annotations__": {},
    }
    for base in reversed(mixin.__mro__):
        members: dict[str, Any] = dict(vars(base))
        for name, value in members.items():
            if _is_column(value):
                (kind,) = get_args(base.__annotations__[name])
                body[name] = _field(name, value.column, kind)
                body["__annotations__"][name] = kind
            elif name in {"__table_args__", "__some_are_nobodys__"}:
                body[name] = value
    metaclass: Any = OwnedMetaclass if issubclass(mixin, OwnedByUser) else SQLModelMetaclass
    return metaclass(mixin.__name__, (SQLModel,), body)


def _is_column(value: Any) -> bool:
    return isinstance(value, MappedColumn)


def _field(name: str, column: Column[Any], kind: Any) -> Any:
    """Return the field that makes the same column."""
    extras: dict[str, Any] = {}
    for part in ("default", "server_default", "onupdate"):
        default = getattr(column, part)
        if default is not None:
            extras[part] = default.arg
    given: Any = column.type
    return Field(
        **_default(column, kind),
        sa_type=given,
        primary_key=column.primary_key,
        index=bool(column.index),
        unique=bool(column.unique),
        nullable=_may_be_none(kind),
        sa_column_kwargs=extras,
        exclude=name in _NEVER_SHOWN,
        repr=name not in _NEVER_SHOWN,
    )


def _default(column: Column[Any], kind: Any) -> dict[str, Any]:
    default: Any = column.default
    if default is None:
        return {"default": None} if _may_be_none(kind) else {}
    if default.is_callable:
        # SQLAlchemy calls it with a context, pydantic without
        return {"default_factory": partial(default.arg, None)}
    return {"default": default.arg}


def _may_be_none(kind: Any) -> bool:
    return NoneType in get_args(kind)
