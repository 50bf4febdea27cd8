"""Login with an address and a password: every way in, and every refusal."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from fastauth_kit import SecondFactor, UserMixin, Work
from fastauth_kit.features.passwords import LoginFailed
from fastauth_kit.features.sessions import LoggedIn
from tests.both_transports import both_transports
from tests.features.accounts.answers import (
    BEARER,
    assert_invalid,
    assert_refused,
    assert_tokens,
)
from tests.features.accounts.people import Heard, store
from tests.features.accounts.tokens import opens
from tests.kit_app import PASSWORD, KitApp

LOGIN = "/api/auth/login"
GOOD = {"email": "ada@example.com", "password": PASSWORD}
FORM = {"username": "ada@example.com", "password": PASSWORD}

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def assert_wrong(answer: httpx2.Response) -> None:
    assert_refused(answer, 401, "invalid_credentials", challenge=BEARER)


async def count_sessions(kit_app: KitApp) -> int:
    async with kit_app.sessions() as session:
        count = select(func.count()).select_from(kit_app.session_model)
        return int(await session.scalar(count) or 0)


@both_transports
async def test_json_signs_in(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()

    tokens = assert_tokens(await client.post(LOGIN, json=GOOD))

    assert tokens["expires_in"] == 1800
    assert await opens(client, tokens)


@both_transports
@pytest.mark.parametrize("grant_type", [{}, {"grant_type": "password"}])
@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
async def test_a_form_signs_in(
    kit_app: KitApp, client: httpx2.AsyncClient, grant_type: dict[str, str], encoding: str
) -> None:
    """RFC 6749, section 4.3.2; Swagger's Authorize button sends the first kind."""
    await kit_app.add_user()
    fields = {**grant_type, **FORM}
    parts: Any = {name: (None, value) for name, value in fields.items()}

    form: Any = {"data": fields} if encoding == "urlencoded" else {"files": parts}
    answer = await client.post(LOGIN, **form)

    assert await opens(client, assert_tokens(answer))


@pytest.mark.parametrize(
    "media_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"],
)
async def test_json_is_read_under_every_name_it_has(
    kit_app: KitApp, client: httpx2.AsyncClient, media_type: str
) -> None:
    await kit_app.add_user()
    body = b'{"email": "ada@example.com", "password": "%s"}' % PASSWORD.encode()

    answer = await client.post(LOGIN, content=body, headers={"Content-Type": media_type})

    assert_tokens(answer)


@one_database
@pytest.mark.parametrize("grant_type", ["refresh_token", "client_credentials", "", "PASSWORD"])
async def test_another_grant_is_not_given(
    kit_app: KitApp, client: httpx2.AsyncClient, grant_type: str
) -> None:
    await kit_app.add_user()

    answer = await client.post(LOGIN, data={**FORM, "grant_type": grant_type})

    assert_refused(answer, 400, "unsupported_grant_type")


@one_database
@pytest.mark.parametrize("field", ["username", "password", "grant_type", "scope"])
async def test_a_form_field_given_twice_is_ambiguous(
    client: httpx2.AsyncClient, field: str
) -> None:
    form = {"grant_type": "password", "scope": "", **FORM}

    answer = await client.post(LOGIN, data={**form, field: [form[field], form[field]]})

    assert_refused(answer, 400, "ambiguous_credentials")


@one_database
@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, [("body", "email"), ("body", "password")]),
        ({"email": "ada@example.com"}, [("body", "password")]),
        ({"password": "s3cret word"}, [("body", "email")]),
        ({"username": "ada", "password": "s3cret word"}, [("body", "email")]),
        ({**GOOD, "email": None}, [("body", "email")]),
        ({**GOOD, "password": None}, [("body", "password")]),
        ({**GOOD, "password": 7}, [("body", "password")]),
        ({**GOOD, "password": ["s3cret word"]}, [("body", "password")]),
        ({**GOOD, "email": "a\x00b"}, [("body", "email")]),
        ({**GOOD, "password": "s3cret word\x00"}, [("body", "password")]),
        ([GOOD], [("body",)]),
        ("s3cret word", [("body",)]),
    ],
)
async def test_bad_json_is_named_and_not_repeated(
    client: httpx2.AsyncClient, body: Any, places: list[tuple[str, ...]]
) -> None:
    answer = await client.post(LOGIN, json=body)

    assert_invalid(answer, *places)
    assert "s3cret" not in answer.text


@one_database
@pytest.mark.parametrize("form", [{"username": "ada"}, {"password": "s3cret word"}])
async def test_a_form_that_lacks_a_field_is_bad_input(
    client: httpx2.AsyncClient, form: dict[str, str]
) -> None:
    answer = await client.post(LOGIN, data=form)

    assert answer.status_code == 422
    assert "s3cret" not in answer.text


@one_database
@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", ""])
async def test_a_body_of_another_kind_is_bad_input(
    client: httpx2.AsyncClient, media_type: str
) -> None:
    """A plain text is what a foreign page may send without asking (CSRF)."""
    body = b'{"email": "ada@example.com", "password": "s3cret word"}'

    answer = await client.post(LOGIN, content=body, headers={"Content-Type": media_type})

    assert_invalid(answer, ("header", "content-type"))


@one_database
async def test_a_login_sets_no_cookie(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()

    answer = await client.post(LOGIN, json=GOOD)

    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "email",
    [
        "nobody@example.com",
        "ada",
        "",
        " ",
        "ada@example.com\u200b",
        "' OR 1=1 --",
        "%@example.com",
        "a" * 5000,
        "Ada <ada@example.com>",
    ],
)
async def test_an_address_without_an_account_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, email: str
) -> None:
    await kit_app.add_user()

    assert_wrong(await client.post(LOGIN, json={**GOOD, "email": email}))


@pytest.mark.parametrize(
    "password",
    ["", " ", "wrong horse", PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], "x" * 10_000],
)
async def test_a_wrong_password_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, password: str
) -> None:
    await kit_app.add_user()

    assert_wrong(await client.post(LOGIN, json={**GOOD, "password": password}))
    assert await count_sessions(kit_app) == 0


@pytest.mark.parametrize("spelling", ["ADA@Example.COM", " ada@example.com\t"])
async def test_the_address_is_read_however_it_is_spelled(
    kit_app: KitApp, client: httpx2.AsyncClient, spelling: str
) -> None:
    await kit_app.add_user()

    assert_tokens(await client.post(LOGIN, data={**FORM, "username": spelling}))


async def test_an_account_from_before_the_kit_signs_in_with_an_address_refused_today(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    user_id = await kit_app.add_user()
    await store(kit_app, user_id, email="admin@localhost")

    assert_tokens(await client.post(LOGIN, json={**GOOD, "email": "Admin@LOCALHOST"}))


async def test_a_password_is_the_same_on_every_keyboard(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """NFC or NFD: SP 800-63B-4, section 3.1.1.2."""
    await kit_app.add_user(password="cafe\u0301 su\ufb03t")

    assert_tokens(await client.post(LOGIN, json={**GOOD, "password": "caf\u00e9 suffit"}))


async def test_a_deactivated_user_is_told_so_only_with_the_right_password(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(is_active=False)

    right = await client.post(LOGIN, json=GOOD)
    wrong = await client.post(LOGIN, json={**GOOD, "password": "wrong horse"})

    assert_refused(right, 400, "inactive_user")
    assert_wrong(wrong)
    assert await count_sessions(kit_app) == 0


async def test_an_account_without_a_password_is_refused_as_any_other(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(password=None)

    assert_wrong(await client.post(LOGIN, json=GOOD))
    assert_wrong(await client.post(LOGIN, json={**GOOD, "password": ""}))


@both_transports
async def test_a_login_costs_four_statements(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    kit_app.statements.clear()

    await client.post(LOGIN, json=GOOD)

    assert len(kit_app.statements) <= 4


async def test_success_and_failure_are_told(make_app: Any) -> None:
    heard = Heard()
    kit_app = make_app(hooks=(heard,))
    user_id = await kit_app.add_user()
    async with kit_app.client(headers={"User-Agent": "phone"}) as client:
        await client.post(LOGIN, json={**GOOD, "email": " Nobody@Example.com"})
        await client.post(LOGIN, json={**GOOD, "password": "wrong horse"})
        await client.post(LOGIN, json=GOOD)

    assert [event.email for event in heard.of(LoginFailed)] == [
        "nobody@example.com",
        "ada@example.com",
    ]
    (success,) = heard.of(LoggedIn)
    assert (success.user_id, success.methods) == (user_id, ("pwd",))
    assert (success.device.ip, success.device.user_agent) == ("203.0.113.7", "phone")


class Enrolled(SecondFactor):
    """A second factor that everybody has."""

    factor_name = "fob"

    async def is_enrolled(self, work: Work, user: UserMixin[Any]) -> bool:
        return True


@both_transports
async def test_with_a_second_factor_there_is_no_session_yet(make_app: Any) -> None:
    kit_app = make_app(hooks=(Enrolled(),))
    await kit_app.add_user()
    async with kit_app.client() as client:
        answer = await client.post(LOGIN, json=GOOD)

    assert answer.status_code == 202
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"challenge", "factors", "expires_in"}
    assert (body["factors"], body["expires_in"]) == (["fob"], 300)
    assert await count_sessions(kit_app) == 0
