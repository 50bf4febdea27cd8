"""``docs/how-to/take-over-a-users-table.md``: its migration over a filled table."""

from collections.abc import AsyncIterator
from uuid import UUID

import bcrypt
import httpx2
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.docs.programs import load, sign_in

models = load("takeover/models.py")
migration = load("takeover/migration.py")

OLD = Table(
    "user",
    MetaData(),
    Column("id", models.DashedUuid, primary_key=True),
    Column("email", String(320), unique=True, index=True, nullable=False),
    Column("hashed_password", String(1024), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_superuser", Boolean, nullable=False),
    Column("is_verified", Boolean, nullable=False),
)
"""What fastapi-users' ``SQLAlchemyBaseUserTableUUID`` makes."""

ADA_ID = UUID("3e86d9a5-7a3f-4d5a-9d6e-0f4a2b1c8d7e")


def _old_row(number: int, email: str) -> dict[str, object]:
    hashed = bcrypt.hashpw(b"correct horse battery", bcrypt.gensalt(4)).decode()
    return {
        "id": UUID(int=ADA_ID.int + number),
        "email": email,
        "hashed_password": hashed,
        "is_active": True,
        "is_superuser": False,
        "is_verified": True,
    }


def _upgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        migration.upgrade()
    models.Base.metadata.create_all(connection)


@pytest.fixture
async def engine(fresh_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(fresh_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(OLD.metadata.create_all)
    models.maker.configure(bind=engine)
    yield engine
    await models.auth.aclose()
    await engine.dispose()


async def _fill_and_upgrade(engine: AsyncEngine, *addresses: str) -> None:
    async with engine.begin() as connection:
        rows = [_old_row(number, address) for number, address in enumerate(addresses)]
        await connection.execute(insert(OLD), rows)
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


async def test_an_old_account_signs_in_and_keeps_its_id(engine: AsyncEngine) -> None:
    await _fill_and_upgrade(engine, "Ada@example.com")
    transport = httpx2.ASGITransport(models.app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        headers = await sign_in(client, prefix="/auth")
        me = (await client.get("/users/me", headers=headers)).json()

    assert (me["id"], me["email"], me["is_verified"]) == (str(ADA_ID), "ada@example.com", True)


async def test_an_old_hash_becomes_argon2id_at_login(engine: AsyncEngine) -> None:
    await _fill_and_upgrade(engine, "ada@example.com")
    transport = httpx2.ASGITransport(models.app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        await sign_in(client, prefix="/auth")
    async with engine.connect() as connection:
        stored = await connection.scalar(select(OLD.c.hashed_password))

    assert stored is not None
    assert stored.startswith("$argon2id$")


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
async def test_accounts_that_share_a_mailbox_stop_the_migration(engine: AsyncEngine) -> None:
    """MariaDB's default collation never let the second one in."""
    with pytest.raises(RuntimeError, match="one mailbox"):
        await _fill_and_upgrade(engine, "ada@example.com", "ADA@example.com")


async def test_an_address_that_is_refused_today_is_kept(engine: AsyncEngine) -> None:
    await _fill_and_upgrade(engine, "Admin@localhost")

    async with engine.connect() as connection:
        assert await connection.scalar(select(OLD.c.email)) == "admin@localhost"


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
async def test_addresses_compare_bytewise_afterwards(engine: AsyncEngine) -> None:
    await _fill_and_upgrade(engine, "josé@example.com")

    async with engine.connect() as connection:
        found = select(OLD.c.id).where(OLD.c.email == "jose@example.com")
        assert await connection.scalar(found) is None
