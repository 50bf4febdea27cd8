"""The program of the pages on throttling and lockout does what they say."""

from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from sqlalchemy import func, select

from tests.docs.programs import ADA, load, running, sign_up
from tests.kit_app import SECRET

WRONG = {**ADA, "password": "not the password"}
NOWHERE = "redis://127.0.0.1:1"
"""Where no Redis is: each process then counts for itself."""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("REDIS_URL", NOWHERE)
    return load("throttling.py")


async def guess(client: httpx2.AsyncClient, times: int) -> list[int]:
    codes = [await client.post("/api/auth/login", json=WRONG) for _ in range(times)]
    return [answer.status_code for answer in codes]


async def test_guesses_are_limited_and_counted(program: ModuleType, tmp_path: Path) -> None:
    async with running(program, tmp_path) as client:
        await sign_up(client)
        assert await guess(client, 6) == [401] * 5 + [429]
        async with program.maker() as session:
            counted = await session.scalar(select(func.count()).select_from(program.LoginFailure))

    assert counted == 5


async def test_the_owner_of_a_locked_account_is_warned(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[int] = []

    async def warn(user_id: int) -> None:
        warned.append(user_id)

    monkeypatch.setattr(program, "warn", warn)
    lockout = program.auth.feature(program.Lockout)
    object.__setattr__(lockout, "most_failures", 2)
    async with running(program, tmp_path) as client:
        await sign_up(client)
        assert await guess(client, 4) == [401] * 4
        await program.auth.after_commit.drain()

    assert warned == [1]


def test_stricter_limits_are_limits(program: ModuleType) -> None:
    assert [limit.attempts for limit in program.stricter.login.per_address_and_network] == [3, 20]
