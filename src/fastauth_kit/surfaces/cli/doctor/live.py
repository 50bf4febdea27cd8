"""The tables that features name, and what the database has of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, inspect, text
from sqlalchemy.engine.interfaces import (
    ReflectedColumn,
    ReflectedForeignKeyConstraint,
    ReflectedIndex,
)

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.models import Record

Columns = tuple[str, ...]

MARIADB = ("mysql", "mariadb")

_COLLATIONS = text(
    "SELECT column_name, collation_name FROM information_schema.columns "
    "WHERE table_name = :table AND table_schema = coalesce(:schema, database())"
)


@dataclass(frozen=True)
class LiveTable:
    """One table as it is, beside what it should be."""

    meant: Table
    dialect: Dialect
    columns: Mapping[str, ReflectedColumn]
    indexes: tuple[Columns, ...]
    """The columns of each index, unique or not, and of the primary key."""
    unique: frozenset[Columns]
    foreign_keys: tuple[ReflectedForeignKeyConstraint, ...]
    collations: Mapping[str, str]
    """How texts are compared, by column; on MariaDB alone."""

    def where(self, column: str) -> str:
        """Return how to speak of a column."""
        return f"{self.meant.name}.{column}"


def models_of(auth: AuthKit[Any]) -> list[type[Record]]:
    """Return the caller's models that the kit was given: the users, and one of most features."""
    given: list[Any] = [getattr(feature, "model", None) for feature in auth.features]
    return [auth.user_model, *(model for model in given if isinstance(model, type))]


def tables_of(auth: AuthKit[Any]) -> Iterator[Table]:
    """Yield their tables; a model that inherits has several."""
    for model in models_of(auth):
        yield from cast(Sequence[Table], inspect(model).tables)


def look_at(connection: Connection, table: Table) -> LiveTable | None:
    """Return what the database has of a table; ``None`` if it has none."""
    inspector = inspect(connection)
    if not inspector.has_table(table.name, table.schema):
        return None
    place = (table.name, table.schema)
    indexes = inspector.get_indexes(*place)
    unique = [_names(index) for index in indexes if index["unique"]]
    unique += [tuple(each["column_names"]) for each in inspector.get_unique_constraints(*place)]
    key = tuple(inspector.get_pk_constraint(*place)["constrained_columns"])
    return LiveTable(
        meant=table,
        dialect=connection.dialect,
        columns={column["name"]: column for column in inspector.get_columns(*place)},
        indexes=(*map(_names, indexes), *unique, key),
        unique=frozenset([*unique, key]),
        foreign_keys=tuple(inspector.get_foreign_keys(*place)),
        collations=_collations(connection, table),
    )


def _collations(connection: Connection, table: Table) -> dict[str, str]:
    """Return what reflection leaves out where it is the default of the table."""
    if connection.dialect.name not in MARIADB:
        return {}
    rows = connection.execute(_COLLATIONS, {"table": table.name, "schema": table.schema})
    return {name: collation for name, collation in rows if collation}


def _names(index: ReflectedIndex) -> Columns:
    """Return the columns of an index; an expression in it stands for none."""
    return tuple(name or "" for name in index["column_names"])
