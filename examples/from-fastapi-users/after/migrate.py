"""Prepares the table that both apps use. May be run again: it does what is left to do.

With Alembic, put the body of ``prepare`` into a revision.
"""

import asyncio
import sys
from collections import Counter

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from after.db import AuthSession, engine
from fastauth_kit import UtcDateTime
from fastauth_kit.core.addresses import lookup_form


def prepare(connection: sa.Connection) -> None:
    add_columns(Operations(MigrationContext.configure(connection)), connection)
    rewrite_addresses(connection)
    AuthSession.__table__.create(connection, checkfirst=True)


def add_columns(op: Operations, connection: sa.Connection) -> None:
    """Add what the old app does not know, with defaults: its INSERTs go on."""
    there = {column["name"] for column in sa.inspect(connection).get_columns("user")}
    if "created_at" in there:
        return
    with op.batch_alter_table("user") as table:
        for name in ("created_at", "updated_at"):
            now = sa.text("CURRENT_TIMESTAMP")
            table.add_column(sa.Column(name, UtcDateTime(), server_default=now, nullable=False))
        for name in ("is_active", "is_superuser", "is_verified"):
            default = sa.true() if name == "is_active" else sa.false()
            table.alter_column(name, server_default=default)
        table.create_index("ix_user_is_superuser", ["is_superuser"])


def rewrite_addresses(connection: sa.Connection) -> None:
    """Spell the addresses as the kit looks them up; the old app finds them by lower()."""
    users = sa.table("user", sa.column("id"), sa.column("email"))
    rows = connection.execute(sa.select(users.c.id, users.c.email)).all()
    shared = [
        address
        for address, count in Counter(lookup_form(email) for _, email in rows).items()
        if count > 1
    ]
    if shared:
        sys.exit(f"several accounts have one mailbox, decide who keeps it: {', '.join(shared)}")
    for user_id, email in rows:
        if email != lookup_form(email):
            changed = sa.update(users).where(users.c.id == user_id)
            connection.execute(changed.values(email=lookup_form(email)))


async def main() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(prepare)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
