"""Logins of one account hold its row together: none waits for another's commit."""

import asyncio

import pytest

from fastauth_kit import Passwords
from fastauth_kit.core.hooks import IssuedSession
from tests.kit_app import PASSWORD, KitApp

WITH_ROW_LOCKS = pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
"""SQLite has one writer at a time, whoever it is."""


@WITH_ROW_LOCKS
async def test_a_login_does_not_wait_for_one_that_has_not_committed(kit_app: KitApp) -> None:
    await kit_app.add_user()
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        passwords = kit_app.auth.feature(Passwords)
        first = await passwords.log_in(work, "ada@example.com", PASSWORD)

        second = await asyncio.wait_for(kit_app.sign_in(), timeout=20)

    assert isinstance(first, IssuedSession)
    assert first.refresh_token != second["refresh_token"]
