import asyncio
from typing import Any, Literal

from alembic import context
from main import Base, engine
from sqlalchemy import Connection

from fastauth_kit import UtcDateTime


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Write the kit's column type into migrations by its public name."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from fastauth_kit import UtcDateTime")
        return repr(item)
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=True,  # SQLite alters a table by copying it
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate() -> None:
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(migrate())
