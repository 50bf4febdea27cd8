"""Run with: pytest test_app.py (needs pytest and httpx2)."""

# ruff: noqa: S101  # assert is what pytest reads

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from app import User, build_app
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastauth_kit.features.passwords import PasswordHasher, default_context

ADA = {"email": "ada@example.com", "password": "correct horse battery"}


# --8<-- [start:fixtures]
class Clock:
    now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> FastAPI:
    cheap = default_context(argon2__memory_cost=8, argon2__time_cost=1)
    return build_app(
        f"sqlite+aiosqlite:///{tmp_path}/test.db",
        "a secret of the tests, 32 bytes and more of it",
        hasher=PasswordHasher(context=cheap),
        clock=clock,
    )


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def signed_in(client: TestClient) -> TestClient:
    client.post("/api/auth/register", json=ADA)
    tokens = client.post("/api/auth/login", json=ADA).json()
    client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return client


# --8<-- [end:fixtures]


# --8<-- [start:tests]
def test_a_member_is_greeted(signed_in: TestClient) -> None:
    assert signed_in.get("/hello").json() == "Hello ada@example.com"


def test_a_token_ends_after_half_an_hour(signed_in: TestClient, clock: Clock) -> None:
    clock.now += timedelta(minutes=31)

    assert signed_in.get("/hello").status_code == 401


# --8<-- [end:tests]


# --8<-- [start:override]
def test_a_route_alone(app: FastAPI, client: TestClient) -> None:
    somebody = User(id=1, email="somebody@example.com")
    app.dependency_overrides[app.state.auth.current_user] = lambda: somebody

    assert client.get("/hello").json() == "Hello somebody@example.com"


# --8<-- [end:override]
