"""The smaller programs: rotation of the secret, and engines."""

from pathlib import Path

import pytest
from sqlalchemy import text

from fastauth_kit import AuthSettings
from tests.docs.programs import ADA, load, running, sign_up


@pytest.mark.parametrize(("before", "after"), [("announced", "swapped"), ("swapped", "announced")])
async def test_a_rotated_secret_signs_nobody_out(tmp_path: Path, before: str, after: str) -> None:
    """Both ways, because servers with either setting run side by side."""
    settings = load("rotation.py")
    program = load("protect.py")
    async with running(program, tmp_path) as client:
        _use(program.auth, getattr(settings, before))
        headers = await sign_up(client)
        tokens = (await client.post("/api/auth/login", json=ADA)).json()
        _use(program.auth, getattr(settings, after))
        access = await client.get("/posts", headers=headers)
        body = {"refresh_token": tokens["refresh_token"]}
        refresh = await client.post("/api/auth/refresh", json=body)

    assert (access.status_code, refresh.status_code) == (200, 200)


async def test_a_retired_secret_is_worth_nothing(tmp_path: Path) -> None:
    settings = load("rotation.py")
    program = load("protect.py")
    async with running(program, tmp_path) as client:
        _use(program.auth, settings.announced)
        headers = await sign_up(client)
        _use(program.auth, settings.retired)

        assert (await client.get("/posts", headers=headers)).status_code == 401


def _use(auth: object, settings: AuthSettings) -> None:
    """Give a frozen installation other settings, as a new deployment would."""
    vars(auth)["settings"] = settings
    vars(auth).pop("keys", None)


async def test_the_sqlite_engine_enforces_foreign_keys(tmp_path: Path) -> None:
    engine = load("databases.py").sqlite(f"sqlite+aiosqlite:///{tmp_path}/app.db")
    async with engine.connect() as connection:
        on = await connection.scalar(text("PRAGMA foreign_keys"))
        journal = await connection.scalar(text("PRAGMA journal_mode"))
    await engine.dispose()

    assert (on, journal) == (1, "wal")


async def test_the_kit_runs_on_the_sqlite_engine(tmp_path: Path) -> None:
    program = load("protect.py")
    async with running(program, tmp_path) as client:
        engine = load("databases.py").sqlite(f"sqlite+aiosqlite:///{tmp_path}/program.db")
        program.maker.configure(bind=engine)
        headers = await sign_up(client)
        written = await client.post("/posts", params={"title": "First"}, headers=headers)
        await engine.dispose()

    assert written.status_code == 201


@pytest.mark.parametrize(
    ("kind", "database_kind"),
    [("postgresql", "postgresql"), ("mariadb", "mariadb")],
    indirect=["database_kind"],
)
async def test_the_server_engines_connect(kind: str, database_url: str) -> None:
    engine = getattr(load("databases.py"), kind)(database_url)
    async with engine.connect() as connection:
        answer = await connection.scalar(text("SELECT 1"))
    await engine.dispose()

    assert answer == 1
