"""Access tokens that nobody gave, and how one is presented."""

from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest

from fastauth_kit.core.signed import sign
from tests.features.accounts.answers import assert_bad_token, assert_refused
from tests.features.accounts.people import Person, join
from tests.features.accounts.tokens import ME, claims_of, forge, present
from tests.kit_app import KitApp

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
async def ada(kit_app: KitApp) -> Person:
    """Somebody signed in."""
    return await join(kit_app, name="Ada")


def variants(kit_app: KitApp, good: str) -> dict[str, str]:
    """Return tokens that nobody gave."""
    head, body, mac = good.split(".")
    key = kit_app.auth.keys.signing_key
    claims = jwt.decode(good, options={"verify_signature": False})
    headers = {"typ": "at+jwt", "kid": key.id}
    other = jwt.encode({**claims, "sub": "999"}, "k" * 64, headers=headers).split(".")[1]
    return {
        "empty parts": "..",
        "text": "text",
        "cut": good[:-2],
        "no mac": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{mac}",
        "other body": f"{head}.{other}.{mac}",
        "unsigned": jwt.encode(claims, "", algorithm="none", headers=headers),
        "another key": jwt.encode(claims, "k" * 64, headers=headers),
        "another purpose": sign(kit_app.auth.keys, "users-cursor", claims),
        "longer": good + "A" * 8192,
        "long": "A" * 50_000,
        "letter": "caf\u00e9".encode().decode("latin-1"),
    }


@one_database
@pytest.mark.parametrize(
    "kind",
    [
        "empty parts",
        "text",
        "cut",
        "no mac",
        "two parts",
        "four parts",
        "other body",
        "unsigned",
        "another key",
        "another purpose",
        "longer",
        "long",
        "letter",
    ],
)
async def test_a_token_that_nobody_gave_is_refused_before_any_sql(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, kind: str
) -> None:
    token = variants(kit_app, ada.tokens["access_token"])[kind]
    kit_app.statements.clear()

    header = b"Bearer " + token.encode("latin-1")
    answer = await client.get(ME, headers={b"Authorization": header})

    assert_bad_token(answer)
    assert kit_app.statements == []


async def test_a_refresh_token_is_no_access_token(client: httpx2.AsyncClient, ada: Person) -> None:
    assert_bad_token(await present(client, ada.tokens["refresh_token"]))


@pytest.mark.parametrize("key", ["int", "uuid"])
async def test_a_token_names_the_user_of_its_session(make_app: Any, key: str) -> None:
    """Whoever has the signing key still cannot join any user to any session."""
    kit_app = make_app(key=key)
    ada = await join(kit_app)
    root = await kit_app.add_user("root@example.com", is_superuser=True)
    claims = {**claims_of(ada.tokens), "sub": str(root)}

    async with kit_app.client() as client:
        assert_bad_token(await present(client, forge(kit_app, claims)))


async def test_a_token_of_an_unknown_session_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    claims = {**claims_of(ada.tokens), "sid": str(uuid4())}

    assert_bad_token(await present(client, forge(kit_app, claims)))


@one_database
@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "bearer no"])
async def test_a_bearer_header_without_one_token_is_refused(
    client: httpx2.AsyncClient, value: str
) -> None:
    assert_bad_token(await client.get(ME, headers={"Authorization": value}))


@one_database
async def test_two_authorization_headers_are_ambiguous(
    client: httpx2.AsyncClient, ada: Person
) -> None:
    (header,) = ada.headers.items()

    answer = await client.get(ME, headers=[header, header])

    assert_refused(answer, 400, "ambiguous_credentials")


@one_database
@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
async def test_the_scheme_is_read_in_any_case(
    client: httpx2.AsyncClient, ada: Person, scheme: str
) -> None:
    token = ada.tokens["access_token"]

    answer = await client.get(ME, headers={"Authorization": f"{scheme} {token}"})

    assert answer.status_code == 200


@one_database
async def test_a_token_in_the_query_is_no_credential(
    client: httpx2.AsyncClient, ada: Person
) -> None:
    """RFC 6750, section 5.3: addresses are logged."""
    answer = await client.get(ME, params={"access_token": ada.tokens["access_token"]})

    assert_refused(answer, 401, "not_authenticated", challenge="Bearer")
