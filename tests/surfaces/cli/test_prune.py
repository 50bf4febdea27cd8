"""``fastauth-kit prune``."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import typer
from sqlalchemy import func, insert, select

from fastauth_kit.core.secrets import time_ordered_id
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.one_time_tokens import prune_token_batch
from fastauth_kit.features.private_registration import PrivateRegistration
from fastauth_kit.surfaces.cli.prune import read_duration
from tests.kit_app import (
    START,
    IntAuditEvent,
    IntLoginFailure,
    IntOneTimeToken,
    IntPendingRegistration,
    IntSession,
    KitApp,
)
from tests.mailing import mail_features, once
from tests.surfaces.cli.shops import Shop

DAY = timedelta(days=1)


def _session(user_id: int, days_ago: int) -> dict[str, Any]:
    ended = START - days_ago * DAY
    return {
        "id": time_ordered_id(ended),
        "user_id": user_id,
        "created_at": ended - DAY,
        "authenticated_at": ended - DAY,
        "amr": {},
        "ip": None,
        "user_agent": None,
        "last_used_at": ended,
        "idle_expires_at": ended,
        "absolute_expires_at": ended,
        "refresh_generation": 0,
        "refresh_salt": "x" * 43,
        "refresh_key_id": "x",
    }


def _token(user_id: int, days_ago: float, slot: str) -> dict[str, Any]:
    ended = START - days_ago * DAY
    return {
        "id": time_ordered_id(ended),
        "user_id": user_id,
        "slot": slot,
        "purpose": "password_reset",
        "digest": "x" * 43,
        "email": "ada@example.com",
        "created_at": ended - DAY,
        "expires_at": ended,
    }


def _event(days_ago: int) -> dict[str, Any]:
    at = START - days_ago * DAY
    return {"id": time_ordered_id(at), "kind": "x", "at": at, "succeeded": True, "data": {}}


def _pending(days_ago: float) -> dict[str, Any]:
    ended = START - days_ago * DAY
    return {
        "id": time_ordered_id(ended),
        "email": "bob@example.com",
        "digest": "x" * 43,
        "hashed_password": "x",
        "columns": {},
        "created_at": ended - DAY,
        "expires_at": ended,
    }


def _failure(user_id: int | None, days_ago: int) -> dict[str, Any]:
    at = START - days_ago * DAY
    values = {"id": time_ordered_id(at), "network": "192.0.2.1", "failed_at": at}
    return {**values, "user_id": user_id}


FILLING: list[tuple[Any, Callable[[int], list[dict[str, Any]]]]] = [
    (IntSession, lambda user: [_session(user, days) for days in (1, 31, 32, 40)]),
    (IntOneTimeToken, lambda user: [_token(user, d, f"s{d}") for d in (-1, 0.5, 2, 3)]),
    (IntAuditEvent, lambda user: [_event(days) for days in (1, 100, 200)]),
    (IntPendingRegistration, lambda user: [_pending(days) for days in (-1, 1, 2, 3)]),
    (IntLoginFailure, lambda user: [_failure(user, 9), *(_failure(None, d) for d in (6, 7, 8, 9))]),
]


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    """Every feature that has rows to prune, with some that are over and some that are not."""
    features = (
        *mail_features(PrivateRegistration(model=IntPendingRegistration)),
        Lockout(model=IntLoginFailure),
        Audit(model=IntAuditEvent, without=("user_created",)),
    )
    shop = make_shop(more_features=features)
    user_id = shop.add()
    shop.do(lambda: _fill(shop.kit_app, user_id))
    return shop


async def _fill(kit_app: KitApp, user_id: int) -> None:
    async with kit_app.sessions.begin() as session:
        for model, rows in FILLING:
            await session.execute(insert(model), rows(user_id))


async def _left(kit_app: KitApp) -> dict[str, int]:
    async with kit_app.sessions() as session:
        return {
            model.__name__: int(await session.scalar(select(func.count()).select_from(model)) or 0)
            for model, _ in FILLING
        }


@pytest.mark.parametrize("batch", ["1", "2", "1000"])
def test_what_is_over_goes_of_every_feature_and_events_stay(shop: Shop, batch: str) -> None:
    done = shop.call("prune", "--json", "--batch", batch, "--pause-ms", "0")

    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "sessions": 3,
        "one_time_tokens": 2,
        "private_registration": 3,
        "lockout": 3,
    }
    assert list(shop.do(lambda: _left(shop.kit_app)).values()) == [1, 2, 3, 1, 2]


def test_old_events_go_if_that_is_said(shop: Shop) -> None:
    done = shop.call("prune", "--events-older-than", "15w", "--sessions-over-for", "35d")

    assert done.code == 0
    assert done.out.splitlines() == [
        "sessions: 1 deleted",
        "one_time_tokens: 2 deleted",
        "audit: 1 deleted",
        "private_registration: 3 deleted",
        "lockout: 3 deleted",
    ]


@once
def test_only_what_is_on_is_pruned(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()

    plain, events = shop.call("prune", "--json"), shop.call("prune", "--events-older-than", "1d")

    assert json.loads(plain.out) == {"sessions": 0}
    assert (events.code, events.err[:30]) == (1, "--events-older-than: add Audit")


@once
def test_a_pipe_gets_no_progress(shop: Shop) -> None:
    assert "\x1b" not in shop.call("prune").err


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86400), ("1w", 604800)]
)
def test_a_duration_has_a_unit(text: str, seconds: int) -> None:
    assert read_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "1", "d", "-1d", "1.5d", "1 d", "1y", "٣d", "999999999w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_duration(text)


@once
@pytest.mark.parametrize("option", [{"over_for": -DAY}, {"batch": 0}])
async def test_a_batch_of_tokens_refuses_what_cannot_be(
    kit_app: KitApp, option: dict[str, Any]
) -> None:
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        with pytest.raises(ValueError, match="must"):
            await prune_token_batch(work, **option)
