"""What is swapped for the time of a test, and that it comes back."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from fastauth_kit import AuthKit, ConfigurationError, Passwords
from fastauth_kit.core.work import Work
from fastauth_kit.features.mail import Mail
from fastauth_kit.features.passwords import PasswordHasher, default_context
from fastauth_kit.features.throttling import Throttling
from fastauth_kit.surfaces.testing import (
    AsyncAuthClients,
    AsyncMakeUser,
    Mailbox,
    RunningApp,
    under_test,
)
from tests.docs.programs import environment
from tests.kit_app import KitApp
from tests.mailing import mail_features, once


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=(*mail_features(), Throttling()))


def parts_of(auth: AuthKit[Any]) -> list[object]:
    return [
        auth.clock,
        auth.after_commit,
        auth.feature(Passwords).hasher,
        auth.feature(Mail).mailer,
        auth.feature(Throttling).store,
    ]


@once
def test_every_part_is_another_one_in_the_block_and_the_same_after_it(kit_app: KitApp) -> None:
    before = parts_of(kit_app.auth)
    with under_test(kit_app.auth):
        within = parts_of(kit_app.auth)

    assert all(new is not old for new, old in zip(within, before, strict=True))
    assert all(new is old for new, old in zip(parts_of(kit_app.auth), before, strict=True))


@once
def test_the_parts_come_back_when_a_test_fails(kit_app: KitApp) -> None:
    before = parts_of(kit_app.auth)
    with pytest.raises(ZeroDivisionError), under_test(kit_app.auth):
        raise ZeroDivisionError

    assert parts_of(kit_app.auth) == before


@once
def test_a_block_in_a_block_has_parts_of_its_own(kit_app: KitApp) -> None:
    with under_test(kit_app.auth) as outer:
        with under_test(kit_app.auth) as inner:
            assert kit_app.auth.clock is inner.clock
        assert kit_app.auth.clock is outer.clock


@once
def test_the_clock_starts_where_it_is_told_to(kit_app: KitApp) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    with under_test(kit_app.auth, start=start) as given:
        assert given.clock() == kit_app.auth.clock() == start


@once
def test_hashing_may_stay_as_in_production(kit_app: KitApp) -> None:
    hasher = kit_app.auth.feature(Passwords).hasher
    with under_test(kit_app.auth, fast_hashing=False):
        assert kit_app.auth.feature(Passwords).hasher is hasher


@once
async def test_attempts_of_one_test_do_not_count_in_the_next(kit_app: KitApp) -> None:
    async def fail() -> list[int]:
        client = await AsyncAuthClients(kit_app.auth, kit_app.app)()
        body = {"email": "ada@example.com", "password": "wrong horse battery"}
        return [(await client.post("/api/auth/login", json=body)).status_code for _ in range(6)]

    with under_test(kit_app.auth):
        first = await fail()
    with under_test(kit_app.auth):
        second = await fail()

    assert first == second == [401] * 5 + [429]


@once
@pytest.mark.parametrize("missing", ["the variable", "pytest"])
def test_it_refuses_where_no_test_runs(
    kit_app: KitApp, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "pytest":
        monkeypatch.delitem(sys.modules, "pytest")
    else:
        monkeypatch.delenv("PYTEST_CURRENT_TEST")
    hasher = kit_app.auth.feature(Passwords).hasher

    for attempt in (
        lambda: under_test(kit_app.auth).__enter__(),
        lambda: RunningApp(kit_app.auth, kit_app.app),
        lambda: AsyncMakeUser(kit_app.auth, kit_app.app),
        lambda: AsyncAuthClients(kit_app.auth, kit_app.app),
    ):
        with pytest.raises(ConfigurationError, match="only while pytest runs a test"):
            attempt()
    assert kit_app.auth.feature(Passwords).hasher is hasher


def test_a_program_that_is_no_test_cannot_use_it() -> None:
    program = "from fastauth_kit.surfaces.testing import under_test\nwith under_test(None): pass"
    clean = {k: v for k, v in environment().items() if k != "PYTEST_CURRENT_TEST"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=clean, capture_output=True, text=True, check=False
    )

    assert done.stderr.splitlines()[-1].endswith(
        "under_test(auth) works only while pytest runs a test: call it in a test or a fixture, "
        "never in the app itself"
    )


@once
async def test_a_hash_of_a_test_is_replaced_in_production(kit_app: KitApp) -> None:
    own = default_context(argon2__memory_cost=64)
    with under_test(kit_app.auth):
        cheap = await kit_app.auth.feature(Passwords).hasher.hash("correct horse battery")

    found = await PasswordHasher(context=own).verify("correct horse battery", cheap)

    assert found.valid
    assert found.new_hash is not None


@once
async def test_hashes_of_the_apps_own_schemes_are_read_and_replaced_as_ever(
    make_app: Callable[..., KitApp],
) -> None:
    kit_app = make_app()
    own = kit_app.auth.feature(Passwords).hasher
    stored = default_context(argon2__memory_cost=64).hash("correct horse battery")
    with under_test(kit_app.auth):
        hasher = kit_app.auth.feature(Passwords).hasher
        found = await hasher.verify("correct horse battery", stored)
        assert found.new_hash is not None
        again = await hasher.verify("correct horse battery", found.new_hash)
        nobody = await hasher.verify("correct horse battery", "!unusable")

    assert (again.valid, again.new_hash, nobody.valid) == (True, None, False)
    assert hasher.pool is own.pool


@once
async def test_actions_that_commit_do_not_wait_for_each_other(kit_app: KitApp) -> None:
    done: list[str] = []

    async def commit_again(name: str) -> None:
        async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:

            async def note() -> None:
                done.append(name)

            work.after_commit(note)

    def start_two(work: Work) -> None:
        for name in ("first", "second"):
            work.after_commit(lambda name=name: commit_again(name))

    with under_test(kit_app.auth):
        async with asyncio.timeout(5), kit_app.sessions() as session:
            async with kit_app.auth.work_for(session) as work:
                start_two(work)
            assert sorted(done) == ["first", "second"]


async def test_a_mailbox_says_who_got_mail() -> None:
    mailbox = Mailbox()
    message = EmailMessage()
    message["To"], message["Subject"] = "ada@example.com", "Hello"
    message.set_content("See https://example.com/page and https://example.com/x#page=2\n")

    with pytest.raises(AssertionError, match="there is mail to: nobody"):
        mailbox.last_to("grace@example.com")
    await mailbox.send(message)
    with pytest.raises(AssertionError, match=r"there is mail to: ada@example\.com"):
        mailbox.last_to("grace@example.com")

    letter = mailbox.last_to("ada@example.com")
    assert letter.links == ["https://example.com/page", "https://example.com/x#page=2"]
    assert (len(mailbox), letter.subject, letter.html) == (1, "Hello", "")
    with pytest.raises(AssertionError, match="no link with a token in 'Hello'"):
        _ = letter.token
