"""Two user tables from before the kit, and how their apps take it up.

What a caller writes: the model over the table that is there, and a migration.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from alembic.operations import Operations
from sqlalchemy import (
    CHAR,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    false,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from fastauth_kit import SessionMixin, UserMixin, UtcDateTime
from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.models import CurrentMoment, exact_text, primary_key, utc_now


class Guid(TypeDecorator[UUID]):
    """The key type of fastapi-users: text with hyphens, except on PostgreSQL."""

    class UuidChar(CHAR):
        python_type = UUID

    impl = UuidChar
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(CHAR(36))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> UUID | None:
        return None if value is None else UUID(value)


before_fastapi_users = Table(
    "user",
    MetaData(),
    Column("id", Guid, primary_key=True),
    Column("email", String(320), unique=True, index=True, nullable=False),
    Column("hashed_password", String(1024), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_superuser", Boolean, nullable=False),
    Column("is_verified", Boolean, nullable=False),
)

before_tutorial = Table(
    "users",
    MetaData(),
    Column("id", Integer, primary_key=True, index=True),
    Column("email", String(255), unique=True, index=True, nullable=False),
    Column("hashed_password", String(255), nullable=False),
    Column("name", String(100), nullable=True),
    Column("is_active", Boolean, nullable=False),
    Column("is_superuser", Boolean, nullable=False),
    Column("created_at", DateTime, server_default=func.now(), nullable=False),
    Column("updated_at", DateTime, server_default=func.now(), nullable=False),
)


class FastapiUsersBase(DeclarativeBase):
    """Tables of the app that had fastapi-users."""


class FastapiUser(UserMixin[UUID], FastapiUsersBase):
    __tablename__ = "user"
    id: Mapped[UUID] = mapped_column(Guid, primary_key=True, default=uuid4)


class FastapiUserSession(SessionMixin[UUID], FastapiUsersBase):
    __tablename__ = "auth_sessions"
    __auth_user__ = FastapiUser


class TutorialBase(DeclarativeBase):
    """Tables of the app that grew out of the tutorial."""


class TutorialUser(UserMixin[int], TutorialBase):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    name: Mapped[str | None] = mapped_column(String(100))
    # the columns that are there have no zone, and hold UTC
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime(timezone=False), default=utc_now, server_default=CurrentMoment()
    )
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime(timezone=False),
        default=utc_now,
        onupdate=utc_now,
        server_default=CurrentMoment(),
    )


class TutorialSession(SessionMixin[int], TutorialBase):
    __tablename__ = "auth_sessions"
    __auth_user__ = TutorialUser


def migrate_fastapi_users(op: Operations) -> None:
    """``upgrade()`` of the app that had fastapi-users."""
    with op.batch_alter_table("user") as table:
        for name in ("created_at", "updated_at"):
            table.add_column(
                Column(name, UtcDateTime(), server_default=CurrentMoment(), nullable=False)
            )
        table.alter_column(
            "email", type_=exact_text(320), existing_type=String(320), existing_nullable=False
        )
        table.alter_column(
            "hashed_password", type_=exact_text(1024), existing_type=String(1024), nullable=True
        )
        flags = {"is_active": true(), "is_superuser": false(), "is_verified": false()}
        for name, default in flags.items():
            table.alter_column(
                name, server_default=default, existing_type=Boolean(), existing_nullable=False
            )
        table.create_index("ix_user_is_superuser", ["is_superuser"])
    make_addresses_canonical(op, before_fastapi_users)
    create_sessions(op, FastapiUserSession)


def migrate_tutorial(op: Operations) -> None:
    """``upgrade()`` of the app that grew out of the tutorial."""
    with op.batch_alter_table("users") as table:
        table.add_column(Column("is_verified", Boolean(), server_default=false(), nullable=False))
        table.alter_column(
            "email", type_=exact_text(320), existing_type=String(255), existing_nullable=False
        )
        table.alter_column(
            "hashed_password", type_=exact_text(1024), existing_type=String(255), nullable=True
        )
        for name, default in {"is_active": true(), "is_superuser": false()}.items():
            table.alter_column(
                name, server_default=default, existing_type=Boolean(), existing_nullable=False
            )
        for name in ("created_at", "updated_at"):
            table.alter_column(
                name,
                type_=UtcDateTime(timezone=False),
                server_default=CurrentMoment(),
                existing_type=DateTime(),
                existing_nullable=False,
            )
        table.create_index("ix_users_is_superuser", ["is_superuser"])
    make_addresses_canonical(op, before_tutorial)
    create_sessions(op, TutorialSession)


def make_addresses_canonical(op: Operations, users: Table) -> None:
    """Store every address in the form in which it is looked up from now on.

    ``lookup_form`` is ``canonical_email``, but leaves an address that the kit
    would not take any more, such as ``root@localhost``, to its owner.
    """
    connection = op.get_bind()
    for key, email in connection.execute(select(users.c.id, users.c.email)).all():
        connection.execute(update(users).where(users.c.id == key).values(email=lookup_form(email)))


def create_sessions(op: Operations, model: type[SessionMixin[Any]]) -> None:
    """Create the table of the sessions, and its index."""
    table: Any = model.__table__  # type: ignore[attr-defined]  # mapped
    owner = primary_key(model.__auth_user__).table
    op.create_table(
        table.name,
        *(column._copy() for column in table.columns),
        # as Alembic writes it down; a copied column has lost its own
        ForeignKeyConstraint(["user_id"], [f"{owner}.id"], ondelete="CASCADE"),
    )
