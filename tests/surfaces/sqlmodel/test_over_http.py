"""Accounts live on tables of SQLModel, and on dataclasses, as on any other."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlmodel import Session as SqlmodelSession
from sqlmodel.ext.asyncio.session import AsyncSession as SqlmodelAsyncSession

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.magic_links import MagicLinks
from fastauth_kit.features.password_reset import PasswordReset
from fastauth_kit.features.private_registration import PrivateRegistration
from fastauth_kit.surfaces.testing import AuthTesting, under_test
from tests.kit_app import PASSWORD, SECRET, SYNC_DRIVERS
from tests.mailing import mail_features
from tests.surfaces.sqlmodel.model_kinds import KINDS, Tables

ADA = {"email": "ada@example.com", "password": PASSWORD}
NEW = "another horse and battery"

MAKERS: dict[str, Callable[..., Any]] = {
    "AsyncSession": AsyncSession,
    "Session": Session,
    "sqlmodel's AsyncSession": SqlmodelAsyncSession,
    "sqlmodel's Session": SqlmodelSession,
}


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Tables:
    return KINDS[request.param]


@pytest.fixture(params=list(MAKERS))
async def get_db(
    request: pytest.FixtureRequest, kind: Tables, database_url: str
) -> AsyncIterator[Callable[..., Any]]:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(kind.metadata.drop_all)
        await connection.run_sync(kind.metadata.create_all)
    make = MAKERS[request.param]
    url = make_url(database_url)
    driver = f"{url.get_backend_name()}+{SYNC_DRIVERS[url.get_backend_name()]}"
    sync_engine = create_engine(url.set(drivername=driver))

    async def asynchronous() -> AsyncIterator[Any]:
        async with make(engine) as session:
            yield session

    def synchronous() -> Iterator[Any]:
        with make(sync_engine) as session:
            yield session

    yield asynchronous if "Async" in request.param else synchronous
    sync_engine.dispose()
    async with engine.begin() as connection:
        await connection.run_sync(kind.metadata.drop_all)
    await engine.dispose()


def build(kind: Tables, get_db: Callable[..., Any], *more: Any) -> tuple[AuthKit[Any], FastAPI]:
    flows = (PasswordReset(), MagicLinks(), EmailChange(), *more)
    auth: AuthKit[Any] = AuthKit(
        user_model=kind.user,
        get_session=get_db,
        settings=AuthSettings(secret_key=SECRET),
        features=(
            Accounts(),
            Passwords(),
            Sessions(model=kind.session),
            *mail_features(*flows, model=kind.token),
            Lockout(model=kind.failure),
            Audit(model=kind.event),
        ),
    )
    app = FastAPI()
    app.include_router(get_auth_router(auth), prefix="/api/auth")
    app.include_router(get_users_router(auth), prefix="/api/users")

    @app.get("/promote")
    async def promote(
        user: Annotated[Any, Depends(auth.current_user)],
        session: Annotated[Any, Depends(get_db)],
    ) -> str:
        """Change the user in the session that they were loaded in."""
        user.is_superuser = True
        if isinstance(session, AsyncSession):
            await session.commit()
        else:
            session.commit()
        return "promoted"

    return auth, app


@pytest.fixture
async def parts(
    kind: Tables, get_db: Callable[..., Any]
) -> AsyncIterator[tuple[httpx2.AsyncClient, AuthTesting]]:
    auth, app = build(kind, get_db)
    transport = httpx2.ASGITransport(app)
    with under_test(auth) as testing:
        async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
            yield client, testing
        await auth.aclose()


async def test_an_account_lives_from_its_registration_to_its_end(
    parts: tuple[httpx2.AsyncClient, AuthTesting],
) -> None:
    client, testing = parts
    registered = await client.post("/api/auth/register", json={**ADA, "name": "Ada"})
    wrong = await client.post("/api/auth/login", json={**ADA, "password": "wrong horse"})
    tokens = (await client.post("/api/auth/login", json=ADA)).json()
    refreshed = await client.post(
        "/api/auth/refresh", data={"refresh_token": tokens["refresh_token"]}
    )
    client.headers["Authorization"] = f"Bearer {refreshed.json()['access_token']}"
    me = await client.patch("/api/users/me", json={"name": "Countess"})
    promoted = await client.get("/promote")
    listed = await client.get("/api/users")
    grace = await client.post(
        "/api/users", json={"email": "grace@example.com", "password": PASSWORD}
    )
    removed = await client.delete(f"/api/users/{grace.json()['id']}")
    sessions = await client.get("/api/auth/sessions")

    assert registered.status_code == 201, registered.text
    assert (wrong.status_code, refreshed.status_code) == (401, 200)
    assert (me.json()["name"], promoted.json()) == ("Countess", "promoted")
    assert "ada@example.com" in listed.text
    assert (grace.status_code, removed.status_code) == (201, 204), grace.text
    assert len(sessions.json()) == 1

    await client.post("/api/auth/password/forgot", json={"email": ADA["email"]})
    token = testing.mailbox.last_to(ADA["email"]).token
    reset = await client.post(
        "/api/auth/password/reset", json={"token": token, "new_password": NEW}
    )
    again = await client.post("/api/auth/login", json={**ADA, "password": NEW})

    assert (reset.status_code, again.status_code) == (204, 200), reset.text
    assert (await client.get("/api/users/me")).status_code == 401


async def test_a_registration_waits_for_its_mailbox(
    kind: Tables, get_db: Callable[..., Any]
) -> None:
    auth, app = build(kind, get_db, PrivateRegistration(model=kind.pending))
    transport = httpx2.ASGITransport(app)
    with under_test(auth) as testing:
        async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
            asked = await client.post("/api/auth/register", json=ADA)
            token = testing.mailbox.last_to(ADA["email"]).token
            proven = await client.post("/api/auth/email/verify", json={"token": token})
            signed_in = await client.post("/api/auth/login", json=ADA)
        await auth.aclose()

    assert [asked.status_code, proven.status_code, signed_in.status_code] == [202, 204, 200]


def test_users_are_found_by_a_query_of_sqlmodel() -> None:
    import sqlmodel

    user = KINDS["sqlmodel"].user
    assert str(sqlmodel.select(user)) == str(select(user))
