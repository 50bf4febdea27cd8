"""Accounts and sessions by the million, made by the database itself.

The sessions were begun evenly over the last 120 days. The oldest 8.5 % idled out
a fortnight later; of the next 66.5 % every 44th was logged out. These, a tenth of
all, are over for more than 30 days. The rest lives, because it was refreshed.
"""

from dataclasses import dataclass

from sqlalchemy import Index, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from benchmarks.scale.app import PASSWORD, AuthSession, Base, build, cheapest_hasher
from benchmarks.scale.databases import run_outside_of_a_transaction
from fastauth_kit.features.sessions.refresh_token import REFRESH_PURPOSE

CHUNK = 1_000_000
SALT = "c2FsdCBvZiBhIHJvdyB0aGF0IHdhcyBtYWRlIGJ5IHM"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SESSIONS_PER_USER = 10


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    users: int

    @property
    def sessions(self) -> int:
        return self.users * SESSIONS_PER_USER

    def __str__(self) -> str:
        return f"{self.users:,} users, {self.sessions:,} sessions"


USERS = """
INSERT INTO users (email, hashed_password, name, is_active, is_superuser, is_verified)
SELECT 'user' || n || '@example.com', :hash, 'User ' || n, true, n = 1, n % 2 = 0
FROM generate_series(CAST(:first AS integer), :last) AS n
"""

SESSIONS = """
INSERT INTO auth_sessions (
    id, user_id, created_at, authenticated_at, amr, ip, user_agent, last_used_at,
    idle_expires_at, absolute_expires_at, revoked_at, revoked_reason,
    refresh_generation, refresh_salt, refresh_key_id
)
SELECT
    CAST(
        lpad(to_hex(CAST(extract(epoch FROM born) * 1000 AS bigint)), 12, '0')
        || '7' || substr(random, 1, 3) || '8' || substr(random, 4, 15) AS uuid
    ),
    1 + CAST(('x' || substr(random, 20, 7)) AS bit(28))::integer % :users,
    born, born, json_build_object('pwd', born), '203.0.113.7', :agent, born,
    CASE WHEN idled THEN born + interval '14 days' ELSE now() + interval '7 days' END,
    now() + interval '30 days',
    CASE WHEN left_by THEN born + interval '1 hour' END,
    CASE WHEN left_by THEN 'logout' END,
    0, :salt, :key
FROM (
    SELECT
        md5(n::text) AS random,
        now() - interval '120 days' * (1 - n / CAST(:all AS double precision)) AS born,
        n < :all * 0.085 AS idled,
        n >= :all * 0.085 AND n < :all * 0.75 AND n % 44 = 0 AS left_by
    FROM generate_series(CAST(:first AS integer), :last) AS n
) AS numbered
"""


async def fill(url: str, size: Size) -> None:
    """Make the tables and fill them; indexes and keys that slow it down come last."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            await _take_away(connection)
        for first in range(1, size.users + 1, CHUNK):
            async with engine.begin() as connection:
                await _add_users(connection, first, min(first + CHUNK - 1, size.users))
        for first in range(1, size.sessions + 1, CHUNK):
            async with engine.begin() as connection:
                await _add_sessions(connection, size, first, min(first + CHUNK - 1, size.sessions))
        async with engine.begin() as connection:
            await _put_back(connection)
    finally:
        await engine.dispose()
    await run_outside_of_a_transaction(url, "VACUUM (ANALYZE) users, auth_sessions", "CHECKPOINT")


async def _add_users(connection: AsyncConnection, first: int, last: int) -> None:
    values = {"hash": cheapest_hasher().context.hash(PASSWORD), "first": first, "last": last}
    await connection.execute(text(USERS), values)


async def _add_sessions(connection: AsyncConnection, size: Size, first: int, last: int) -> None:
    key = build("postgresql+asyncpg://").auth.keys.current(REFRESH_PURPOSE)
    values = {"users": size.users, "all": size.sessions, "first": first, "last": last}
    texts = {"agent": USER_AGENT, "salt": SALT, "key": key.id}
    await connection.execute(text(SESSIONS), {**values, **texts})


def _indexes() -> set[Index]:
    table = AuthSession.__table__
    assert isinstance(table, Table)
    return table.indexes


async def _take_away(connection: AsyncConnection) -> None:
    for index in _indexes():
        await connection.run_sync(index.drop)
    await connection.execute(
        text("ALTER TABLE auth_sessions DROP CONSTRAINT auth_sessions_user_id_fkey")
    )


async def _put_back(connection: AsyncConnection) -> None:
    for index in _indexes():
        await connection.run_sync(index.create)
    await connection.execute(
        text(
            "ALTER TABLE auth_sessions ADD CONSTRAINT auth_sessions_user_id_fkey "
            "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE"
        )
    )
