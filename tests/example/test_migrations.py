"""The example's migrations on each database, with rows in the tables."""

import sqlite3
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pymysql
import pytest
from pymysql.constants import CLIENT
from sqlalchemy import make_url

from tests.example.alembic_command import (
    HEAD,
    add_migration,
    alembic,
    copy_of_the_example,
    query,
    tables,
)
from tests.example.server import SECRET, free_port, running

OURS = {"users", "auth_sessions", "posts", "profiles"} | {
    "audit_events",
    "login_failures",
    "one_time_tokens",
    "pending_registrations",
}
MOMENT = "'2026-11-23 12:00:00'"


async def _write_rows(url: str) -> None:
    """Two accounts, one with a session and two posts, in tables of the second migration."""
    columns = "created_at, authenticated_at, last_used_at, idle_expires_at, absolute_expires_at"
    await query(
        url,
        "INSERT INTO users (email) VALUES ('ada@example.com'), ('bob@example.com')",
        f"INSERT INTO auth_sessions (id, user_id, amr, refresh_generation, refresh_salt, "
        f"refresh_key_id, {columns}) SELECT '{uuid.uuid4().hex}', id, '[]', 0, 'salt', 'key', "
        f"{', '.join([MOMENT] * 5)} FROM users WHERE email LIKE 'ada%'",
        *[
            f"INSERT INTO posts (author_id, title, body, created_at, updated_at) "
            f"SELECT id, '{title}', '', {MOMENT}, {MOMENT} FROM users WHERE email LIKE 'ada%'"
            for title in ("first", "second")
        ],
        "INSERT INTO profiles (user_id, bio) SELECT id, 'of ' || email FROM users"
        if make_url(url).get_backend_name() != "mysql"
        else "INSERT INTO profiles (user_id, bio) SELECT id, CONCAT('of ', email) FROM users",
    )


async def _counts(url: str, *names: str) -> dict[str, Any]:
    rows = {name: await query(url, f"SELECT count(*) FROM {name}") for name in names}
    return {name: row[0][0] for name, row in rows.items()}


async def test_up_and_down_again_leave_nothing_but_the_version_table(
    fresh_database_url: str,
) -> None:
    alembic(fresh_database_url, "upgrade", "head")
    up = await tables(fresh_database_url)
    alembic(fresh_database_url, "downgrade", "base")

    assert up == OURS | {"alembic_version"}
    assert await tables(fresh_database_url) == {"alembic_version"}


def test_the_migrations_make_what_the_models_say(fresh_database_url: str) -> None:
    alembic(fresh_database_url, "upgrade", "head")

    assert "No new upgrade operations" in alembic(fresh_database_url, "check")


async def test_accounts_that_were_there_get_a_profile(fresh_database_url: str) -> None:
    alembic(fresh_database_url, "upgrade", "0001")
    await query(
        fresh_database_url, "INSERT INTO users (email) VALUES ('a@example.com'), ('b@example.com')"
    )

    alembic(fresh_database_url, "upgrade", "head")

    joined = "SELECT bio FROM profiles JOIN users ON users.id = profiles.user_id"
    assert await query(fresh_database_url, joined) == [("",), ("",)]


async def test_a_row_of_somebody_elses_gets_the_defaults(fresh_database_url: str) -> None:
    """Made in SQL, as by an import: active, nothing more, and of this moment in UTC."""
    alembic(fresh_database_url, "upgrade", "head")
    await query(fresh_database_url, "INSERT INTO users (email) VALUES ('ada@example.com')")

    flags = "SELECT is_active, is_superuser, is_verified, created_at FROM users"
    ((active, superuser, verified, created_at),) = await query(fresh_database_url, flags)

    made = datetime.fromisoformat(str(created_at))
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    assert (bool(active), bool(superuser), bool(verified)) == (True, False, False)
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=5)


async def test_a_downgrade_keeps_accounts_and_sessions(fresh_database_url: str) -> None:
    alembic(fresh_database_url, "upgrade", "head")
    await _write_rows(fresh_database_url)

    alembic(fresh_database_url, "downgrade", "0001")
    kept = await _counts(fresh_database_url, "users", "auth_sessions")
    alembic(fresh_database_url, "upgrade", "head")

    assert kept == {"users": 2, "auth_sessions": 1}
    assert await _counts(fresh_database_url, "posts", "profiles") == {"posts": 0, "profiles": 2}


async def test_a_changed_column_of_the_accounts_costs_no_row(
    fresh_database_url: str, tmp_path: Path
) -> None:
    """SQLite makes a new table, and drops the old one, which cascades where nobody takes care."""
    folder = copy_of_the_example(tmp_path / "copy")
    add_migration(
        folder,
        "with op.batch_alter_table('users') as batch: "
        "batch.alter_column('name', type_=sa.String(150), existing_type=sa.String(100))",
    )
    alembic(fresh_database_url, "upgrade", HEAD, folder=folder)
    await _write_rows(fresh_database_url)

    alembic(fresh_database_url, "upgrade", "head", folder=folder)

    expected = {"users": 2, "auth_sessions": 1, "posts": 2, "profiles": 2}
    assert await _counts(fresh_database_url, *expected) == expected
    with pytest.raises(AssertionError, match="Detected type change"):  # it was really made
        alembic(fresh_database_url, "check", folder=folder)


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
async def test_a_migration_that_fails_changes_nothing(
    fresh_database_url: str, tmp_path: Path
) -> None:
    """MariaDB commits at each change of the schema; there it is as far as it came."""
    folder = copy_of_the_example(tmp_path / "copy")
    add_migration(folder, "op.create_table('half', sa.Column('id', sa.Integer)); 1 / 0")

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        alembic(fresh_database_url, "upgrade", "head", folder=folder)

    # the two before it were to come in the same transaction
    assert await tables(fresh_database_url) <= {"alembic_version"}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_migration_that_orphans_rows_is_refused(
    fresh_database_url: str, tmp_path: Path
) -> None:
    folder = copy_of_the_example(tmp_path / "copy")
    add_migration(folder, "op.execute('DELETE FROM users')")
    alembic(fresh_database_url, "upgrade", HEAD, folder=folder)
    await _write_rows(fresh_database_url)

    with pytest.raises(AssertionError, match="rows that refer to nothing"):
        alembic(fresh_database_url, "upgrade", "head", folder=folder)

    assert await _counts(fresh_database_url, "users", "posts") == {"users": 2, "posts": 2}


async def _run_script(url: str, script: str) -> None:
    """Run SQL as the database's own client does."""
    address = make_url(url)
    match address.get_backend_name():
        case "sqlite":
            connection = sqlite3.connect(str(address.database))
            connection.executescript(script)
            connection.close()
        case "postgresql":
            plain = address.set(drivername="postgresql", query={})
            session = await asyncpg.connect(plain.render_as_string(hide_password=False))
            await session.execute(script)
            await session.close()
        case _:
            _run_script_on_mariadb(address, script)


def _run_script_on_mariadb(address: Any, script: str) -> None:
    path = address.query.get("unix_socket")
    with (
        pymysql.connect(
            host=address.host or "localhost",
            port=address.port or 3306,
            user=address.username,
            password=address.password or "",
            database=address.database,
            unix_socket=path,
            client_flag=CLIENT.MULTI_STATEMENTS,
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(script)
        while cursor.nextset():
            pass


def _named_exactly(url: str) -> str:
    """Call MariaDB by its name: where nothing answers, ``mysql+`` means MySQL.

    A UUID is ``CHAR(32)`` there, and a type of its own here.
    """
    return url.replace("mysql+", "mariadb+")


async def test_the_printed_sql_does_the_same(fresh_database_url: str) -> None:
    """For where a database administrator runs it."""
    script = alembic(_named_exactly(fresh_database_url), "upgrade", "head", "--sql")

    await _run_script(fresh_database_url, script)

    assert alembic(fresh_database_url, "current").split() == [HEAD, "(head)"]
    assert "No new upgrade operations" in alembic(fresh_database_url, "check")


async def test_the_printed_sql_goes_back_too(fresh_database_url: str) -> None:
    alembic(fresh_database_url, "upgrade", "head")
    script = alembic(_named_exactly(fresh_database_url), "downgrade", "head:base", "--sql")

    await _run_script(fresh_database_url, script)

    assert await tables(fresh_database_url) == {"alembic_version"}


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
def test_the_name_of_mariadb_works_as_well_as_that_of_mysql(fresh_database_url: str) -> None:
    alembic(_named_exactly(fresh_database_url), "upgrade", "head")

    assert "No new upgrade operations" in alembic(fresh_database_url, "check")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_an_app_that_is_not_to_migrate_does_not(fresh_database_url: str) -> None:
    port = free_port()
    settings = {"DATABASE_URL": fresh_database_url, "SECRET_KEY": SECRET}
    command = ["-m", "uvicorn", "app.main:app", "--port", str(port)]
    with running(command, {**settings, "MIGRATE_AT_START": "false"}, ready="startup complete"):
        answer = httpx2.get(f"http://127.0.0.1:{port}/health")

    assert answer.status_code == 200
    assert await tables(fresh_database_url) == set()


def test_the_command_works_from_another_folder(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/elsewhere.db"
    ini = copy_of_the_example(tmp_path / "copy") / "alembic.ini"

    alembic(url, "-c", str(ini), "upgrade", "head", folder=tmp_path)

    assert alembic(url, "-c", str(ini), "current", folder=tmp_path).split() == [HEAD, "(head)"]


def test_the_command_says_nothing_of_the_password(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://app:a-password-of-the-test@127.0.0.1:1/app"

    with pytest.raises(AssertionError) as refused:
        alembic(url, "upgrade", "head")

    assert "a-password-of-the-test" not in str(refused.value)
