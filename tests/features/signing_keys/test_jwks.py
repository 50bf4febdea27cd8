"""``GET /.well-known/jwks.json``: public keys alone, and how long they may be kept."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from fastauth_kit import AuthSettings, ConfigurationError
from fastauth_kit.core.keys import SigningKeySource, TokenKeys
from fastauth_kit.features.signing_keys import (
    SYMMETRIC,
    SigningKeys,
    get_signing_keys_router,
    public_half,
)
from tests.features.signing_keys.samples import ALGORITHMS, header, jwk, kid, sample
from tests.kit_app import SECRET, KitApp

pytestmark = [
    pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True),
    # a token is refused, and the set is answered, before there is a session
    pytest.mark.parametrize("session_style", ["async"], indirect=True),
]

JWKS = "/api/auth/.well-known/jwks.json"

MakeApp = Callable[..., KitApp]


async def get(kit_app: KitApp, headers: Any = None, method: str = "GET") -> Any:
    async with kit_app.client() as client:
        return await client.request(method, JWKS, headers=headers)


async def test_every_key_in_force_is_published_the_current_one_first(make_app: MakeApp) -> None:
    one, two, three = (sample(algorithm) for algorithm in ALGORITHMS)
    feature = SigningKeys(current=one, upcoming=[two], retired=[public_half(three)])

    answer = await get(make_app(more_features=(feature,)))

    assert answer.status_code == 200
    assert answer.json() == {"keys": [json.loads(public_half(key)) for key in (one, two, three)]}


async def test_nothing_private_is_published(make_app: MakeApp) -> None:
    one, two = sample("RS256"), sample("ES256")
    kit_app = make_app(more_features=(SigningKeys(current=one, upcoming=[two, SYMMETRIC]),))

    text = (await get(kit_app)).text

    private = [json.loads(one)[name] for name in ("d", "p", "q", "dp", "dq", "qi")]
    assert not any(value in text for value in (*private, json.loads(two)["d"]))
    assert [set(key) for key in json.loads(text)["keys"]] == [
        {"kty", "n", "e", "kid", "alg", "use"},
        {"kty", "crv", "x", "y", "kid", "alg", "use"},
    ]
    assert kit_app.auth.keys.signing_key.id == kid(one)


@pytest.mark.parametrize("settings", [{}, {"signing_key": "shared-With-the-Gateway-0123456789-ab"}])
async def test_a_symmetric_key_is_not_published(
    make_app: MakeApp, settings: dict[str, Any]
) -> None:
    given = AuthSettings(secret_key=SECRET, **settings)

    answer = await get(make_app(settings=given, more_features=(SigningKeys(),)))

    assert (answer.status_code, answer.json()) == (200, {"keys": []})


async def test_it_may_be_kept_for_a_while(make_app: MakeApp) -> None:
    feature = SigningKeys(current=sample(), jwks_max_age=timedelta(hours=1))

    usual = await get(make_app(more_features=(SigningKeys(current=sample()),)))
    longer = await get(make_app(more_features=(feature,)))

    assert usual.headers["cache-control"] == "public, max-age=300"
    assert longer.headers["cache-control"] == "public, max-age=3600"
    assert usual.headers["content-type"] == "application/json"


async def test_who_has_this_version_is_told_so(make_app: MakeApp) -> None:
    kit_app = make_app(more_features=(SigningKeys(current=sample()),))
    etag = (await get(kit_app)).headers["etag"]

    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await get(kit_app, {"If-None-Match": sent})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert answer.headers["cache-control"] == "public, max-age=300"


async def test_another_version_is_sent(make_app: MakeApp) -> None:
    before = make_app(more_features=(SigningKeys(current=sample()),))
    after = make_app(more_features=(SigningKeys(current=sample(), upcoming=[sample("ES256")]),))
    etag = (await get(before)).headers["etag"]

    for sent in (etag, "", '""', etag.strip('"'), "\xff", "," * 4000):
        answer = await get(after, [(b"if-none-match", sent.encode("latin-1"))])
        assert (answer.status_code, len(answer.json()["keys"])) == (200, 2)


async def test_two_servers_give_one_version(make_app: MakeApp) -> None:
    """Behind a balancer, else a copy would never be found valid."""
    etags = [
        (await get(make_app(more_features=(SigningKeys(current=text),)))).headers["etag"]
        for text in (sample(), jwk(sample(), kid=None, alg=None, use=None))
    ]

    assert etags[0] == etags[1]


async def test_it_asks_neither_for_a_token_nor_the_database(make_app: MakeApp) -> None:
    kit_app = make_app(more_features=(SigningKeys(current=sample()),))
    kit_app.statements.clear()

    answer = await get(kit_app, {"Authorization": "Bearer nonsense"})

    assert answer.status_code == 200
    assert kit_app.statements == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_can_only_be_read(make_app: MakeApp, method: str) -> None:
    kit_app = make_app(more_features=(SigningKeys(current=sample()),))

    assert (await get(kit_app, method=method)).status_code == 405


async def test_its_route_is_there_only_with_the_feature(kit_app: KitApp) -> None:
    assert (await get(kit_app)).status_code == 404


async def test_it_has_a_router_of_its_own(make_app: MakeApp) -> None:
    kit_app = make_app(more_features=(SigningKeys(current=sample()),))
    app = FastAPI()
    app.include_router(get_signing_keys_router(kit_app.auth))

    paths = app.openapi()["paths"]

    assert list(paths) == ["/.well-known/jwks.json"]
    operation = paths["/.well-known/jwks.json"]["get"]
    assert operation["operationId"] == "read_jwks"
    assert set(operation["responses"]) == {"200", "304", "400", "422", "503"}
    assert "security" not in operation


async def test_a_router_without_the_feature_is_refused(kit_app: KitApp) -> None:
    with pytest.raises(ConfigurationError, match=r"^add SigningKeys\(\.\.\.\) to AuthKit"):
        get_signing_keys_router(kit_app.auth)


# -- what does not fit together --------------------------------------------------------


async def test_a_symmetric_key_that_is_used_for_nothing_is_refused(make_app: MakeApp) -> None:
    """Else somebody would believe that a gateway still verifies with it."""
    settings = AuthSettings(secret_key=SECRET, signing_key="shared-With-the-Gateway-0123456789")

    with pytest.raises(ConfigurationError) as caught:
        make_app(settings=settings, more_features=(SigningKeys(current=sample()),))

    assert str(caught.value) == (
        "AuthSettings(signing_key=...) neither signs nor verifies beside "
        "SigningKeys(current=...): remove it, or name SYMMETRIC in retired"
    )


async def test_a_symmetric_key_that_still_verifies_is_taken(make_app: MakeApp) -> None:
    settings = AuthSettings(secret_key=SECRET, signing_key="shared-With-the-Gateway-0123456789")
    feature = SigningKeys(current=sample(), retired=[SYMMETRIC])

    assert make_app(settings=settings, more_features=(feature,)).auth.keys.verification_keys


class Vault(SigningKeySource):
    """Keys from somewhere else."""

    def token_keys(self, symmetric: TokenKeys) -> TokenKeys:
        return symmetric


async def test_two_who_say_which_keys_sign_are_refused(make_app: MakeApp) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_app(more_features=(SigningKeys(),), hooks=(Vault(),))

    assert str(caught.value) == (
        "one part says which keys sign access tokens, not 2: SigningKeys, Vault"
    )


async def test_a_caller_may_say_which_keys_sign(make_app: MakeApp) -> None:
    kit_app = make_app(hooks=(Vault(),))
    await kit_app.add_user()

    assert header(await kit_app.sign_in())["kid"] == make_app().auth.keys.signing_key.id
