"""``docs/how-to/take-over-a-users-table.md``: a table that grew out of a tutorial."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import bcrypt
import httpx2
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    false,
    insert,
)
from sqlalchemy.ext.asyncio import create_async_engine

from tests.docs.programs import ADA, load, sign_in

program = load("takeover/tutorial.py")

OLD = Table(
    "users",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("email", String(255), unique=True, index=True, nullable=False),
    Column("full_name", String(100)),
    Column("hashed_password", String(255), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
)
ROW = {
    "id": 7,
    "email": ADA["email"],
    "full_name": "Ada",
    "hashed_password": bcrypt.hashpw(ADA["password"].encode(), bcrypt.gensalt(4)).decode(),
    "is_active": True,
    "created_at": datetime(2020, 2, 2, 20, 20, tzinfo=UTC).replace(tzinfo=None),
}


def _upgrade(connection: Connection) -> None:
    """What the page says is missing, with the defaults that it names."""
    now = program.User.__table__.c.updated_at.server_default.arg
    with (
        Operations.context(MigrationContext.configure(connection)) as op,
        op.batch_alter_table("users") as table,
    ):
        for name in ("is_superuser", "is_verified"):
            table.add_column(Column(name, Boolean, server_default=false(), nullable=False))
        moment = program.UtcDateTime()
        table.add_column(Column("updated_at", moment, server_default=now, nullable=False))
    program.Base.metadata.create_all(connection)


@pytest.fixture
async def client(fresh_database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    engine = create_async_engine(fresh_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(OLD.metadata.create_all)
        await connection.execute(insert(OLD), ROW)
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)
    program.maker.configure(bind=engine)
    transport = httpx2.ASGITransport(program.app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client
    await program.auth.aclose()
    await engine.dispose()


async def test_an_account_of_a_tutorial_keeps_its_id_and_its_time(
    client: httpx2.AsyncClient,
) -> None:
    headers = await sign_in(client)

    me = (await client.get("/api/users/me", headers=headers)).json()

    assert (me["id"], me["created_at"]) == (7, "2020-02-02T20:20:00Z")
