"""What a database says it would do for a statement, and whether it reads a whole table for it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.kit_app import KitApp

LONGEST_WALK = 500
"""Rows that MariaDB may expect to pass along an index: a page or a batch, not the table."""


@dataclass(frozen=True)
class Sent:
    """A statement as the driver got it."""

    text: str
    parameters: Any


class Recorder:
    """Keeps the statements that read or change the kit's tables, while told to."""

    def __init__(self, kit_app: KitApp) -> None:
        self.tables = {kit_app.user_model.__tablename__, kit_app.session_model.__tablename__}
        self.sent: list[Sent] = []
        event.listen(kit_app.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, *arguments: Any) -> None:
        text, parameters = arguments[2], arguments[3]
        if any(table in text for table in self.tables):
            self.sent.append(Sent(text, parameters))

    def take(self) -> list[Sent]:
        """Return what was sent since the last time, each text once."""
        taken, self.sent = self.sent, []
        return list({sent.text: sent for sent in taken}.values())


async def scans(connection: AsyncConnection, sent: Sent, tables: set[str]) -> list[str]:
    """Return the parts of a plan that read one of these tables from end to end."""
    match connection.dialect.name:
        case "postgresql":
            return await _postgresql(connection, sent, tables)
        case "sqlite":
            return await _sqlite(connection, sent, tables)
        case _:
            return await _mariadb(connection, sent, tables)


async def _explain(connection: AsyncConnection, command: str, sent: Sent) -> Sequence[Any]:
    result = await connection.exec_driver_sql(f"{command} {sent.text}", sent.parameters)
    return result.all()


async def _postgresql(connection: AsyncConnection, sent: Sent, tables: set[str]) -> list[str]:
    rows = await _explain(connection, "EXPLAIN (FORMAT JSON)", sent)
    plans = rows[0][0] if not isinstance(rows[0][0], str) else json.loads(rows[0][0])
    return [
        f"{node['Node Type']} on {node['Relation Name']}"
        for node, bounded in _nodes(plans[0]["Plan"], bounded=False)
        if node.get("Relation Name") in tables and _reads_all(node, bounded)
    ]


def _nodes(node: dict[str, Any], bounded: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield every node, and whether a LIMIT stops it."""
    yield node, bounded
    # a sort reads everything before it gives its first row
    stops = node["Node Type"] == "Limit" or (bounded and "Sort" not in node["Node Type"])
    for child in node.get("Plans", ()):
        yield from _nodes(child, stops)


def _reads_all(node: dict[str, Any], bounded: bool) -> bool:
    kind = node["Node Type"]
    if kind == "Seq Scan":
        return True
    return kind.startswith("Index") and "Index Cond" not in node and not bounded


async def _mariadb(connection: AsyncConnection, sent: Sent, tables: set[str]) -> list[str]:
    rows = await _explain(connection, "EXPLAIN", sent)
    return [
        f"{row.type} on {row.table}"
        for row in rows
        # an INSERT has a row of its own, which expects nothing
        if row.table in tables and row.rows is not None and _passes_all(row)
    ]


def _passes_all(row: Any) -> bool:
    return row.type == "ALL" or (row.type == "index" and int(row.rows) > LONGEST_WALK)


async def _sqlite(connection: AsyncConnection, sent: Sent, tables: set[str]) -> list[str]:
    details = [row.detail for row in await _explain(connection, "EXPLAIN QUERY PLAN", sent)]
    if "LIMIT" in sent.text and not any("TEMP B-TREE" in detail for detail in details):
        return []  # it walks in the order of the key, and stops
    if sent.text.endswith("WHERE 0 = 1"):
        return []  # only there to begin the transaction; the loop is never entered
    return [
        detail for detail in details if detail.startswith("SCAN ") and detail.split()[1] in tables
    ]
