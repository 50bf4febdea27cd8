"""Tables with more than the kit's columns, and with keys of other kinds."""

import enum
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import JSON, Enum, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column
from sqlalchemy.types import UserDefinedType

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
)
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.surfaces.importing import ImportOptions, Report, import_users
from fastauth_kit.surfaces.importing.checking import FAULTS, INVALID_ID
from fastauth_kit.surfaces.importing.importer import CONFLICT
from tests.kit_app import SECRET
from tests.surfaces.importing.importing_app import Rows, counts, csv_source, json_source


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Base(DeclarativeBase):
    pass


class Opaque(UserDefinedType[Any]):
    """A type that does not say what its values are."""

    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        raise NotImplementedError

    def get_col_spec(self, **_: Any) -> str:
        return "VARCHAR(20)"


class Person(UserMixin[str], Base):
    """Made by hand: nothing fills its keys."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("nick_name"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    nick: Mapped[str | None] = mapped_column("nick_name", String(10))
    age: Mapped[int | None]
    born: Mapped[date | None]
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour))
    extra: Mapped[Any | None] = mapped_column(JSON)
    opaque: Mapped[Any | None] = mapped_column(Opaque)


Person.shown = column_property(Person.__table__.c.email + "!")  # type: ignore[attr-defined]  # computed


class PersonSession(SessionMixin[str], Base):
    __tablename__ = "people_sessions"
    __auth_user__ = Person


class Numbered(UserMixin[int], Base):
    """Its whole-number keys come from nowhere either."""

    __tablename__ = "numbered"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class NumberedSession(SessionMixin[int], Base):
    __tablename__ = "numbered_sessions"
    __auth_user__ = Numbered


async def _no_session() -> AsyncIterator[AsyncSession]:
    raise AssertionError
    yield


def kit(user_model: Any, session_model: Any) -> AuthKit[Any]:
    return AuthKit(
        user_model=user_model,
        get_session=_no_session,
        settings=AuthSettings(secret_key=SECRET),
        features=(Accounts(), Passwords(), Sessions(model=session_model)),
    )


@pytest.fixture
async def engine(fresh_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(fresh_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    await engine.dispose()


async def imported(auth: AuthKit[Any], engine: AsyncEngine, source: Any, **options: Any) -> Report:
    run = partial(auth.run, async_sessionmaker(engine))
    return await import_users(auth, run, source, ImportOptions(**options))


async def people(engine: AsyncEngine) -> dict[str, Person]:
    async with async_sessionmaker(engine)() as session:
        return {person.id: person for person in await session.scalars(select(Person))}


async def test_columns_beside_the_create_schema_take_the_types_of_the_table(
    engine: AsyncEngine,
) -> None:
    source = csv_source(
        "id,email,nick,age,born,colour,extra,shown\n"
        "p1,ada@example.com,ada,36,1815-12-10,red,some,thing\n"
    )

    report = await imported(kit(Person, PersonSession), engine, source, keep_ids=True)

    ada = (await people(engine))["p1"]
    assert (ada.nick, ada.age, ada.born, ada.colour) == ("ada", 36, date(1815, 12, 10), Colour.RED)
    assert ada.extra == "some"
    assert report.unknown_columns == ["shown"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"age": "old"}, "column age: int_parsing"),
        ({"age": 36.5}, "column age: int_from_float"),
        ({"born": "1815-13-40"}, "column born: date_from_datetime_parsing"),
        ({"colour": "green"}, "column colour: enum"),
        ({"nick": "x" * 11}, "column nick: string_too_long"),
        ({"extra": {"deep": ["\0"]}}, "column extra: text that cannot be stored"),
        ({"age": 2**70}, CONFLICT),
        ({"nick": "taken"}, CONFLICT),
        ({"id": "x" * 41}, INVALID_ID),
        ({"id": ""}, INVALID_ID),
    ],
)
async def test_a_value_that_does_not_fit_leaves_its_row_out_alone(
    engine: AsyncEngine, values: dict[str, Any], reason: str
) -> None:
    rows = [
        {"id": "p1", "email": "one@example.com", "nick": "taken"},
        {"id": "p2", "email": "two@example.com", **values},
        {"id": "p3", "email": "three@example.com", "extra": {"any": ["thing"]}},
    ]

    report = await imported(kit(Person, PersonSession), engine, Rows(rows), keep_ids=True)

    assert counts(report) == {reason: 1}
    assert sorted(await people(engine)) == ["p1", "p3"]


async def test_a_value_that_its_own_type_refuses_leaves_its_row_out_alone(
    engine: AsyncEngine,
) -> None:
    rows = [
        {"id": f"p{n}", "email": f"{n}@example.com", "extra": {n} if n == 2 else n}
        for n in (1, 2, 3)
    ]

    report = await imported(kit(Person, PersonSession), engine, Rows(rows), keep_ids=True)

    assert report.left_out[CONFLICT].lines == ["2"]
    assert sorted(await people(engine)) == ["p1", "p3"]


async def test_keys_that_nothing_fills_must_be_given(engine: AsyncEngine) -> None:
    with pytest.raises(ConfigurationError, match="--keep-ids"):
        await imported(kit(Person, PersonSession), engine, json_source({"email": "a@x.org"}))


async def test_keys_without_a_sequence_are_kept_as_they_are(engine: AsyncEngine) -> None:
    source = json_source({"id": 7, "email": "a@example.com"})

    report = await imported(kit(Numbered, NumberedSession), engine, source, keep_ids=True)

    assert report.imported == 1


async def test_damaged_rows_are_left_out_by_their_lines(engine: AsyncEngine) -> None:
    source = csv_source('id,email\np1,a@example.com\np2\np3,"b@example.com\n')

    report = await imported(kit(Person, PersonSession), engine, source, keep_ids=True)

    assert counts(report) == {FAULTS["cells"]: 1, FAULTS["damaged"]: 1}
    assert list(await people(engine)) == ["p1"]
