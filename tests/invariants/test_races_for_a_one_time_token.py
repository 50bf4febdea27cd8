"""A link that many click at once works for one of them; of many that are sent, the last works."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fastauth_kit import CredentialChange, Work
from fastauth_kit.core.hooks import announce_credential_change
from fastauth_kit.features.one_time_tokens import InvalidOneTimeToken, OneTimeTokens, Purpose
from tests.invariants.crowd import (
    EVERY_DATABASE,
    SMALL_CROWD,
    Meeting,
    open_connections,
    size_of_crowd,
    together,
)
from tests.kit_app import IntOneTimeToken, KitApp

RESET = Purpose("pr", "password_reset", timedelta(minutes=30))


@pytest.fixture
def crowd_app(one_crowd: None, make_app: Callable[..., KitApp], crowd: dict[str, Any]) -> KitApp:
    return make_app(more_features=(OneTimeTokens(model=IntOneTimeToken),), **crowd)


async def issue(kit_app: KitApp, user_id: Any) -> str:
    tokens: OneTimeTokens = kit_app.auth.feature(OneTimeTokens)

    async def operation(work: Work) -> str:
        return await tokens.issue(work, user_id, RESET, email="ada@example.com")

    return await kit_app.auth.run(kit_app.make_session, operation)


async def consumed(kit_app: KitApp, token: str) -> bool:
    tokens: OneTimeTokens = kit_app.auth.feature(OneTimeTokens)

    async def operation(work: Work) -> bool:
        await tokens.consume(work, token, RESET)
        return True

    try:
        return await kit_app.auth.run(kit_app.make_session, operation)
    except InvalidOneTimeToken:
        return False


@EVERY_DATABASE
async def test_of_many_that_present_one_token_one_gets_through(crowd_app: KitApp) -> None:
    ada = await crowd_app.add_user()
    token = await issue(crowd_app, ada)
    count = size_of_crowd(crowd_app)
    await open_connections(crowd_app, count)
    Meeting(crowd_app, "FROM int_one_time_tokens").expect(count)

    outcomes = await together(*[lambda: consumed(crowd_app, token)] * count)

    assert sorted(outcomes) == [False] * (count - 1) + [True]


@EVERY_DATABASE
async def test_of_many_tokens_issued_at_once_one_works(crowd_app: KitApp) -> None:
    """The first of a user and purpose, which no row stands for yet.

    Few, because each of them writes one and the same row: where the database
    lets one through and aborts the others, many would be tried too often.
    """
    ada = await crowd_app.add_user()
    count = SMALL_CROWD
    await open_connections(crowd_app, count)
    Meeting(crowd_app, "UPDATE int_one_time_tokens").expect(count)

    issued = await together(*[lambda: issue(crowd_app, ada)] * count)

    assert sum([await consumed(crowd_app, token) for token in issued]) == 1


@EVERY_DATABASE
async def test_a_token_does_not_survive_a_change_of_credentials_beside_it(
    crowd_app: KitApp,
) -> None:
    """Either it was used before the change, or it no longer works."""
    ada = await crowd_app.add_user()
    await open_connections(crowd_app, 2)

    async def change(work: Work) -> None:
        user = await crowd_app.auth.find_user(work, "ada@example.com")
        assert user is not None
        await announce_credential_change(work, user, CredentialChange.PASSWORD)

    async def changed() -> bool:
        await crowd_app.auth.run(crowd_app.make_session, change)
        return True

    for _ in range(12):
        token = await issue(crowd_app, ada)
        await together(lambda token=token: consumed(crowd_app, token), changed)  # type: ignore[misc]  # bound early
        assert not await consumed(crowd_app, token)
