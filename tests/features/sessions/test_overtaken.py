"""Requests that find that another one was faster."""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from sqlalchemy import ColumnElement, false, update
from sqlalchemy.orm import Session

from fastauth_kit import Sessions, Work
from fastauth_kit.features.sessions import RefreshTokenReused, RevokedReason, SessionsRevoked
from fastauth_kit.features.sessions.statements import SessionStatements
from tests.features.accounts.answers import assert_bad_refresh_token, assert_bad_token
from tests.features.accounts.people import Heard, Person, join, rebuilt, session_of
from tests.features.accounts.tokens import opens, refresh, rotate
from tests.kit_app import KitApp

LOGOUT = "/api/auth/logout"


class OvertakenStatements(SessionStatements):
    """The UPDATE of a refresh meets no row of this generation any more."""

    def __init__(self, sessions: Sessions, times: int) -> None:
        super().__init__(sessions)
        self.times = times

    def rotate(self, session: Session, **values: Any) -> bool:
        self.times -= 1
        if self.times >= 0:
            values["generation"] += 1
        return super().rotate(session, **values)


@dataclass(frozen=True, kw_only=True)
class Overtaken(Sessions):
    """Sessions where another request is faster."""

    refreshes_late: int = 0
    """How many refreshes find that another one has rotated."""
    ends_late: bool = False
    """Whether what this request would end has been ended by another one."""

    @cached_property
    def statements(self) -> SessionStatements:
        return OvertakenStatements(self, self.refreshes_late)

    async def end_where(
        self, work: Work, user_id: Any, reason: RevokedReason, *which: ColumnElement[bool]
    ) -> int:
        conditions = (*which, false()) if self.ends_late else which
        return await super().end_where(work, user_id, reason, *conditions)


def overtaken(kit_app: KitApp, **options: Any) -> KitApp:
    """Return the same installation, where others are faster."""
    sessions = Overtaken(model=kit_app.session_model, **options)
    features = tuple(
        sessions if isinstance(part, Sessions) else part for part in kit_app.auth.features
    )
    return rebuilt(kit_app, features=features)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def told_app(make_app: Any, heard: Heard) -> KitApp:
    """An installation that tells ``heard``."""
    kit_app: KitApp = make_app(hooks=(heard,))
    return kit_app


async def test_many_refreshes_at_once_get_the_same_successor(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    async with kit_app.client() as client:
        answers = await asyncio.gather(*(rotate(client, ada.tokens) for _ in range(5)))

        assert len({answer["refresh_token"] for answer in answers}) == 1
        assert await opens(client, await rotate(client, answers[0]))


async def test_a_refresh_that_loses_twice_is_refused_and_changes_nothing(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    async with overtaken(kit_app, refreshes_late=2).client() as client:
        assert_bad_refresh_token(await refresh(client, ada.tokens))

    row = await session_of(kit_app, ada)
    assert (row.refresh_generation, row.revoked_at) == (0, None)


async def test_a_refresh_that_loses_once_looks_again(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    async with overtaken(kit_app, refreshes_late=1).client() as client:
        assert await opens(client, await rotate(client, ada.tokens))


async def test_theft_that_another_request_noticed_first_is_not_told_again(
    told_app: KitApp, heard: Heard
) -> None:
    ada = await join(told_app)
    async with told_app.client() as client:
        await rotate(client, await rotate(client, ada.tokens))

    async with overtaken(told_app, ends_late=True).client() as client:
        assert_bad_refresh_token(await refresh(client, ada.tokens))

    assert heard.of(RefreshTokenReused) == []
    assert heard.of(SessionsRevoked) == []


async def test_many_thieves_at_once_are_all_refused(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    async with kit_app.client() as client:
        await rotate(client, await rotate(client, ada.tokens))
        answers = await asyncio.gather(*(refresh(client, ada.tokens) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [401] * 5
    assert (await session_of(kit_app, ada)).revoked_at == kit_app.clock.now


async def test_a_logout_that_another_one_overtook_is_refused(
    told_app: KitApp, heard: Heard
) -> None:
    ada = await join(told_app)

    async with overtaken(told_app, ends_late=True).client() as client:
        assert_bad_token(await client.post(LOGOUT, headers=ada.headers))

    assert heard.of(SessionsRevoked) == []


async def test_a_logout_by_refresh_token_that_another_one_overtook_is_refused(
    told_app: KitApp, heard: Heard
) -> None:
    ada = await join(told_app)
    body = {"refresh_token": ada.tokens["refresh_token"]}

    async with overtaken(told_app, ends_late=True).client() as client:
        assert_bad_refresh_token(await client.post(LOGOUT, json=body))

    assert heard.of(SessionsRevoked) == []


async def restore(kit_app: KitApp, person: Person) -> None:
    """Put a session back to where it was, as an older backup would."""
    model = kit_app.session_model
    row = await session_of(kit_app, person)
    async with kit_app.sessions.begin() as session:
        await session.execute(
            update(model).where(model.id == row.id).values(refresh_generation=0, rotated_at=None)
        )


async def test_a_token_that_a_restored_database_has_not_seen_is_no_theft(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    async with kit_app.client() as client:
        latest = await rotate(client, ada.tokens)
        await restore(kit_app, ada)

        assert_bad_refresh_token(await refresh(client, latest))

        assert await opens(client, await rotate(client, ada.tokens))
