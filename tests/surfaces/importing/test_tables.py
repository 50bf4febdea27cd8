"""Rows come straight from the table of another app, which goes on running."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    MetaData,
    String,
    Table,
    Uuid,
    insert,
    make_url,
)
from sqlalchemy.ext.asyncio import create_async_engine

from fastauth_kit.surfaces.importing import (
    PRESETS,
    Record,
    SourceRefused,
    TableSource,
    same_place,
    source_url,
)
from tests.kit_app import SYNC_DRIVERS, KitApp
from tests.surfaces.importing.importing_app import HASH, imported, users

OLD = MetaData()
DJANGO = Table(
    "auth_user",
    OLD,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("password", String(128)),
    Column("last_login", DateTime(timezone=True)),
    Column("is_superuser", Boolean),
    Column("username", String(150)),
    Column("first_name", String(150)),
    Column("email", String(254)),
    Column("is_staff", Boolean),
    Column("is_active", Boolean),
    Column("date_joined", DateTime(timezone=True)),
)
BY_UUID = Table("user", OLD, Column("id", Uuid, primary_key=True), Column("email", String(320)))
NO_KEY = Table("keyless", OLD, Column("email", String(320)))
JOINED = datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(params=["async", "sync"])
async def old_url(fresh_database_url: str, request: pytest.FixtureRequest) -> str:
    engine = create_async_engine(fresh_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(OLD.create_all)
    await engine.dispose()
    url = make_url(fresh_database_url)
    if request.param == "sync":
        backend = url.get_backend_name()
        url = url.set(drivername=f"{backend}+{SYNC_DRIVERS[backend]}")
    return url.render_as_string(hide_password=False)


async def fill(url: str, table: Table, rows: list[dict[str, Any]]) -> None:
    drivers = {"postgresql": "asyncpg", "sqlite": "aiosqlite", "mysql": "aiomysql"}
    address = make_url(url)
    backend = address.get_backend_name().replace("mariadb", "mysql")
    engine = create_async_engine(address.set(drivername=f"{backend}+{drivers[backend]}"))
    async with engine.begin() as connection:
        await connection.execute(insert(table), rows)
    await engine.dispose()


async def read(url: str, table: str) -> list[Record]:
    return [record async for record in TableSource(source_url(url), table).records()]


def django_row(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "password": f"bcrypt${HASH}",
        "is_superuser": number == 1,
        "username": f"user{number}",
        "first_name": "",
        "email": f"User{number}@example.com",
        "is_staff": False,
        "is_active": True,
        "date_joined": JOINED,
    }


async def test_accounts_of_django_sign_in(kit_app: KitApp, old_url: str) -> None:
    await fill(old_url, DJANGO, [django_row(number) for number in (1, 2**40)])
    source = TableSource(source_url(old_url), "auth_user")

    report = await imported(kit_app, source, names=PRESETS["django"].names)

    found = await users(kit_app)
    assert (report.imported, report.superusers) == (2, ["user1@example.com"])
    assert found["user1@example.com"].created_at == JOINED
    assert sorted(report.unknown_columns) == ["is_staff", "username"]
    await kit_app.sign_in(f"user{2**40}@example.com")


async def test_pages_follow_each_other_without_gap(old_url: str) -> None:
    await fill(old_url, DJANGO, [django_row(7 * number) for number in range(2001)])

    records = await read(old_url, "auth_user")

    assert [record.values["id"] for record in records] == [7 * number for number in range(2001)]
    assert [record.line for record in records] == list(range(1, 2002))


async def test_a_table_may_have_uuids(old_url: str) -> None:
    keys = [UUID(int=1000 * number + 1) for number in range(1500)]
    await fill(old_url, BY_UUID, [{"id": key, "email": f"{key}@x.org"} for key in keys])

    records = await read(old_url, "user")

    assert sorted(record.values["email"] for record in records) == sorted(
        f"{key}@x.org" for key in keys
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [("nowhere", "no table nowhere"), ("keyless", "primary key of one column")],
)
async def test_a_table_that_cannot_be_read_is_refused(
    old_url: str, table: str, sentence: str
) -> None:
    with pytest.raises(SourceRefused, match=sentence):
        await read(old_url, table)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://postgres:hunter2-secret@127.0.0.1:1/x",
        "postgresql+psycopg://postgres:hunter2-secret@127.0.0.1:1/x",
        "postgresql+psycopg://postgres@127.0.0.1:1/x?password=hunter2-secret",
        "mysql+pymysql://nobody:hunter2-secret@127.0.0.1:3306/x",
        "mysql+aiomysql://nobody:hunter2-secret@127.0.0.1:3306/x",
    ],
)
async def test_a_password_is_never_repeated(url: str) -> None:
    with pytest.raises(SourceRefused, match="cannot be read") as refusal:
        await read(url, "user")

    assert "hunter2" not in repr(refusal.value)
    assert refusal.value.__cause__ is None
    assert "hunter2" not in repr(TableSource(source_url(url), "user"))


@pytest.mark.parametrize(
    "url",
    ["", "hunter2", "oracle+nothing://a:hunter2@b/c", "://", "postgresql://a:hunter2@b:port/c"],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SourceRefused) as refusal:
        source_url(url)

    assert "hunter2" not in str(refusal.value)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="no such SQLite file"):
        source_url(f"sqlite:///{tmp_path}/old.db")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgres://a@b/c", "postgresql+psycopg"),
        ("postgresql://a@b/c", "postgresql+psycopg"),
        ("postgresql+asyncpg://a@b/c", "postgresql+asyncpg"),
        ("mysql://a@b/c", "mysql+pymysql"),
        ("mariadb://a@b/c", "mariadb+pymysql"),
    ],
)
def test_a_driver_that_is_installed_is_found(text: str, driver: str) -> None:
    assert source_url(text).drivername == driver


def test_a_driver_that_is_missing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastauth_kit.surfaces.importing.table_source.find_spec", lambda name: None)

    with pytest.raises(SourceRefused, match="no driver for postgresql"):
        source_url("postgresql://a@b/c")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("postgresql+asyncpg://a@localhost/x", "postgresql+psycopg://b:c@127.0.0.1:5432/x", True),
        ("postgresql+asyncpg://a@localhost/x", "postgresql+asyncpg://a@localhost/y", False),
        ("postgresql+asyncpg://a@one/x", "postgresql+asyncpg://a@two/x", False),
        ("mysql+pymysql://a@/x", "mariadb+aiomysql://a@localhost:3306/x", True),
        ("sqlite:///a/../b.db", "sqlite+aiosqlite:///b.db", True),
        ("sqlite:///a.db", "sqlite:///b.db", False),
    ],
)
def test_one_database_is_told_from_another(left: str, right: str, same: bool) -> None:
    assert same_place(make_url(left), make_url(right)) is same


async def test_bytes_that_are_no_text_damage_their_row_alone(
    kit_app: KitApp, tmp_path: Path
) -> None:
    """SQLite keeps whatever it is given."""
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)")
        old.execute("INSERT INTO people VALUES (1, CAST(x'ff4061' AS TEXT)), (2, 'b@x.org')")
    old.close()

    report = await imported(
        kit_app, TableSource(source_url(f"sqlite:///{tmp_path}/old.db"), "people")
    )

    assert (report.imported, list(await users(kit_app))) == (1, ["b@x.org"])


async def test_a_table_may_be_in_a_schema(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)")
        old.execute("INSERT INTO people VALUES (1, 'b@x.org')")
    old.close()

    assert len(await read(f"sqlite:///{tmp_path}/old.db", "main.people")) == 1


async def test_a_table_that_is_too_wide_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        columns = ", ".join(f"c{number} TEXT" for number in range(1100))
        old.execute(f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {columns})")
    old.close()

    with pytest.raises(SourceRefused, match="more than 1000 columns"):
        await read(f"sqlite:///{tmp_path}/old.db", "wide")
