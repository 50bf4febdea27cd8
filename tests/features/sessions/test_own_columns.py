"""Tables of sessions with columns of the caller's, whatever their names."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import String, Uuid
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
)
from fastauth_kit.features.passwords import PasswordHasher
from tests.kit_app import PASSWORD, SECRET, cheap_context


class Base(DeclarativeBase):
    """Tables of this module."""


class Person(UserMixin[int], Base):
    __tablename__ = "people_of_own_columns"
    id: Mapped[int] = mapped_column(primary_key=True)
    verified_id: Mapped[str | None] = mapped_column(String(10))
    verified_address: Mapped[str | None] = mapped_column(String(10))
    verified_hash: Mapped[str | None] = mapped_column(String(10))


class Named(SessionMixin[int], Base):
    """Named as parameters might be."""

    __tablename__ = "sessions_of_own_columns"
    __auth_user__ = Person
    id: Mapped[UUID] = mapped_column("session_id", Uuid, primary_key=True)
    now: Mapped[str | None] = mapped_column(String(10))
    generation: Mapped[str | None] = mapped_column(String(10))
    next_generation: Mapped[str | None] = mapped_column(String(10))
    key_id: Mapped[str | None] = mapped_column(String(10))
    idle_end: Mapped[str | None] = mapped_column(String(10))


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    maker = async_sessionmaker(engine)

    async def get_db() -> AsyncIterator[AsyncSession]:
        async with maker() as session:
            yield session

    hasher = PasswordHasher(context=cheap_context())
    auth: Any = AuthKit(
        user_model=Person,
        get_session=get_db,
        settings=AuthSettings(secret_key=SECRET),
        features=(Accounts(), Passwords(hasher=hasher), Sessions(model=Named)),
    )
    app = FastAPI()
    app.include_router(get_auth_router(auth))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await auth.aclose()
    await engine.dispose()


async def test_columns_may_have_the_names_of_parameters(client: httpx2.AsyncClient) -> None:
    ada = {"email": "ada@example.com", "password": PASSWORD}
    await client.post("/register", json=ada)

    tokens = (await client.post("/login", json=ada)).json()
    refreshed = await client.post("/refresh", json={"refresh_token": tokens["refresh_token"]})
    again = {"refresh_token": refreshed.json()["refresh_token"]}

    assert refreshed.status_code == 200
    assert (await client.post("/logout", json=again)).status_code == 204
