"""Other services verify our tokens from the JWK set alone: in Python, and in JavaScript."""

import asyncio
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fastauth_kit.features.signing_keys import SYMMETRIC, Algorithm, SigningKeys, public_half
from tests.features.accounts.people import Person, join
from tests.features.accounts.tokens import claims_of
from tests.features.signing_keys.samples import ALGORITHMS, header, sample
from tests.features.signing_keys.test_token_attacks import private, sign
from tests.kit_app import KitApp
from tests.servers.node import installed_node
from tests.servers.plugin import require_node_packages

pytestmark = [
    pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True),
    pytest.mark.parametrize("session_style", ["async"], indirect=True),
    # RFC 9864 prefers another name for it, which few know yet
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864"),
]

JWKS = "/api/auth/.well-known/jwks.json"
NODE = Path(__file__).parent / "node"
DEADLINE_SECONDS = 60

MakeApp = Callable[..., KitApp]
Verdict = dict[str, Any] | None
"""What a token says, or ``None`` if it is refused."""


class Verifier(ABC):
    """Another service, which knows an address and two names."""

    @abstractmethod
    async def verify(self, kit_app: KitApp, *tokens: str) -> Sequence[Verdict]:
        """Return what each token says to it."""


class Joserfc(Verifier):
    """In Python."""

    async def verify(self, kit_app: KitApp, *tokens: str) -> Sequence[Verdict]:
        async with kit_app.client() as client:
            keys = KeySet.import_key_set((await client.get(JWKS)).json())
        return [self._verify(kit_app, keys, token) for token in tokens]

    def _verify(self, kit_app: KitApp, keys: KeySet, token: str) -> Verdict:
        settings = kit_app.auth.settings
        rules = jwt.JWTClaimsRegistry(
            now=int(kit_app.clock.now.timestamp()),
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
        )
        try:
            decoded = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            rules.validate(decoded.claims)
        # a key that is not in the set is a ValueError
        except (JoseError, ValueError):
            return None
        return decoded.claims if decoded.header["typ"] == "at+jwt" else None


class Jose(Verifier):
    """In JavaScript, over the network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def verify(self, kit_app: KitApp, *tokens: str) -> Sequence[Verdict]:
        settings, now = kit_app.auth.settings, int(kit_app.clock.now.timestamp())
        async with serving(kit_app) as address:
            arguments = [address + JWKS, settings.issuer, settings.audience, str(now), *tokens]
            process = await asyncio.create_subprocess_exec(
                installed_node()[0],
                "verify.js",
                *arguments,
                cwd=self._folder,
                stdout=asyncio.subprocess.PIPE,
            )
            async with asyncio.timeout(DEADLINE_SECONDS):
                output, _ = await process.communicate()
        assert process.returncode == 0
        return [found.get("claims") for found in json.loads(output)]


@asynccontextmanager
async def serving(kit_app: KitApp) -> AsyncIterator[str]:
    """Serve an app on a port of its own."""
    config = uvicorn.Config(kit_app.app, port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not server.started:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program for Node.js, and the package it needs."""
    folder = tmp_path_factory.mktemp("node") / "verifier"
    shutil.copytree(NODE, folder, ignore=shutil.ignore_patterns("node_modules"))
    require_node_packages(folder)
    return folder


@pytest.fixture(params=["joserfc", "jose"])
def verifier(request: pytest.FixtureRequest) -> Verifier:
    """Each of them."""
    if request.param == "joserfc":
        return Joserfc()
    return Jose(request.getfixturevalue("node_folder"))


def rotating(make_app: MakeApp, algorithm: Algorithm) -> KitApp:
    """Return an installation in the midst of a rotation, with each kind of key."""
    others = [sample(name) for name in ALGORITHMS if name != algorithm]
    feature = SigningKeys(
        current=sample(algorithm),
        upcoming=[others[0], SYMMETRIC],
        retired=[public_half(others[1])],
    )
    return make_app(more_features=(feature,))


def resigned(ada: Person, algorithm: Algorithm, **changes: Any) -> str:
    """Return Ada's token with another header, signed with another key of ours."""
    key = sample(algorithm)
    head = {**header(ada.tokens), "kid": json.loads(key)["kid"], "alg": algorithm, **changes}
    return sign(claims_of(ada.tokens), head, algorithm, private(key))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_token_says_to_others_what_it_says_to_us(
    make_app: MakeApp, verifier: Verifier, algorithm: Algorithm
) -> None:
    kit_app = rotating(make_app, algorithm)
    ada = await join(kit_app)

    (verdict,) = await verifier.verify(kit_app, ada.tokens["access_token"])

    assert verdict == claims_of(ada.tokens)


async def test_tokens_of_every_key_in_rotation_are_good(
    make_app: MakeApp, verifier: Verifier
) -> None:
    """Of the one that will sign, and of the one that did."""
    kit_app = rotating(make_app, "EdDSA")
    ada = await join(kit_app)

    verdicts = await verifier.verify(kit_app, *(resigned(ada, name) for name in ALGORITHMS))

    assert verdicts == [claims_of(ada.tokens)] * 3


async def test_what_is_not_ours_is_refused_by_others_too(
    make_app: MakeApp, verifier: Verifier
) -> None:
    """A dropped key, a symmetric one, a forged signature, another kind of token."""
    kit_app = make_app(more_features=(SigningKeys(current=sample("ES256")),))
    symmetric = make_app()
    ada = await join(kit_app)
    token = ada.tokens["access_token"]

    verdicts = await verifier.verify(
        kit_app,
        token,
        resigned(ada, "EdDSA"),
        (await symmetric.sign_in())["access_token"],
        token[:-8] + "AAAAAAAA",
        resigned(ada, "ES256", typ="JWT"),
        token.rpartition(".")[0] + ".",
    )

    assert verdicts == [claims_of(ada.tokens), None, None, None, None, None]


async def test_a_token_ends_for_others_at_its_time(make_app: MakeApp, verifier: Verifier) -> None:
    kit_app = make_app(more_features=(SigningKeys(current=sample()),))
    ada = await join(kit_app)
    kit_app.clock.advance(minutes=30, seconds=1)

    assert await verifier.verify(kit_app, ada.tokens["access_token"]) == [None]
