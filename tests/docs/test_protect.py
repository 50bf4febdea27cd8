"""The dependencies of ``docs/how-to/protect-your-routes.md`` let in whom it says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from fastauth_kit.core.websockets import POLICY_VIOLATION, SUBPROTOCOL
from tests.core.sockets import connect
from tests.docs.programs import ADA, load, running, sign_up


@pytest.fixture
def program() -> ModuleType:
    return load("protect.py")


@pytest.fixture
async def client(program: ModuleType, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(program, tmp_path) as client:
        yield client


async def _set(program: ModuleType, **values: Any) -> None:
    async with program.maker() as session, session.begin():
        await session.execute(update(program.User).values(**values))


async def _signed_in_for(program: ModuleType, **age: float) -> None:
    then = datetime.now(UTC) - timedelta(**age)
    async with program.maker() as session, session.begin():
        await session.execute(update(program.AuthSession).values(authenticated_at=then))


async def test_current_user_can_be_given_to_an_own_row(client: httpx2.AsyncClient) -> None:
    headers = await sign_up(client)

    written = await client.post("/posts", params={"title": "First"}, headers=headers)

    assert written.status_code == 201
    assert (await client.get("/posts", headers=headers)).json() == ["First"]


async def test_optional_user_takes_strangers(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/greeting")).json() == "Hello"


async def test_optional_user_knows_members(client: httpx2.AsyncClient) -> None:
    headers = await sign_up(client)

    assert (await client.get("/greeting", headers=headers)).json() == "Hello ada@example.com"


async def test_optional_user_refuses_a_token_that_does_not_work(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/greeting", headers={"Authorization": "Bearer x"})

    assert answer.json()["code"] == "invalid_token"


@pytest.mark.parametrize(("is_verified", "status"), [(False, 403), (True, 204)])
async def test_a_verified_user_has_proven_the_address(
    client: httpx2.AsyncClient, program: ModuleType, is_verified: bool, status: int
) -> None:
    headers = await sign_up(client)
    await _set(program, is_verified=is_verified)

    assert (await client.post("/invitations", headers=headers)).status_code == status


@pytest.mark.parametrize(("is_superuser", "status"), [(False, 403), (True, 200)])
async def test_a_superuser_is_one_now(
    client: httpx2.AsyncClient, program: ModuleType, is_superuser: bool, status: int
) -> None:
    headers = await sign_up(client)
    await _set(program, is_superuser=is_superuser)

    assert (await client.get("/report", headers=headers)).status_code == status


async def test_a_recent_user_signed_in_within_the_time(client: httpx2.AsyncClient) -> None:
    headers = await sign_up(client)

    assert (await client.post("/bank-account", headers=headers)).status_code == 204


async def test_a_recent_user_is_asked_to_sign_in_again_after_it(
    client: httpx2.AsyncClient, program: ModuleType
) -> None:
    headers = await sign_up(client)
    await _signed_in_for(program, minutes=6)

    answer = await client.post("/bank-account", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "recent_login_required")


async def test_a_recent_user_may_confirm_the_password_instead(
    client: httpx2.AsyncClient, program: ModuleType
) -> None:
    headers = await sign_up(client)
    await _signed_in_for(program, minutes=6)
    refused = await client.post("/bank-account", headers=headers)
    body = {"password": ADA["password"]}

    await client.post("/api/auth/password/confirm", json=body, headers=headers)

    challenge = 'Bearer error="insufficient_user_authentication", max_age="300"'
    assert refused.headers["www-authenticate"] == challenge
    assert (await client.post("/bank-account", headers=headers)).status_code == 204


async def test_a_stronger_login_is_asked_of_who_used_a_password(
    client: httpx2.AsyncClient,
) -> None:
    headers = await sign_up(client)

    answer = await client.post("/payments", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "stronger_login_required")
    assert answer.headers["www-authenticate"].endswith('acr_values="hwk otp"')


async def test_requirements_combine(client: httpx2.AsyncClient, program: ModuleType) -> None:
    headers = await sign_up(client)
    await _set(program, is_superuser=True, is_verified=True)

    assert (await client.post("/danger", headers=headers)).status_code == 204


async def test_the_session_says_how_the_user_signed_in(client: httpx2.AsyncClient) -> None:
    headers = await sign_up(client)

    assert (await client.get("/session", headers=headers)).json() == ["pwd"]


async def test_user_and_session_come_together(client: httpx2.AsyncClient) -> None:
    headers = await sign_up(client)
    (session,) = (await client.get("/api/auth/sessions", headers=headers)).json()

    assert (await client.get("/both", headers=headers)).json() == [ADA["email"], session["id"]]


async def test_claims_do_not_see_a_logout(client: httpx2.AsyncClient) -> None:
    """What the page says they give up."""
    headers = await sign_up(client)
    await client.post("/api/auth/logout", headers=headers)

    assert (await client.get("/prices", headers=headers)).status_code == 200
    assert (await client.get("/posts", headers=headers)).status_code == 401


async def test_a_websocket_takes_the_token_as_a_subprotocol(
    client: httpx2.AsyncClient, program: ModuleType
) -> None:
    token = (await sign_up(client))["Authorization"].removeprefix("Bearer ")

    async with connect(program.app, "/echo", subprotocols=[SUBPROTOCOL, token]) as socket:
        assert (await socket.receive())["subprotocol"] == SUBPROTOCOL
        assert await socket.ask("hello") == "ada@example.com: hello"


async def test_a_websocket_without_a_token_is_closed(
    client: httpx2.AsyncClient, program: ModuleType
) -> None:
    async with connect(program.app, "/echo") as socket:
        closed = await socket.receive()

    assert (closed["type"], closed["code"]) == ("websocket.close", POLICY_VIOLATION)
