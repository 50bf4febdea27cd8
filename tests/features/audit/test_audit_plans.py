"""Both lists, and the deletion of old rows, find theirs by an index, however many there are."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from fastauth_kit.core.secrets import time_ordered_id
from fastauth_kit.features.audit import Audit, prune_event_batch
from tests.features.accounts.people import join
from tests.features.audit.trail import AUDIT, EVENTS, send
from tests.invariants.query_plans import Sent, scans
from tests.kit_app import IntAuditEvent, KitApp, build_app, create_tables

ROWS = 20_000
TABLE = IntAuditEvent.__tablename__

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


@pytest.fixture
async def filled(fresh_database_url: str) -> AsyncIterator[KitApp]:
    """Twenty thousand events of two thousand users, one a minute."""
    kit_app = build_app(fresh_database_url, more_features=(Audit(model=IntAuditEvent),))
    await create_tables(kit_app.engine)
    rows = [row(kit_app, number) for number in range(ROWS)]
    async with kit_app.engine.begin() as connection:
        await connection.execute(insert(IntAuditEvent), rows)
    async with kit_app.engine.connect() as connection:
        await connection.exec_driver_sql(f"ANALYZE {TABLE}")
        await connection.commit()
    yield kit_app
    await kit_app.close()


def row(kit_app: KitApp, number: int) -> dict[str, Any]:
    at = kit_app.clock.now - timedelta(minutes=number)
    kind = "login_failed" if number % 10 == 0 else "logged_in"
    return {
        "id": time_ordered_id(at),
        "kind": kind,
        "at": at,
        "succeeded": kind == "logged_in",
        "user_id": str(1000 + number % 2000),
        "ip": f"10.0.0.{number % 250}",
        "data": {},
    }


async def test_no_list_reads_the_whole_table(filled: KitApp) -> None:
    root = await join(filled, "root@example.com", is_superuser=True)
    sent: list[Sent] = []

    @event.listens_for(filled.engine.sync_engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        if TABLE in arguments[2] and not arguments[2].startswith("INSERT"):
            sent.append(Sent(arguments[2], arguments[3]))

    hour = (filled.clock.now - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    month = (filled.clock.now - timedelta(days=10)).isoformat().replace("+00:00", "Z")
    first = (await send(filled, "GET", AUDIT, root)).json()["next_cursor"]
    queries = (
        "", f"cursor={first}", "user_id=1010", f"since={hour}", f"until={month}",
        f"since={hour}&kind=login_failed", "user_id=1010&kind=login_failed", "kind=login_failed",
    )  # fmt: skip
    for query in queries:
        assert (await send(filled, "GET", f"{AUDIT}?{query}", root)).json()["items"]
    assert (await send(filled, "GET", EVENTS, root)).json()["items"]
    async with filled.sessions() as session, filled.auth.work_for(session) as work:
        pruned = await prune_event_batch(work, older_than=timedelta(days=13), batch=50)

    assert pruned.deleted == 50
    taken = list(sent)  # explaining sends more
    async with filled.engine.connect() as connection:
        found = [f"{scan}: {s.text}" for s in taken for scan in await scans(connection, s, {TABLE})]
    assert len(taken) >= len(queries) + 4
    assert found == []
