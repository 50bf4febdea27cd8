"""Features may be named in any order: nothing that anybody sees depends on it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fastauth_kit.core.feature import Feature
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.private_registration import PrivateRegistration
from tests.invariants.everything import (
    ALWAYS_ON,
    REPLACING,
    Seen,
    a_whole_life,
    everything,
    feature_classes,
    in_order,
    sharing_a_hook,
)
from tests.kit_app import PASSWORD, IntPendingRegistration, KitApp, bearer
from tests.mailing import mail_features, mailed_token

# what runs in which order is no matter of the database, nor of the kind of session
pytestmark = [
    pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True),
    pytest.mark.parametrize("session_style", ["async"], indirect=True),
]

PAIRS = sharing_a_hook()


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=everything())


async def life_with(
    kit_app: KitApp, first: tuple[type[Feature], ...], email: str
) -> tuple[Seen, list[str]]:
    ordered, told = in_order(kit_app, first)
    seen = await a_whole_life(ordered, email, partial(mailed_token, ordered, to=email))
    return seen, told.events


def test_everything_is_on(kit_app: KitApp) -> None:
    """A feature that is new is to be in ``every_feature``."""
    on = {type(feature).__name__ for feature in kit_app.auth.features}

    assert {kind.__name__ for kind in feature_classes()} == on | REPLACING
    assert on >= ALWAYS_ON
    assert PAIRS


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(kind.name for kind in pair))
async def test_a_pair_that_shares_a_hook_may_come_in_either_order(
    kit_app: KitApp, pair: tuple[type[Feature], type[Feature]]
) -> None:
    one, other = pair

    there = await life_with(kit_app, (one, other), "one@example.com")
    back = await life_with(kit_app, (other, one), "two@example.com")

    assert there == back
    assert _statuses(there[0]) == [
        201,
        204,
        400,
        200,
        401,
        200,
        200,
        202,
        202,
        204,
        400,
        401,
        401,
        202,
        200,
        200,
        204,
        401,
    ]
    assert len(there[1]) >= 8


@pytest.mark.parametrize("order", [1, -1])
async def test_private_registration_may_come_before_or_after_verification(
    make_app: Callable[..., KitApp], order: int
) -> None:
    """Both end at one route, and one takes the place of another's."""
    both = (EmailVerification(), PrivateRegistration(model=IntPendingRegistration))
    kit_app = make_app(more_features=mail_features(*both[::order]))
    account = {"email": "ada@example.com", "password": PASSWORD}

    async with kit_app.client() as client:
        asked = await client.post("/api/auth/register", json=account)
        token = await mailed_token(kit_app)
        proven = await client.post("/api/auth/email/verify", json={"token": token})
        login = await client.post("/api/auth/login", json=account)
        me = await client.get("/api/users/me", headers=bearer(login.json()))

    assert [answer.status_code for answer in (asked, proven, login, me)] == [202, 204, 200, 200]
    assert me.json()["is_verified"]


def _statuses(seen: list[tuple[str, int, Any]]) -> list[int]:
    return [status for _, status, _ in seen]
