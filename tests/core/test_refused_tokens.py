"""Every way to be refused, and what is said."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, update

from tests.core.forgery import MISSING, forge
from tests.core.test_authentication import add_routes, get, signed_in
from tests.kit_app import IntSession, IntUser, KitApp

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


# -- refusals --------------------------------------------------------------------------


@ONE_DATABASE
@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Digest x", "token"])
async def test_who_sends_no_token_is_asked_to_sign_in(kit_app: KitApp, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    answer = await get(kit_app, "/api/users/me", headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def refused(answer: httpx2.Response) -> bool:
    said = (answer.status_code, answer.json()["code"], answer.headers["www-authenticate"])
    return said == (401, "invalid_token", 'Bearer error="invalid_token"')


@ONE_DATABASE
@pytest.mark.parametrize(
    "header",
    ["Bearer", "bearer ", "Bearer a b", "Bearer a,b", "Bearer x", "bearer a.b.c", "Bearer \xe9"],
)
async def test_a_malformed_token_is_refused(kit_app: KitApp, header: str) -> None:
    answer = await get(kit_app, "/api/users/me", [(b"authorization", header.encode("latin-1"))])

    assert refused(answer)


FORGED: dict[str, dict[str, Any]] = {
    "alg none": {"header": {"alg": "none"}},
    "another algorithm": {"header": {"alg": "HS512"}},
    "typ JWT": {"header": {"typ": "JWT"}},
    "no typ": {"header": {"typ": MISSING}},
    "no kid": {"header": {"kid": MISSING}},
    "an unknown kid": {"header": {"kid": "0123456789ab"}},
    "a number as kid": {"header": {"kid": 1}},
    "a list as kid": {"header": {"kid": []}},
    "an unknown crit": {"header": {"crit": ["exp"]}},
    "a list": {"payload": []},
    "text": {"payload": "text"},
    "a number as sub": {"sub": 1},
    "an unknown form of sub": {"sub": " 1 "},
    "half a pair in sub": {"sub": "\ud800"},
    "NUL in sub": {"sub": "1\x00"},
    "a huge sub": {"sub": str(2**63)},
    "no sub": {"sub": MISSING},
    "exp 1e308": {"exp": 1e308},
    "exp in a year": {"exp": 10**10},
    "exp of many digits": {"exp": 10**400},
    "exp as text": {"exp": "1795435260"},
    "exp as truth": {"exp": True},
    "no exp": {"exp": MISSING},
    "no iat": {"iat": MISSING},
    "iat after exp": {"iat": 10**10},
    "iat as text": {"iat": "1"},
    "no jti": {"jti": MISSING},
    "no client": {"client_id": MISSING},
    "another audience": {"aud": "other"},
    "a number as audience": {"aud": 1},
    "no audience": {"aud": MISSING},
    "another issuer": {"iss": "other"},
    "a list as issuer": {"iss": ["fastauth-kit"]},
    "sid that is no UUID": {"sid": "1"},
    "a number as sid": {"sid": 1},
    "null as sid": {"sid": None},
    "9 KiB": {"padding": "x" * 9 * 1024},
}


@ONE_DATABASE
@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED)
async def test_a_forged_token_is_refused_before_any_statement(
    kit_app: KitApp, changes: dict[str, Any]
) -> None:
    token = forge(kit_app, **changes)

    answer = await get(kit_app, "/api/users/me", {"Authorization": f"Bearer {token}"})

    assert refused(answer)
    assert kit_app.statements == []


@ONE_DATABASE
async def test_the_token_that_the_forgeries_start_from_is_good(
    make_app: Callable[..., KitApp],
) -> None:
    """Else each of them might be refused for another reason than its own."""
    kit_app = make_app(configure=add_routes)

    answer = await get(kit_app, "/claims", {"Authorization": f"bearer {forge(kit_app)}"})

    assert answer.status_code == 200


async def deactivate(kit_app: KitApp) -> Any:
    return update(IntUser).values(is_active=False)


async def revoke(kit_app: KitApp) -> Any:
    return update(IntSession).values(revoked_at=kit_app.clock.now)


async def forget(kit_app: KitApp) -> Any:
    return delete(IntSession)


async def let_idle(kit_app: KitApp) -> Any:
    return update(IntSession).values(idle_expires_at=kit_app.clock.now)


async def let_end(kit_app: KitApp) -> Any:
    return update(IntSession).values(absolute_expires_at=kit_app.clock.now)


async def give_to_another(kit_app: KitApp) -> Any:
    other = await kit_app.add_user("bob@example.com")
    return update(IntSession).values(user_id=other)


@pytest.mark.parametrize("end", [deactivate, revoke, forget, let_idle, let_end, give_to_another])
async def test_what_ends_a_session_counts_on_the_next_request(kit_app: KitApp, end: Any) -> None:
    headers = await signed_in(kit_app)
    statement = await end(kit_app)
    async with kit_app.sessions.begin() as session:
        await session.execute(statement)

    assert refused(await get(kit_app, "/api/users/me", headers))


@ONE_DATABASE
async def test_a_token_ends_at_its_time(kit_app: KitApp) -> None:
    headers = await signed_in(kit_app)

    kit_app.clock.advance(minutes=30)

    assert refused(await get(kit_app, "/api/users/me", headers))
