"""Keys roll in two deployments: verify everywhere, then sign. Nobody is logged out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from fastauth_kit import AuthSettings
from fastauth_kit.features.sessions.refresh_token import REFRESH_PURPOSE, make_refresh_token
from tests.features.accounts.answers import assert_bad_refresh_token, assert_bad_token
from tests.features.accounts.people import Person, join, session_of
from tests.features.accounts.tokens import opens, refresh, rotate
from tests.kit_app import KitApp

OLD = "the secret so far, 32 bytes and more of it"
NEW = "the secret to come, 32 bytes and more of it"


@dataclass
class Rollout:
    """The same app at the four steps of a change of keys, on one database."""

    before: KitApp
    verifying: KitApp
    signing: KitApp
    after: KitApp


SECRETS = (
    AuthSettings(secret_key=OLD),
    AuthSettings(secret_key=OLD, secret_key_fallbacks=[NEW]),
    AuthSettings(secret_key=NEW, secret_key_fallbacks=[OLD]),
    AuthSettings(secret_key=NEW),
)
"""A change of ``secret_key``, from which every other key is derived."""

STAYING = "the one that stays, 32 bytes and more of it"

SIGNING_KEYS = (
    AuthSettings(secret_key=STAYING, signing_key=OLD),
    AuthSettings(secret_key=STAYING, signing_key=OLD, signing_key_fallbacks=[NEW]),
    AuthSettings(secret_key=STAYING, signing_key=NEW, signing_key_fallbacks=[OLD]),
    AuthSettings(secret_key=STAYING, signing_key=NEW),
)
"""A change of ``signing_key`` alone."""


def roll(make_app: Callable[..., KitApp], settings: Sequence[AuthSettings]) -> Rollout:
    return Rollout(*(make_app(settings=each) for each in settings))


@pytest.fixture
def secrets(make_app: Callable[..., KitApp]) -> Rollout:
    return roll(make_app, SECRETS)


@pytest.fixture
def signing_keys(make_app: Callable[..., KitApp]) -> Rollout:
    return roll(make_app, SIGNING_KEYS)


@pytest.fixture(params=[SECRETS, SIGNING_KEYS], ids=["secrets", "signing_keys"])
def rollout(request: pytest.FixtureRequest, make_app: Callable[..., KitApp]) -> Rollout:
    """Either change."""
    return roll(make_app, request.param)


async def opens_at(kit_app: KitApp, tokens: Any) -> bool:
    async with kit_app.client() as client:
        return await opens(client, tokens)


async def rotate_at(kit_app: KitApp, tokens: Any) -> dict[str, Any]:
    async with kit_app.client() as client:
        return await rotate(client, tokens)


async def refresh_at(kit_app: KitApp, tokens: Any) -> httpx2.Response:
    async with kit_app.client() as client:
        return await refresh(client, tokens)


async def test_access_tokens_of_the_old_key_work_while_it_is_accepted(rollout: Rollout) -> None:
    ada = await join(rollout.before)

    assert await opens_at(rollout.verifying, ada.tokens)
    assert await opens_at(rollout.signing, ada.tokens)


async def test_access_tokens_of_the_new_key_work_where_it_does_not_sign_yet(
    rollout: Rollout,
) -> None:
    """Deployments overlap: the next request may meet a process of the step before."""
    ada = await join(rollout.signing)

    assert await opens_at(rollout.verifying, ada.tokens)
    assert await opens_at(rollout.after, ada.tokens)


async def test_access_tokens_of_a_retired_key_do_not_work(rollout: Rollout) -> None:
    ada = await join(rollout.verifying)

    async with rollout.after.client() as client:
        assert_bad_token(await client.get("/api/users/me", headers=ada.headers))


async def test_a_session_from_before_lives_through_every_step(rollout: Rollout) -> None:
    tokens: Any = (await join(rollout.before)).tokens
    for step in (rollout.verifying, rollout.signing, rollout.after):
        tokens = await rotate_at(step, tokens)

    assert await opens_at(rollout.after, tokens)


async def test_refresh_tokens_work_on_processes_of_either_step(secrets: Rollout) -> None:
    tokens: Any = (await join(secrets.verifying)).tokens
    for step in (secrets.signing, secrets.verifying, secrets.signing, secrets.verifying):
        tokens = await rotate_at(step, tokens)

    assert await opens_at(secrets.signing, tokens)


@pytest.mark.parametrize(("first", "second"), [("signing", "verifying"), ("verifying", "signing")])
async def test_the_same_successor_comes_from_either_step(
    secrets: Rollout, first: str, second: str
) -> None:
    """The row remembers which key made it."""
    ada = await join(secrets.before)
    one = await rotate_at(getattr(secrets, first), ada.tokens)

    again = await rotate_at(getattr(secrets, second), ada.tokens)

    assert again["refresh_token"] == one["refresh_token"]


async def test_refresh_tokens_of_a_retired_key_do_not_work_and_end_nothing(
    secrets: Rollout,
) -> None:
    ada = await join(secrets.before)

    assert_bad_refresh_token(await refresh_at(secrets.after, ada.tokens))

    assert await opens_at(secrets.signing, await rotate_at(secrets.signing, ada.tokens))


async def test_a_successor_under_a_retired_key_is_not_given_again(secrets: Rollout) -> None:
    ada = await join(secrets.signing)
    successor = await rotate_at(secrets.verifying, ada.tokens)

    assert_bad_refresh_token(await refresh_at(secrets.after, ada.tokens))

    assert (await session_of(secrets.after, ada)).revoked_at is None
    assert await opens_at(secrets.signing, await rotate_at(secrets.signing, successor))


async def test_theft_is_noticed_across_a_change_of_keys(secrets: Rollout) -> None:
    ada = await join(secrets.before)
    latest = await rotate_at(secrets.signing, await rotate_at(secrets.verifying, ada.tokens))

    assert_bad_refresh_token(await refresh_at(secrets.signing, ada.tokens))

    assert not await opens_at(secrets.signing, latest)


async def test_a_change_of_the_signing_key_leaves_refresh_tokens_alone(
    signing_keys: Rollout,
) -> None:
    ada = await join(signing_keys.before)

    assert await opens_at(signing_keys.after, await rotate_at(signing_keys.after, ada.tokens))


async def test_a_list_is_walked_on_through_a_change_of_keys(secrets: Rollout) -> None:
    root = await join(secrets.before, "root@example.com", is_superuser=True)
    await secrets.before.add_user("ada@example.com")

    async with secrets.before.client() as client:
        first = await client.get("/api/users?cursor=&limit=1", headers=root.headers)
    query = {"cursor": first.json()["next_cursor"], "limit": "1"}
    async with secrets.signing.client() as client:
        second = await client.get("/api/users", params=query, headers=root.headers)

    assert [item["email"] for item in second.json()["items"]] == ["ada@example.com"]


async def test_whoever_has_the_signing_key_cannot_make_refresh_tokens(
    make_app: Callable[..., KitApp],
) -> None:
    """A gateway is given it: nothing else may follow from it."""
    ours = make_app(settings=AuthSettings(secret_key=OLD, signing_key=NEW))
    theirs = make_app(settings=AuthSettings(secret_key=NEW))
    ada = await join(ours)

    assert_bad_refresh_token(await refresh_at(theirs, ada.tokens))
    assert_bad_refresh_token(await refresh_at(ours, (await rotate_under(theirs, ours, ada)).tokens))


async def rotate_under(theirs: KitApp, ours: KitApp, person: Person) -> Person:
    """Return the token that their key would make of a row they have seen."""
    row = await session_of(ours, person)
    key = theirs.auth.keys.current(REFRESH_PURPOSE)
    own = ours.auth.keys.current(REFRESH_PURPOSE)
    forged = make_refresh_token(row.id, 0, key_id=own.id, key=key.value, salt=row.refresh_salt)
    return Person(person.id, {"refresh_token": forged})
