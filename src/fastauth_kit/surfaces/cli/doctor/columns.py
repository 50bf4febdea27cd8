"""Checks of one column that is there: kind, length, zone, precision, collation, NULL."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, String
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.types import TypeEngine

from fastauth_kit.surfaces.cli.doctor.finding import Finding, error, warning
from fastauth_kit.surfaces.cli.doctor.live import MARIADB, LiveTable

ColumnCheck = Callable[[LiveTable, Column[Any], ReflectedColumn], Iterator[Finding]]

_KINDS = {
    "text": ("VARCHAR", "CHAR", "TEXT", "CITEXT", "NVARCHAR", "CHARACTER", "STRING"),
    "number": ("INT", "BIGINT", "SMALLINT", "MEDIUMINT", "SERIAL", "NUMERIC", "DECIMAL"),
    "boolean": ("BOOL", "TINYINT", "BIT"),
    "moment": ("DATETIME", "TIMESTAMP"),
    "json": ("JSON", "LONGTEXT"),
    "uuid": ("UUID", "CHAR(32)", "CHAR(36)", "BINARY(16)", "VARCHAR(32)", "VARCHAR(36)"),
}
"""How types begin in SQL; a type may be of several kinds."""


def check_kind(live: LiveTable, column: Column[Any], found: ReflectedColumn) -> Iterator[Finding]:
    """Find a type whose values the kit could not read or write."""
    meant = _sql(_native(column.type, live.dialect), live.dialect)
    actual = _sql(found["type"], live.dialect)
    wanted, given = _kinds(meant), _kinds(actual)
    # an own type of the caller's, or of an extension, is theirs to judge
    if wanted and given and not wanted & given:
        yield error(
            live.where(column.name),
            f"The column is {actual}, the model says {meant}.",
            "Change the one that is wrong.",
        )


def check_length(live: LiveTable, column: Column[Any], found: ReflectedColumn) -> Iterator[Finding]:
    """Find text that is cut, or refused, before the model's own limit."""
    meant = getattr(_native(column.type, live.dialect), "length", None)
    actual = getattr(found["type"], "length", None)
    if meant and actual and actual < meant:
        yield error(
            live.where(column.name),
            f"The column takes {actual} characters, the model {meant}.",
            "Widen the column.",
        )


def check_null(live: LiveTable, column: Column[Any], found: ReflectedColumn) -> Iterator[Finding]:
    """Find columns that refuse an empty value, or allow one that the model does not know."""
    if column.primary_key or bool(column.nullable) == found["nullable"]:
        return
    where = live.where(column.name)
    if column.nullable:
        yield error(
            where, "The column is NOT NULL, the model may leave it empty.", "Drop NOT NULL."
        )
    else:
        yield warning(where, "The column may be NULL, the model says never.", "Set NOT NULL.")


def check_zone(live: LiveTable, column: Column[Any], found: ReflectedColumn) -> Iterator[Finding]:
    """Find moments without zone: asyncpg refuses to write aware ones there."""
    meant = _native(column.type, live.dialect)
    if live.dialect.name != "postgresql" or not isinstance(meant, DateTime):
        return
    has_zone = bool(getattr(found["type"], "timezone", False))
    if isinstance(found["type"], DateTime) and meant.timezone != has_zone:
        said = "with" if has_zone else "without"
        yield error(
            live.where(column.name),
            f"The column is {said} time zone, the model says otherwise.",
            "Use UtcDateTime(timezone=False) over a column without zone that holds UTC.",
        )


def check_precision(
    live: LiveTable, column: Column[Any], found: ReflectedColumn
) -> Iterator[Finding]:
    """Find moments that MariaDB rounds to whole seconds."""
    meant = _native(column.type, live.dialect)
    wanted, given = getattr(meant, "fsp", None), getattr(found["type"], "fsp", None)
    if live.dialect.name in MARIADB and wanted and given != wanted:
        yield error(
            live.where(column.name),
            "The column rounds to whole seconds.",
            f"Make it DATETIME({wanted}).",
        )


def check_collation(
    live: LiveTable, column: Column[Any], found: ReflectedColumn
) -> Iterator[Finding]:
    """Find text that is not compared bytewise: MariaDB takes ``josé`` for ``jose``."""
    meant = _native(column.type, live.dialect)
    if live.dialect.name not in MARIADB or not isinstance(meant, String) or not meant.collation:
        return
    actual = live.collations.get(column.name, "")
    if not (actual.startswith("utf8mb4") and actual.endswith("_bin")):
        yield error(
            live.where(column.name),
            f"The collation is {actual}: different texts count as equal.",
            f"Make it {meant.collation}.",
        )


column_checks: tuple[ColumnCheck, ...] = (
    check_kind,
    check_length,
    check_null,
    check_zone,
    check_precision,
    check_collation,
)


def _native(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Return the type that a database is asked for: not a decorator, not a variant."""
    native = type_.dialect_impl(dialect)
    return getattr(native, "impl_instance", native)


def _sql(type_: TypeEngine[Any], dialect: Dialect) -> str:
    text = type_.compile(dialect=dialect)
    return text.partition(" COLLATE")[0].partition(" CHARACTER SET")[0].upper()


def _kinds(sql: str) -> set[str]:
    return {kind for kind, starts in _KINDS.items() if sql.startswith(starts)}
