"""The kit's columns in the caller's tables, on each database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    String,
    Uuid,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers, mapped_column, relationship
from sqlalchemy.pool import NullPool

from fastauth_kit import ConfigurationError, SessionMixin, UserMixin
from fastauth_kit.core.models import primary_key
from tests.core.time_zones import TOKYO
from tests.servers import DatabaseKind

MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


class Base(DeclarativeBase):
    """Tables of these tests alone."""


class Ada(UserMixin[int], Base):
    __tablename__ = "models_ada"
    id: Mapped[int] = mapped_column(primary_key=True)


class AdaSession(SessionMixin[int], Base):
    __tablename__ = "models_ada_sessions"
    __auth_user__ = Ada


class Big(UserMixin[int], Base):
    __tablename__ = "models_big"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class BigSession(SessionMixin[int], Base):
    __tablename__ = "models_big_sessions"
    __auth_user__ = Big


class Unique(UserMixin[UUID], Base):
    __tablename__ = "models_unique"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class UniqueSession(SessionMixin[UUID], Base):
    __tablename__ = "models_unique_sessions"
    __auth_user__ = Unique


class Named(UserMixin[str], Base):
    __tablename__ = "models_named"
    # the key may have another name in the database
    id: Mapped[str] = mapped_column("login_name", String(40), primary_key=True)


class NamedSession(SessionMixin[str], Base):
    __tablename__ = "models_named_sessions"
    __auth_user__ = Named


FAMILIES = [(Ada, AdaSession), (Big, BigSession), (Unique, UniqueSession), (Named, NamedSession)]


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection to a database that has these tables, empty: nothing is committed."""
    engine = create_async_engine(database_url, poolclass=NullPool)
    async with engine.begin() as setup:
        await setup.run_sync(Base.metadata.create_all)
    async with engine.connect() as connected:
        yield connected
        await connected.rollback()
    await engine.dispose()


async def columns_of(connection: AsyncConnection, table: str) -> dict[str, Any]:
    def look(sync: Any) -> dict[str, Any]:
        return {column["name"]: column for column in inspect(sync).get_columns(table)}

    return await connection.run_sync(look)


@pytest.mark.parametrize(("user", "session"), FAMILIES)
async def test_the_owner_of_a_session_has_the_type_of_the_users_key(
    connection: AsyncConnection, user: Any, session: Any
) -> None:
    key = (await columns_of(connection, user.__tablename__))[primary_key(user).name]
    owner = (await columns_of(connection, session.__tablename__))["user_id"]

    dialect = connection.dialect
    assert owner["type"].compile(dialect) == key["type"].compile(dialect)
    assert not owner["nullable"]


@pytest.mark.parametrize(("user", "session"), FAMILIES)
async def test_a_session_goes_with_its_user(
    connection: AsyncConnection, user: Any, session: Any
) -> None:
    def look(sync: Any) -> Any:
        return inspect(sync).get_foreign_keys(session.__tablename__)

    (key,) = await connection.run_sync(look)

    assert key["referred_table"] == user.__tablename__
    assert key["options"]["ondelete"] == "CASCADE"


@pytest.mark.parametrize(("_", "session"), FAMILIES)
async def test_sessions_are_found_by_their_user(
    connection: AsyncConnection, _: Any, session: Any
) -> None:
    def look(sync: Any) -> Any:
        return [index["column_names"] for index in inspect(sync).get_indexes(session.__tablename__)]

    assert ["user_id"] in await connection.run_sync(look)


async def test_every_column_that_must_have_a_value_brings_one(connection: AsyncConnection) -> None:
    """So that a migration can add it to a table that is filled."""
    columns = await columns_of(connection, Ada.__tablename__)

    without = {
        name
        for name, column in columns.items()
        if not column["nullable"] and column["default"] is None
    }

    assert without - {"id"} == {"email"}


async def test_a_row_made_without_the_kit_is_an_ordinary_account(
    connection: AsyncConnection,
) -> None:
    await connection.execute(text("INSERT INTO models_ada (email) VALUES ('ada@example.com')"))

    row = (await connection.execute(select(Ada))).one()

    assert (row.is_active, row.is_superuser, row.is_verified) == (True, False, False)
    assert row.hashed_password is None


async def test_a_row_made_without_the_kit_has_the_time_in_utc(
    connection: AsyncConnection, database_kind: DatabaseKind
) -> None:
    """However the server, or the session, has its time zone set."""
    await connection.execute(text(TOKYO[database_kind]))
    await connection.execute(text("INSERT INTO models_ada (email) VALUES ('ada@example.com')"))

    row = (await connection.execute(select(Ada.created_at, Ada.updated_at))).one()

    for moment in row:
        assert moment.tzinfo is UTC
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
async def test_the_time_of_such_a_row_is_not_whole_seconds(connection: AsyncConnection) -> None:
    statement = "INSERT INTO models_ada (email) VALUES (:email)"
    for number in range(5):
        await connection.execute(text(statement), {"email": f"ada{number}@example.com"})

    moments = (await connection.scalars(select(Ada.created_at))).all()

    assert any(moment.microsecond for moment in moments)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("josé@example.com", "jose@example.com"),
        ("straße@example.com", "strasse@example.com"),
        ("Ada@example.com", "ada@example.com"),
    ],
)
async def test_addresses_that_differ_in_a_byte_are_two(
    connection: AsyncConnection, one: str, other: str
) -> None:
    await connection.execute(insert(Ada), [{"email": one}, {"email": other}])

    found = await connection.scalars(select(Ada.email).where(Ada.email == other))

    assert found.all() == [other]


async def test_an_address_is_stored_once(connection: AsyncConnection) -> None:
    await connection.execute(insert(Ada), [{"email": "josé@example.com"}])

    with pytest.raises(IntegrityError):
        await connection.execute(insert(Ada), [{"email": "josé@example.com"}])


async def test_hashes_are_told_apart_by_case(connection: AsyncConnection) -> None:
    await connection.execute(insert(Ada), [{"email": "ada@example.com", "hashed_password": "$a"}])

    found = await connection.scalars(select(Ada.id).where(Ada.hashed_password == "$A"))

    assert found.all() == []


async def test_a_change_through_the_orm_moves_updated_at(connection: AsyncConnection) -> None:
    await connection.execute(
        insert(Ada), [{"email": "ada@example.com", "created_at": MOMENT, "updated_at": MOMENT}]
    )
    await connection.execute(update(Ada).values(is_verified=True))

    row = (await connection.execute(select(Ada.created_at, Ada.updated_at))).one()

    assert row.created_at == MOMENT
    assert row.updated_at != MOMENT


def test_the_mapper_is_left_alone_until_every_class_is_declared() -> None:
    class Late(DeclarativeBase): ...

    class Person(UserMixin[int], Late):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)
        posts: Mapped[list[Any]] = relationship("Post", back_populates="author")

    class PersonSession(SessionMixin[int], Late):
        __tablename__ = "sessions"
        __auth_user__ = Person

    class Post(Late):
        __tablename__ = "posts"
        id: Mapped[int] = mapped_column(primary_key=True)
        author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
        author: Mapped[Any] = relationship("Person", back_populates="posts")

    configure_mappers()

    assert PersonSession.__table__.c.user_id.references(Person.__table__.c.id)


def test_a_session_of_a_class_without_a_table_is_refused() -> None:
    class Late(DeclarativeBase): ...

    class Person(UserMixin[int]): ...

    with pytest.raises(ConfigurationError, match=r"^Person must be mapped to a table"):

        class PersonSession(SessionMixin[int], Late):
            __tablename__ = "sessions"
            __auth_user__ = Person
