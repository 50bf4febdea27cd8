"""Access tokens under key pairs: the profile, and every forgery (RFC 8725)."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from fastauth_kit import AuthSettings
from fastauth_kit.features.signing_keys import (
    SYMMETRIC,
    Algorithm,
    SigningKeys,
    generate_key,
    public_half,
)
from fastauth_kit.features.signing_keys.key import read_key
from tests.features.accounts.answers import assert_bad_token
from tests.features.accounts.people import Person, join
from tests.features.accounts.tokens import claims_of, opens, present
from tests.features.signing_keys.samples import ALGORITHMS, header, kid, public_pem, sample
from tests.kit_app import SECRET, KitApp

pytestmark = [
    pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True),
    # a token is refused, and the set is answered, before there is a session
    pytest.mark.parametrize("session_style", ["async"], indirect=True),
]

MakeApp = Callable[..., KitApp]

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def sign(claims: Any, head: dict[str, Any], algorithm: str, key: Any) -> str:
    """Return a token with any header, signed as ``algorithm`` does."""
    text = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(claims).encode())}"
    made = jwt.get_algorithm_by_name(algorithm).sign(text.encode(), key)
    return f"{text}.{encode(made)}"


def private(text: str) -> Any:
    """Return a key as cryptography has it."""
    signer = read_key(text, where="it").signer
    assert signer is not None
    return signer.jwk.key


@pytest.fixture(params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    """Each algorithm in turn."""
    chosen: Algorithm = request.param
    return chosen


@pytest.fixture
def kit_app(make_app: MakeApp, algorithm: Algorithm) -> KitApp:
    """An installation that signs with it, and accepts keys of the others."""
    others = [sample(name) for name in ALGORITHMS if name != algorithm]
    return make_app(more_features=(SigningKeys(current=sample(algorithm), upcoming=others),))


@pytest.fixture
async def ada(kit_app: KitApp) -> Person:
    """Somebody signed in."""
    return await join(kit_app)


async def refused(kit_app: KitApp, client: httpx2.AsyncClient, token: str) -> None:
    """Check that a token is refused before any SQL."""
    kit_app.statements.clear()
    assert_bad_token(await present(client, token))
    assert kit_app.statements == []


async def test_a_token_has_the_profile_of_rfc_9068(ada: Person, algorithm: Algorithm) -> None:
    key_id = kid(sample(algorithm))

    assert header(ada.tokens) == {"typ": "at+jwt", "alg": algorithm, "kid": key_id}
    claims = {"iss", "aud", "sub", "client_id", "sid", "jti", "iat", "exp"}
    assert set(claims_of(ada.tokens)) == claims


async def test_a_token_made_as_the_kit_does_works(
    client: httpx2.AsyncClient, ada: Person, algorithm: Algorithm
) -> None:
    """So that the refusals below are for the reason they name."""
    head = header(ada.tokens)
    token = sign(claims_of(ada.tokens), head, algorithm, private(sample(algorithm)))

    assert (await present(client, token)).status_code == 200


async def test_no_algorithm_at_all_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    _, claims, signature = ada.tokens["access_token"].split(".")
    for name in ("none", "None", "NONE", "nOnE", "", None, ["none"]):
        changed = encode(json.dumps({**header(ada.tokens), "alg": name}).encode())
        for end in (signature, ""):
            await refused(kit_app, client, f"{changed}.{claims}.{end}")


async def test_a_public_key_is_no_secret_to_sign_with(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, algorithm: Algorithm
) -> None:
    """HS256 with what everybody can read: as PEM, as JWK, as the JWK set."""
    public = public_half(sample(algorithm))
    texts = [
        public_pem(private(sample(algorithm))),
        public_pem(private(sample(algorithm))).strip(),
        public,
        (await client.get("/api/auth/.well-known/jwks.json")).text,
        json.loads(public).get("x", json.loads(public).get("n")),
    ]
    for text in texts:
        for name in ("HS256", "HS512"):
            head = {**header(ada.tokens), "alg": name}
            await refused(kit_app, client, sign(claims_of(ada.tokens), head, name, text.encode()))


async def test_the_id_of_another_key_of_ours_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, algorithm: Algorithm
) -> None:
    """Under either name of the algorithm: that of the key named, that of the key used."""
    key = private(sample(algorithm))
    for other in ALGORITHMS:
        if other == algorithm:
            continue
        for name in (algorithm, other):
            head = {**header(ada.tokens), "kid": kid(sample(other)), "alg": name}
            await refused(kit_app, client, sign(claims_of(ada.tokens), head, algorithm, key))


async def test_another_key_of_the_same_kind_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, algorithm: Algorithm
) -> None:
    key = private(sample(algorithm, "another"))
    for key_id in (kid(sample(algorithm)), kid(sample(algorithm, "another"))):
        head = {**header(ada.tokens), "kid": key_id}
        await refused(kit_app, client, sign(claims_of(ada.tokens), head, algorithm, key))


FOREIGN_IDS: tuple[Any, ...] = (
    "",
    "unknown",
    "symmetric",
    "../../../dev/null",
    "' UNION SELECT 'secret' --",
    "https://attacker.example/jwks.json",
    "\x00",
    "\ud800",
    "k" * 2000,
    7,
    True,
    None,
    ["a"],
    {"a": "b"},
)


async def test_an_id_that_is_none_of_ours_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, algorithm: Algorithm
) -> None:
    claims, key = claims_of(ada.tokens), private(sample(algorithm))
    for key_id in FOREIGN_IDS:
        head = {**header(ada.tokens), "kid": key_id}
        await refused(kit_app, client, sign(claims, head, algorithm, key))
    head = {name: value for name, value in header(ada.tokens).items() if name != "kid"}
    await refused(kit_app, client, sign(claims, head, algorithm, key))


async def test_a_key_that_the_token_brings_is_not_used(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    ada: Person,
    algorithm: Algorithm,
) -> None:
    """RFC 7515, sections 4.1.2 to 4.1.6: jwk, jku, x5u, x5c are the sender's word."""
    own = sample(algorithm, "attacker")
    brought: dict[str, Any] = {
        "jwk": json.loads(public_half(own)),
        "jku": "https://attacker.example/jwks.json",
        "x5u": "https://attacker.example/cert.pem",
        "x5c": ["MIIB"],
        "x5t": "AAAA",
    }
    for name, value in brought.items():
        for key_id in (kid(sample(algorithm)), kid(own)):
            head = {**header(ada.tokens), "kid": key_id, name: value}
            token = sign(claims_of(ada.tokens), head, algorithm, private(own))
            await refused(kit_app, client, token)


STRANGE_HEADERS: tuple[dict[str, Any], ...] = (
    {"crit": ["exp"], "exp": 1},
    {"crit": ["b64"], "b64": False},
    {"crit": []},
    {"crit": "exp"},
    {"b64": False},
    {"typ": "JWT"},
    {"typ": "at+JWT "},
)


async def test_a_header_that_is_not_understood_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person, algorithm: Algorithm
) -> None:
    """RFC 7515, section 4.1.11; with our own, good signature."""
    for more in STRANGE_HEADERS:
        head = {**header(ada.tokens), **more}
        token = sign(claims_of(ada.tokens), head, algorithm, private(sample(algorithm)))

        await refused(kit_app, client, token)


async def test_every_changed_bit_of_a_signature_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    text, _, signature = ada.tokens["access_token"].rpartition(".")
    made = decode(signature)
    for place in (0, len(made) // 2, len(made) - 1):
        changed = bytearray(made)
        changed[place] ^= 1
        await refused(kit_app, client, f"{text}.{encode(bytes(changed))}")
    for other in (b"", made[:-1], made + b"\x00", bytes(len(made)), made * 2):
        await refused(kit_app, client, f"{text}.{encode(other)}")


async def test_each_token_has_one_spelling(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    """The bits that base64 leaves over must be zero."""
    token = ada.tokens["access_token"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + letters[letters.index(token[-1]) ^ 1]
    assert decode(twin.rpartition(".")[2]) == decode(token.rpartition(".")[2])

    await refused(kit_app, client, twin)


async def test_a_tokens_symmetric_key_is_refused_when_it_is_not_named(
    make_app: MakeApp, kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    """Who has the secret only, as before the change to key pairs, makes no tokens."""
    symmetric = make_app()
    key = symmetric.auth.keys.signing_key
    head = {**header(ada.tokens), "kid": key.id, "alg": "HS256"}

    await refused(kit_app, client, sign(claims_of(ada.tokens), head, "HS256", key.jwk.key))


# -- ECDSA -----------------------------------------------------------------------------


@pytest.fixture
async def signature(make_app: MakeApp) -> tuple[KitApp, Person, str, int, int]:
    """An installation with ES256, somebody signed in, and the parts of the token."""
    kit_app = make_app(more_features=(SigningKeys(current=sample("ES256")),))
    ada = await join(kit_app)
    text, _, made = ada.tokens["access_token"].rpartition(".")
    raw = decode(made)
    return kit_app, ada, text, int.from_bytes(raw[:32]), int.from_bytes(raw[32:])


def es256(text: str, r: int, s: int) -> str:
    return f"{text}.{encode(r.to_bytes(32) + s.to_bytes(32))}"


async def test_the_twin_of_an_ecdsa_signature_opens_nothing_more(
    signature: tuple[KitApp, Person, str, int, int],
) -> None:
    """(r, n - s) is good too, for anybody who knows (r, s): the same claims, the same session.

    Nothing is decided by the bytes of a token, so the twin ends with its session.
    """
    kit_app, ada, text, r, s = signature
    twin = es256(text, r, P256_ORDER - s)
    async with kit_app.client() as client:
        assert (await present(client, twin)).status_code == 200

        await client.post("/api/auth/logout", headers=ada.headers)

        assert not await opens(client, ada.tokens)
        assert_bad_token(await present(client, twin))


async def test_numbers_that_are_no_signature_are_refused(
    signature: tuple[KitApp, Person, str, int, int],
) -> None:
    """Zeros passed in a famous implementation, (r + n, s) is too long, DER is another format."""
    kit_app, _, text, r, s = signature
    order = P256_ORDER
    async with kit_app.client() as client:
        for pair in ((0, 0), (0, s), (r, 0), (order, order), (r, order), (order, s), (1, 1)):
            await refused(kit_app, client, es256(text, *pair))
        await refused(kit_app, client, f"{text}.{encode(encode_dss_signature(r, s))}")


# -- start -----------------------------------------------------------------------------


async def test_keys_are_prepared_once(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, algorithm: Algorithm
) -> None:
    """At start; no request parses a key."""
    kit_app = make_app(more_features=(SigningKeys(current=sample(algorithm)),))
    await kit_app.add_user()

    def prepare(*_: Any, **__: Any) -> None:
        raise AssertionError("a key is prepared in a request")

    monkeypatch.setattr(jwt.PyJWK, "__init__", prepare)

    async with kit_app.client() as client:
        assert await opens(client, await kit_app.sign_in())
        assert (await client.get("/api/auth/.well-known/jwks.json")).status_code == 200


async def test_the_algorithm_is_that_of_each_key(make_app: MakeApp) -> None:
    settings = AuthSettings(secret_key=SECRET, algorithm="HS512")
    feature = SigningKeys(current=generate_key("ES256"), retired=[SYMMETRIC])
    kit_app = make_app(settings=settings, more_features=(feature,))

    algorithms = {key.algorithm for key in kit_app.auth.keys.verification_keys.values()}

    assert algorithms == {"ES256", "HS512"}
