"""What the caller's table takes: the kit's columns, and their own."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from sqlalchemy import Column, Table, inspect
from sqlalchemy.orm import Mapper

from fastauth_kit.core.identifiers import KeyFormat
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.models import primary_key
from fastauth_kit.core.text import unacceptable_places
from fastauth_kit.features.accounts import Accounts
from fastauth_kit.features.passwords import Passwords
from fastauth_kit.features.passwords.passlib_interface import PasswordContext
from fastauth_kit.surfaces.importing.mapping import KIT_FIELDS

_OF_THE_KIT: Final = KIT_FIELDS | {"updated_at"}


class ColumnRefused(ValueError):
    """A value does not fit a column of the caller's; says which, and never the value."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"column {name}: {problem}")


class Target:
    """The table of accounts of one installation."""

    def __init__(self, auth: AuthKit[Any]) -> None:
        self._auth = auth
        self._create = auth.feature(Accounts).schemas(auth).create
        mapper: Mapper[Any] = inspect(auth.user_model)
        self.columns: dict[str, Column[Any]] = {
            name: column for name, column in mapper.columns.items() if _is_of(column, self.table)
        }
        """The table's columns by the names of the attributes."""

    @cached_property
    def table(self) -> Table:
        """The table itself."""
        found = self.key.table
        assert isinstance(found, Table)  # noqa: S101  # what a key's table is; for the types
        return found

    @cached_property
    def key(self) -> Column[Any]:
        """Its primary key."""
        return primary_key(self._auth.user_model)

    @property
    def key_format(self) -> KeyFormat:
        """How its keys are written."""
        return self._auth.user_key

    @cached_property
    def key_fills_itself(self) -> bool:
        """Whether the model or the database makes keys that nobody gave."""
        if self.key.default is not None or self.key.server_default is not None:
            return True
        return self.key_format.kind is int

    @cached_property
    def context(self) -> PasswordContext:
        """The schemes of the caller's password hashes."""
        return self._auth.feature(Passwords).hasher.context

    @cached_property
    def longest_hash(self) -> int | None:
        """Width of the column of password hashes."""
        width: int | None = getattr(self.columns["hashed_password"].type, "length", None)
        return width

    @cached_property
    def own_columns(self) -> frozenset[str]:
        """The caller's columns, which a source may fill."""
        return frozenset(self.columns) - _OF_THE_KIT

    @cached_property
    def known(self) -> frozenset[str]:
        """Every name that a source may fill."""
        return KIT_FIELDS | self.own_columns

    def own_values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the caller's columns, in the types that they have.

        Raises:
            ColumnRefused: One does not fit, or is missing.
        """
        own = {name: value for name, value in given.items() if name in self.own_columns}
        for name, value in own.items():
            if next(unacceptable_places(value, (name,)), None) is not None:
                raise ColumnRefused(name, "text that cannot be stored")
        try:
            return self._own_model.model_validate(own).model_dump(exclude_unset=True)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise ColumnRefused(str(first["loc"][0]), first["type"]) from None

    @cached_property
    def _own_model(self) -> type[BaseModel]:
        fields: dict[str, Any] = {name: self._field(name) for name in sorted(self.own_columns)}
        return create_model(
            "OwnColumns", __config__=ConfigDict(coerce_numbers_to_str=True), **fields
        )

    def _field(self, name: str) -> Any:
        """Return the type of a column: as a registration takes it, else as the table does."""
        in_body = self._create.model_fields.get(name)
        if in_body is not None:
            annotated: Any = in_body.annotation
            for rule in in_body.metadata:
                annotated = Annotated[annotated, rule]
            return (annotated, ... if in_body.is_required() else None)
        column = self.columns[name]
        required = not (column.nullable or column.default or column.server_default)
        return (_type_of(column), ... if required else None)


def _is_of(column: Any, table: Table) -> bool:
    """Whether it is a column: not an expression, nor of a table that is joined."""
    return getattr(column, "table", None) is table


def _type_of(column: Column[Any]) -> Any:
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return Any
    if kind is str:
        return Annotated[str, Field(max_length=getattr(column.type, "length", None))]
    return Any if kind is object else kind
