"""What the tests of throttling try."""

from typing import Any

import httpx2

from fastauth_kit.features.passwords import PasswordHasher
from tests.features.accounts.people import Counted, rebuilt
from tests.kit_app import PASSWORD, KitApp

LOGIN = "/api/auth/login"
ADA = "ada@example.com"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
WRONG = "not the password"


async def log_in(
    kit_app: KitApp,
    password: str = PASSWORD,
    *,
    email: str = ADA,
    ip: str = HOME,
    path: str = LOGIN,
    **options: Any,
) -> httpx2.Response:
    async with kit_app.client(ip=ip) as client:
        answer = await client.post(path, json={"email": email, "password": password}, **options)
    await kit_app.auth.after_commit.drain()
    return answer


async def statuses(kit_app: KitApp, times: int, password: str = WRONG, **options: Any) -> list[int]:
    return [(await log_in(kit_app, password, **options)).status_code for _ in range(times)]


def assert_too_many(answer: httpx2.Response, *, at_most: int) -> int:
    """Check a refusal and return its ``Retry-After``."""
    assert answer.status_code == 429, answer.text
    assert answer.json()["code"] == "too_many_attempts"
    assert answer.headers["content-type"] == "application/problem+json"
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= at_most
    return wait


def counting(kit_app: KitApp) -> tuple[KitApp, Counted]:
    """Return the same installation, and what its hasher works."""
    counted = Counted()
    return rebuilt(kit_app, hasher=PasswordHasher(context=counted)), counted
