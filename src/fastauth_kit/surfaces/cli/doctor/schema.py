"""Checks of the live schema: each finds what would fail, or be slow, or be unsafe."""

from collections.abc import Callable, Iterator

from sqlalchemy import Column, Connection, Index, Table, UniqueConstraint

from fastauth_kit.surfaces.cli.doctor.columns import column_checks
from fastauth_kit.surfaces.cli.doctor.finding import Finding, error, ok, warning
from fastauth_kit.surfaces.cli.doctor.live import Columns, LiveTable, look_at

MIGRATE = "Write a migration (alembic revision --autogenerate) and run it."

Check = Callable[[LiveTable], Iterator[Finding]]


def check_table(connection: Connection, table: Table) -> Iterator[Finding]:
    """Compare one table with its model."""
    live = look_at(connection, table)
    if live is None:
        yield error(
            table.name, "The table is missing.", "Run your migrations: alembic upgrade head."
        )
        return
    findings = [finding for check in CHECKS for finding in check(live)]
    yield from findings or [ok(table.name, "The table fits its model.")]


def check_columns(live: LiveTable) -> Iterator[Finding]:
    """Find columns that are missing, or differ."""
    for column in live.meant.columns:
        found = live.columns.get(column.name)
        if found is None:
            yield error(live.where(column.name), "The column is missing.", MIGRATE)
        else:
            for check in column_checks:
                yield from check(live, column, found)


def check_unknown_columns(live: LiveTable) -> Iterator[Finding]:
    """Find columns without which nothing can be inserted, and that the model does not fill."""
    for name, found in live.columns.items():
        fills_itself = found["nullable"] or found["default"] is not None
        fills_itself = fills_itself or found.get("autoincrement") is True or "computed" in found
        if name not in live.meant.columns and not fills_itself:
            yield error(
                live.where(name),
                "The table needs a value that the model does not know.",
                "Add the column to the model, or give it a default in the database.",
            )


def check_unique(live: LiveTable) -> Iterator[Finding]:
    """Find rules of uniqueness that are missing: without them two requests both win."""
    for columns in _unique_of(live.meant):
        if not any(set(rule) <= set(columns) for rule in live.unique):
            yield error(
                live.where(", ".join(columns)),
                "Nothing in the database keeps it unique.",
                f"Remove duplicates, then add a unique index. {MIGRATE}",
            )


def check_indexes(live: LiveTable) -> Iterator[Finding]:
    """Find indexes that are missing: each request would read the whole table."""
    for index in _plain_indexes(live.meant):
        columns = tuple(column.name for column in index.columns)
        if not any(known[: len(columns)] == columns for known in live.indexes):
            yield warning(
                live.where(", ".join(columns)),
                "There is no index: requests read the whole table.",
                MIGRATE,
            )


def check_foreign_keys(live: LiveTable) -> Iterator[Finding]:
    """Find foreign keys that are missing, or that let rows outlive their user."""
    for column in live.meant.columns:
        for key in column.foreign_keys:
            yield from _check_foreign_key(live, column, (key.ondelete or "").upper())


def _check_foreign_key(live: LiveTable, column: Column[object], meant: str) -> Iterator[Finding]:
    where = live.where(column.name)
    found = [key for key in live.foreign_keys if key["constrained_columns"] == [column.name]]
    if not found:
        yield warning(where, "There is no foreign key.", MIGRATE)
        return
    options = {(key.get("options") or {}).get("ondelete") or "NO ACTION" for key in found}
    if meant and meant not in {option.upper() for option in options}:
        yield warning(
            where,
            f"The foreign key says ON DELETE {', '.join(sorted(options))}, the model {meant}.",
            f"Rows that are deleted by hand stay in use. {MIGRATE}",
        )


def _unique_of(table: Table) -> Iterator[Columns]:
    for index in table.indexes:
        if index.unique:
            yield tuple(column.name for column in index.columns)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield tuple(column.name for column in constraint.columns)


def _plain_indexes(table: Table) -> Iterator[Index]:
    """Yield indexes over columns; one over expressions is the caller's own."""
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if not index.unique and len(index.columns) == len(index.expressions):
            yield index


CHECKS: tuple[Check, ...] = (
    check_columns,
    check_unknown_columns,
    check_unique,
    check_indexes,
    check_foreign_keys,
)
