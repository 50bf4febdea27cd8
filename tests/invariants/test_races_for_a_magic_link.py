"""Many who follow one link at once, each on a database connection of its own."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from fastauth_kit.features.magic_links import MagicLinks
from tests.invariants.crowd import (
    EVERY_DATABASE,
    Meeting,
    codes,
    crowd_options,
    open_connections,
    size_of_crowd,
    together,
)
from tests.kit_app import KitApp
from tests.mailing import mail_features, mailed_token
from tests.servers.modes import Mode


@pytest.fixture
def crowd_app(make_app: Callable[..., KitApp], isolation: Mode) -> KitApp:
    return make_app(more_features=mail_features(MagicLinks()), **crowd_options(isolation))


@EVERY_DATABASE
async def test_of_many_that_follow_one_link_one_is_signed_in(crowd_app: KitApp) -> None:
    await crowd_app.add_user()
    count = min(size_of_crowd(crowd_app), 12)
    async with crowd_app.client() as client:
        await client.post("/api/auth/magic-link", json={"email": "ada@example.com"})
        body = {"token": await mailed_token(crowd_app)}
        await open_connections(crowd_app, count)
        Meeting(crowd_app, "FROM int_one_time_tokens").expect(count)

        answers = await together(
            *[lambda: client.post("/api/auth/magic-link/login", json=body)] * count
        )

    assert codes(answers) == [(200, "")] + [(400, "invalid_one_time_token")] * (count - 1)
    async with crowd_app.sessions() as session:
        rows = await session.scalar(select(func.count()).select_from(crowd_app.session_model))
    assert rows == 1
