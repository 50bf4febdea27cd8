"""A rotation across servers that are deployed one after the other: nobody is signed out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from fastauth_kit import AuthSettings
from fastauth_kit.features.signing_keys import (
    SYMMETRIC,
    RotationRefused,
    SigningKeys,
    announce_key,
    drop_retired_keys,
    new_key_set,
    promote_key,
)
from tests.features.accounts.tokens import opens, rotate
from tests.features.signing_keys.samples import header, kid, sample
from tests.kit_app import SECRET, KitApp

LIFETIME = timedelta(minutes=30)

pytestmark = [
    pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True),
    pytest.mark.parametrize("session_style", ["async"], indirect=True),
]

ROUTES = {
    "EdDSA to EdDSA": (sample(), sample("EdDSA", "two")),
    "HS256 to EdDSA": (SYMMETRIC, sample()),
    "EdDSA to HS256": (sample(), SYMMETRIC),
    "RS256 to ES256": (sample("RS256"), sample("ES256")),
}


@dataclass
class Fleet:
    """Two servers on one database and one clock; each runs a key set of its own."""

    make_app: Callable[..., KitApp]
    key_set: str
    servers: list[KitApp] = field(default_factory=list[KitApp])
    tokens: list[Any] = field(default_factory=list[Any])

    def deploy(self, place: int) -> None:
        """Start the server at a place anew, with the key set of now."""
        feature = SigningKeys.from_key_set(self.key_set)
        server = self.make_app(settings=AuthSettings(secret_key=SECRET), more_features=(feature,))
        if self.servers:
            server.clock.now = self.servers[0].clock.now
        self.servers[place : place + 1] = [server]

    @property
    def now(self) -> Any:
        return self.servers[0].clock.now

    def wait(self, time: timedelta) -> None:
        for server in self.servers:
            server.clock.now += time

    async def everybody_is_let_in(self) -> None:
        """Sign in at each server, and present what is in force at each."""
        for server in self.servers:
            self.tokens.append((self.now, await server.sign_in()))
        self.tokens = [item for item in self.tokens if self.now - item[0] < LIFETIME]
        for _, tokens in self.tokens:
            for server in self.servers:
                async with server.client() as client:
                    assert await opens(client, tokens)


@pytest.fixture(params=ROUTES.values(), ids=ROUTES)
async def fleet(request: pytest.FixtureRequest, make_app: Callable[..., KitApp]) -> Fleet:
    """Two servers that sign with the first of two keys."""
    old, _ = request.param
    probe = make_app()
    await probe.add_user()
    fleet = Fleet(make_app, new_key_set(probe.clock.now, key=old))
    for place in (0, 1):
        fleet.deploy(place)
    return fleet


@pytest.fixture
def new(request: pytest.FixtureRequest, fleet: Fleet) -> str:
    """The second of them."""
    return str(request.node.callspec.params["fleet"][1])


async def roll_out(fleet: Fleet, key_set: str) -> None:
    """Deploy a key set to one server after the other; let time pass between and after."""
    fleet.key_set = key_set
    for place in (0, 1):
        fleet.deploy(place)
        await fleet.everybody_is_let_in()
        fleet.wait(LIFETIME - timedelta(seconds=1))
        await fleet.everybody_is_let_in()


async def test_nobody_is_signed_out_at_any_step(fleet: Fleet, new: str) -> None:
    """Tokens of each server, old and new, at each server, deployed and not yet.

    The old key signs until the second server is deployed, hence the second lifetime.
    """
    session = await fleet.servers[0].sign_in()
    await fleet.everybody_is_let_in()

    await roll_out(fleet, announce_key(fleet.key_set, fleet.now, key=new))
    await roll_out(fleet, promote_key(fleet.key_set, fleet.now, after=LIFETIME))
    with pytest.raises(RotationRefused):
        drop_retired_keys(fleet.key_set, fleet.now, after=2 * LIFETIME)
    fleet.wait(timedelta(seconds=2))
    await roll_out(fleet, drop_retired_keys(fleet.key_set, fleet.now, after=2 * LIFETIME))

    one, other = fleet.servers
    async with one.client() as client:
        session = await rotate(client, session)
    async with other.client() as client:
        assert await opens(client, session)
    assert header(session)["kid"] == (
        one.auth.keys.signing_key.id if new == SYMMETRIC else kid(new)
    )


async def test_what_a_dropped_key_signed_does_not_work_but_its_session_goes_on(
    fleet: Fleet, new: str
) -> None:
    """Dropped too early, against the advice: clients refresh."""
    session = await fleet.servers[0].sign_in()
    now = timedelta(0)
    announced = announce_key(fleet.key_set, fleet.now, key=new)
    promoted = promote_key(announced, fleet.now, after=now)
    fleet.key_set = drop_retired_keys(promoted, fleet.now, after=now)
    fleet.deploy(0)

    async with fleet.servers[0].client() as client:
        assert not await opens(client, session)
        assert await opens(client, await rotate(client, session))


async def test_a_key_that_signs_unannounced_is_refused_by_the_other_server(
    fleet: Fleet, new: str
) -> None:
    """Why the first step comes first; ``promote_key`` asks for the time in between."""
    announced = announce_key(fleet.key_set, fleet.now, key=new)
    fleet.key_set = promote_key(announced, fleet.now, after=timedelta(0))
    fleet.deploy(0)
    tokens = await fleet.servers[0].sign_in()

    async with fleet.servers[1].client() as client:
        assert not await opens(client, tokens)
