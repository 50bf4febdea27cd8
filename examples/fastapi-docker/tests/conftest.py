"""A client of the app, on a database that is made for each test and dropped after it."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from app.auth import auth
from app.database import Base, get_db, make_engine
from app.main import app
from httpx2 import ASGITransport, AsyncClient
from passlib.context import CryptContext
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from fastauth_kit import Passwords
from fastauth_kit.features.mail import Mail, RecordingMailer

ADA = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}

Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture(scope="session", autouse=True)
def cheap_hashing() -> None:
    """Hashing takes 20 to 30 ms by design: take that away, in tests only."""
    context = cast(CryptContext, auth.feature(Passwords).hasher.context)
    context.update(argon2__memory_cost=8, argon2__time_cost=1, argon2__parallelism=1)


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[Sessions]:
    """Makes sessions on a new database; on another one than SQLite with TEST_DATABASE_URL."""
    url = os.environ.get("TEST_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/test.db")
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield async_sessionmaker(engine, expire_on_commit=False)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


@pytest.fixture
async def db(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """A session of the test's own, to prepare what it needs and to look at what was written."""
    async with sessions() as session:
        yield session


@pytest.fixture
async def client(sessions: Sessions) -> AsyncIterator[AsyncClient]:
    """A client; each of its requests has a session of its own, as in production.

    With one session for all of them a route that forgets to commit would pass.
    """

    async def override_get_db() -> AsyncGenerator[AsyncSession]:
        async with sessions() as session:
            yield session

    app.dependency_overrides[get_db] = override_get_db
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        yield client
    await auth.after_commit.drain()  # what the requests left to be done in the background
    app.dependency_overrides.clear()


async def sign_up(client: AsyncClient, **account: str) -> AsyncClient:
    """Register somebody, sign them in, and return the client as theirs."""
    await client.post("/api/auth/register", json=account)
    tokens = (await client.post("/api/auth/login", json=account)).json()
    client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return client


@pytest.fixture
async def ada(client: AsyncClient) -> AsyncClient:
    """A client whose requests are Ada's."""
    return await sign_up(client, **ADA)


@pytest.fixture
async def eve(client: AsyncClient) -> AsyncIterator[AsyncClient]:
    """A client whose requests are Eve's, beside Ada's."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as other:
        yield await sign_up(other, email="eve@example.com", password="another long password")


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """What was mailed; complete after ``auth.after_commit.drain()``."""
    kept = RecordingMailer()
    monkeypatch.setattr(auth.feature(Mail).mailer, "send", kept.send)
    return kept.sent
