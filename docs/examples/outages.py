"""What a caller adds for networks that fall silent and connections that die."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastauth_kit import ErrorShape
from fastauth_kit.core.errors import DatabaseUnavailable


# --8<-- [start:time_limit]
class TimeLimit:
    """Answers 503 when a request took too long; what it waited for is cancelled."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds if scope["type"] == "http" else None):
                await self._app(scope, receive, note)
        except TimeoutError:
            if not begun:
                await ErrorShape().respond(DatabaseUnavailable())(scope, receive, send)


# --8<-- [end:time_limit]


# --8<-- [start:get_db]
maker: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)


async def get_db() -> AsyncGenerator[AsyncSession]:
    session = maker()
    try:
        yield session
    finally:
        with suppress(DBAPIError, OSError):  # it died; the server rolls back by itself
            await session.close()


# --8<-- [end:get_db]


# --8<-- [start:pgbouncer]
def through_pgbouncer(url: str) -> AsyncEngine:
    """``postgresql+asyncpg://user:password@host:6432/name``, in transaction mode."""
    return create_async_engine(
        url,
        connect_args={
            "statement_cache_size": 0,  # asyncpg's own
            "prepared_statement_cache_size": 0,  # SQLAlchemy's
        },
    )


# --8<-- [end:pgbouncer]
