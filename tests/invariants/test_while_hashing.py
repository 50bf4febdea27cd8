"""What others are answered while a password is being hashed counts at once.

No connection and no lock is held meanwhile, so everything that a request
rests on must be looked at again before it writes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import bcrypt
import httpx2
import pytest
from sqlalchemy import func, select

from fastauth_kit.features.passwords import ConfirmationFailed, PasswordHasher
from fastauth_kit.features.passwords.hashing import Verification
from tests.features.accounts.answers import BEARER, assert_bad_token, assert_done, assert_refused
from tests.features.accounts.people import Heard, join, rebuilt, store, stored
from tests.kit_app import PASSWORD, KitApp, cheap_context

LOGIN = "/api/auth/login"
CHANGE = "/api/auth/password/change"
NEW_PASSWORD = {"current_password": PASSWORD, "new_password": "another horse battery"}
BACKDOOR = {"email": "backdoor@example.com", "password": PASSWORD, "is_superuser": True}


@dataclass(frozen=True, eq=False, kw_only=True)
class Interrupted(PasswordHasher):
    """Lets something happen after each hash."""

    meanwhile: Callable[[], Awaitable[object]]

    async def hash(self, password: str, *, field: str = "password") -> str:
        made = await super().hash(password, field=field)
        await self.meanwhile()
        return made

    async def verify(
        self, password: str, stored: str | None, *, shut: bool = False
    ) -> Verification:
        found = await super().verify(password, stored, shut=shut)
        await self.meanwhile()
        return found


def interrupted(kit_app: KitApp, meanwhile: Callable[[], Awaitable[object]]) -> KitApp:
    """Return the same installation, where something happens while it hashes."""
    return rebuilt(kit_app, hasher=Interrupted(context=cheap_context(), meanwhile=meanwhile))


async def _count(kit_app: KitApp) -> int:
    async with kit_app.sessions() as session:
        return await session.scalar(select(func.count()).select_from(kit_app.user_model)) or 0


@pytest.mark.parametrize("loss", [{"is_superuser": False}, {"is_active": False}])
async def test_a_superuser_who_loses_the_right_makes_no_account(
    kit_app: KitApp, client: httpx2.AsyncClient, loss: dict[str, bool]
) -> None:
    root, mallory = (
        await join(kit_app, "root@example.com", is_superuser=True),
        await join(kit_app, "mallory@example.com", is_superuser=True),
    )

    async def demote() -> None:
        path = f"/api/users/{mallory.id}"
        answer = await client.patch(path, json=loss, headers=root.headers)
        assert answer.status_code == 200

    async with interrupted(kit_app, demote).client() as slow:
        answer = await slow.post("/api/users", json=BACKDOOR, headers=mallory.headers)

    assert answer.status_code in (401, 403)
    assert await _count(kit_app) == 2


async def test_a_superuser_who_logs_out_makes_no_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    root = await join(kit_app, "root@example.com", is_superuser=True)

    async def log_out() -> None:
        assert_done(await client.post("/api/auth/logout", headers=root.headers))

    async with interrupted(kit_app, log_out).client() as slow:
        assert_bad_token(await slow.post("/api/users", json=BACKDOOR, headers=root.headers))

    assert await _count(kit_app) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", CHANGE, NEW_PASSWORD), ("DELETE", "/api/users/me", {"password": PASSWORD})],
)
async def test_a_session_that_ends_meanwhile_changes_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient, method: str, path: str, body: dict[str, str]
) -> None:
    ada = await join(kit_app)
    before = (await stored(kit_app, ada.id)).hashed_password
    ended: list[int] = []

    async def log_out() -> None:
        if not ended:
            answer = await client.post("/api/auth/logout", headers=ada.headers)
            ended.append(answer.status_code)

    async with interrupted(kit_app, log_out).client() as slow:
        answer = await slow.request(method, path, json=body, headers=ada.headers)

    assert ended == [204]
    assert_bad_token(answer)
    assert (await stored(kit_app, ada.id)).hashed_password == before


async def test_an_address_that_changes_meanwhile_no_longer_signs_in(kit_app: KitApp) -> None:
    user_id = await kit_app.add_user()

    async def move() -> None:
        await store(kit_app, user_id, email="new@example.com")

    async with interrupted(kit_app, move).client() as slow:
        old = {"email": "ada@example.com", "password": PASSWORD}
        answer = await slow.post(LOGIN, json=old)

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


async def test_right_logins_at_once_all_succeed_while_the_hash_is_due_for_an_upgrade(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    user_id = await kit_app.add_user()
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await store(kit_app, user_id, hashed_password=old)
    right = {"email": "ada@example.com", "password": PASSWORD}

    answers = await asyncio.gather(*(client.post(LOGIN, json=right) for _ in range(6)))

    assert [answer.status_code for answer in answers] == [200] * 6


async def test_a_login_gives_up_when_the_hash_changes_again_and_again(kit_app: KitApp) -> None:
    """Twice is enough: nobody's hash changes at every look."""
    user_id = await kit_app.add_user()

    async def replace() -> None:
        await store(kit_app, user_id, hashed_password=cheap_context().hash(PASSWORD))

    async with interrupted(kit_app, replace).client() as slow:
        answer = await slow.post(LOGIN, json={"email": "ada@example.com", "password": PASSWORD})

    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


async def test_a_wrong_password_that_should_confirm_something_is_told(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    ada = await join(kit_app)

    async with kit_app.client() as client:
        wrong = {**NEW_PASSWORD, "current_password": "not the password"}
        answer = await client.post(CHANGE, json=wrong, headers=ada.headers)

    assert_refused(answer, 400, "invalid_password")
    assert heard.of(ConfirmationFailed) == [ConfirmationFailed(ada.id)]
