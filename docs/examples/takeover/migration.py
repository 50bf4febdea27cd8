"""The part of the migration that autogenerate does not write: defaults and addresses."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from fastauth_kit import UtcDateTime
from fastauth_kit.core.addresses import lookup_form


# --8<-- [start:columns]
def exact(length: int) -> sa.String:
    """Compared bytewise: MariaDB's default collation takes josé@ for jose@."""
    bytewise = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(bytewise, "mysql", "mariadb")


def add_columns() -> None:
    mariadb = op.get_bind().dialect.name in {"mysql", "mariadb"}
    now = sa.text("(utc_timestamp(6))" if mariadb else "CURRENT_TIMESTAMP")
    with op.batch_alter_table("user") as table:
        for name in ("created_at", "updated_at"):
            table.add_column(sa.Column(name, UtcDateTime(), server_default=now, nullable=False))
        table.alter_column("email", type_=exact(320), existing_nullable=False)
        table.alter_column("hashed_password", type_=exact(1024), nullable=True)
        table.create_index("ix_user_is_superuser", ["is_superuser"])


# --8<-- [end:columns]


# --8<-- [start:addresses]
def rewrite_addresses() -> None:
    connection = op.get_bind()
    users = sa.table("user", sa.column("id"), sa.column("email"))
    rows = connection.execute(sa.select(users.c.id, users.c.email)).all()
    owners: defaultdict[str, list[Any]] = defaultdict(list)
    for user_id, address in rows:
        owners[lookup_form(address)].append(user_id)
    shared = {address: ids for address, ids in owners.items() if len(ids) > 1}
    if shared:
        raise RuntimeError(f"several accounts have one mailbox, decide who keeps it: {shared}")
    for user_id, address in rows:
        if address != lookup_form(address):
            connection.execute(
                sa.update(users).where(users.c.id == user_id).values(email=lookup_form(address))
            )


# --8<-- [end:addresses]


# --8<-- [start:upgrade]
def upgrade() -> None:
    add_columns()
    rewrite_addresses()


# --8<-- [end:upgrade]
