"""``UtcDateTime``: a moment stays the same moment on every database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import DateTime, insert, inspect, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool

from fastauth_kit import UtcDateTime
from tests.core.time_zones import TOKYO
from tests.kit_app import KitApp
from tests.servers import DatabaseKind

MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


class Base(DeclarativeBase):
    """The table of these tests alone."""


class Moment(Base):
    __tablename__ = "models_moments"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    naive_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=False))


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


@pytest.mark.parametrize("column", ["at", "naive_at"])
async def test_a_moment_comes_back_to_the_microsecond_in_utc(
    connection: AsyncConnection, database_kind: DatabaseKind, column: str
) -> None:
    await connection.execute(text(TOKYO[database_kind]))
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-5)))
    await connection.execute(insert(Moment), [{column: elsewhere}])

    found = await connection.scalar(select(getattr(Moment, column)))

    assert found == MOMENT
    assert found.tzinfo is UTC


@pytest.mark.parametrize("column", ["at", "naive_at"])
async def test_moments_are_compared_as_moments(connection: AsyncConnection, column: str) -> None:
    """A microsecond decides, and the zone in which one is written does not."""
    elsewhere = (MOMENT + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=9)))
    await connection.execute(insert(Moment), [{column: MOMENT}])
    attribute = getattr(Moment, column)

    assert await connection.scalar(select(Moment.id).where(attribute < elsewhere)) is not None
    assert await connection.scalar(select(Moment.id).where(attribute >= elsewhere)) is None


@pytest.mark.parametrize("column", ["at", "naive_at"])
async def test_no_moment_stays_none(connection: AsyncConnection, column: str) -> None:
    await connection.execute(insert(Moment), [{column: None}])

    assert (await connection.execute(select(getattr(Moment, column)))).one() == (None,)


@pytest.mark.parametrize("column", ["at", "naive_at"])
async def test_a_naive_datetime_is_refused(connection: AsyncConnection, column: str) -> None:
    with pytest.raises(StatementError, match="a naive datetime was given where a moment is meant"):
        await connection.execute(insert(Moment), [{column: MOMENT.replace(tzinfo=None)}])


async def test_the_naive_column_is_one_that_others_read_as_utc(connection: AsyncConnection) -> None:
    """asyncpg refuses aware values for it: what is sent must be naive too."""
    raw = text("SELECT naive_at FROM models_moments").columns(naive_at=DateTime())
    await connection.execute(insert(Moment), [{"naive_at": MOMENT}])

    assert await connection.scalar(raw) == MOMENT.replace(tzinfo=None)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_postgresql_keeps_the_zone_only_where_it_should(connection: AsyncConnection) -> None:
    def look(sync: Any) -> dict[str, Any]:
        columns = inspect(sync).get_columns(Moment.__tablename__)
        return {column["name"]: column for column in columns}

    columns = await connection.run_sync(look)

    assert columns["at"]["type"].timezone
    assert not columns["naive_at"]["type"].timezone


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_duration_is_added_to_a_column_in_sql(kit_app: KitApp) -> None:
    """The duration must not be bound as if it were a moment."""
    user_id = await kit_app.add_user()
    made = kit_app.user_model.created_at

    async with kit_app.sessions() as session:
        later = await session.scalar(
            select(made + timedelta(hours=1)).where(kit_app.user_model.id == user_id)
        )

    assert later == kit_app.clock.now + timedelta(hours=1)
