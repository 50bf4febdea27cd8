"""Access tokens: what they say, and every way in which one does not work."""

import json
from typing import Any

import httpx2
import jwt
import pytest

from tests.features.accounts.answers import assert_bad_token
from tests.features.accounts.people import Person, join
from tests.features.accounts.tokens import claims_of, forge, present
from tests.kit_app import KitApp

CLAIMS = ("iss", "aud", "sub", "client_id", "sid", "jti", "iat", "exp")

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
async def ada(kit_app: KitApp) -> Person:
    """Somebody signed in."""
    return await join(kit_app, name="Ada")


@one_database
async def test_a_token_has_the_profile_of_rfc_9068(kit_app: KitApp, ada: Person) -> None:
    header = jwt.get_unverified_header(ada.tokens["access_token"])
    claims = claims_of(ada.tokens)

    assert header == {"typ": "at+jwt", "alg": "HS256", "kid": kit_app.auth.keys.signing_key.id}
    assert set(claims) == set(CLAIMS)
    assert (claims["iss"], claims["aud"], claims["client_id"]) == ("fastauth-kit",) * 3
    assert claims["sub"] == str(ada.id)
    assert claims["iat"] == int(kit_app.clock.now.timestamp())


@one_database
async def test_a_token_holds_no_personal_data(ada: Person) -> None:
    # without the random ones, which may spell anything
    text = json.dumps({**claims_of(ada.tokens), "jti": "", "sid": ""})

    assert not any(word in text for word in ("ada", "Ada", "example.com", "203.0.113.7"))


@one_database
async def test_no_two_tokens_share_an_id(kit_app: KitApp, ada: Person) -> None:
    again = await kit_app.sign_in()

    assert claims_of(ada.tokens)["jti"] != claims_of(again)["jti"]


@one_database
async def test_a_token_made_as_the_kit_does_works(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    """So that the refusals below are for the reason they name."""
    answer = await present(client, forge(kit_app, claims_of(ada.tokens)))

    assert answer.status_code == 200


@one_database
@pytest.mark.parametrize("claim", CLAIMS)
async def test_every_claim_is_needed(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, claim: str
) -> None:
    claims = claims_of(ada.tokens)
    del claims[claim]
    kit_app.statements.clear()

    assert_bad_token(await present(client, forge(kit_app, claims)))
    assert kit_app.statements == []


NOW = 1795435200  # of the clock, in seconds
WRONG_CLAIMS: list[tuple[str, Any]] = [
    ("iss", "somebody else"),
    ("iss", 7),
    ("iss", None),
    ("aud", "somebody else"),
    ("aud", []),
    ("aud", 7),
    ("sub", 1),
    ("sub", None),
    ("sub", ""),
    ("sub", "ada"),
    ("sub", "-1"),
    ("sub", " 1"),
    ("sub", "01"),
    ("sub", str(2**31)),
    ("sub", str(2**63)),
    ("sub", "1" * 5000),
    ("sub", "\ud800"),
    ("sub", "\x00"),
    ("sub", ["1"]),
    ("sub", {}),
    ("sid", 7),
    ("sid", None),
    ("sid", ""),
    ("sid", "no uuid"),
    ("sid", "\ud800"),
    ("sid", ["a"]),
    ("iat", "1"),
    ("iat", 1.5),
    ("iat", None),
    ("iat", True),
    ("iat", []),
    ("iat", -(2**70)),
    ("exp", str(NOW + 600)),
    ("exp", NOW + 600.5),
    ("exp", None),
    ("exp", True),
    ("exp", 1e308),
    ("exp", 2**70),
    ("exp", NOW),
    ("exp", NOW - 1),
    ("exp", -1),
    ("exp", NOW + 1801),
    ("exp", {}),
]


@one_database
@pytest.mark.parametrize(("claim", "value"), WRONG_CLAIMS)
async def test_a_claim_of_the_wrong_kind_is_refused_before_any_sql(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, claim: str, value: Any
) -> None:
    claims = {**claims_of(ada.tokens), claim: value}
    kit_app.statements.clear()

    assert_bad_token(await present(client, forge(kit_app, claims)))
    assert kit_app.statements == []


@one_database
async def test_a_token_that_expires_before_it_was_issued_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    claims = {**claims_of(ada.tokens), "iat": NOW + 500, "exp": NOW + 400}

    assert_bad_token(await present(client, forge(kit_app, claims)))


@one_database
@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": 7},
        {"typ": ["at+jwt"]},
        {"kid": None},
        {"kid": "0" * 12},
        {"kid": ""},
        {"kid": 7},
        {"kid": ["a"]},
        {"kid": {}},
        {"alg": "none"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": None},
        {"alg": 7},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
    ],
)
async def test_a_header_of_another_kind_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, headers: dict[str, Any]
) -> None:
    token = forge(kit_app, claims_of(ada.tokens), **headers)
    kit_app.statements.clear()

    assert_bad_token(await present(client, token))
    assert kit_app.statements == []


@one_database
@pytest.mark.parametrize("claims", [[], "text", 7, None])
async def test_a_payload_that_is_no_object_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, claims: Any
) -> None:
    assert_bad_token(await present(client, forge(kit_app, claims)))


@one_database
@pytest.mark.parametrize(("padding", "status"), [(5_000, 200), (6_100, 401)])
async def test_a_token_longer_than_8_kib_is_refused_though_it_is_genuine(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, padding: int, status: int
) -> None:
    """Before it is parsed: 50 MB would cost seconds."""
    token = forge(kit_app, {**claims_of(ada.tokens), "padding": "p" * padding})

    assert (await present(client, token)).status_code == status


@one_database
@pytest.mark.parametrize(("ahead", "status"), [(86_400, 200), (86_401, 401), (2**62, 401)])
async def test_a_token_from_the_future_works_only_if_a_clock_was_set_back(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, ahead: int, status: int
) -> None:
    """A stolen signing key must not buy a token that works next year."""
    # the clock of the tests stands within a second, not at its beginning
    now = int(kit_app.clock.now.timestamp()) + (1 if ahead == 86_401 else 0)
    claims = {**claims_of(ada.tokens), "iat": now + ahead, "exp": now + ahead + 60}

    answer = await present(client, forge(kit_app, claims))

    assert answer.status_code == status
