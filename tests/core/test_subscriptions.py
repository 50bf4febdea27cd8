"""Functions that are told of one kind of event."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from fastauth_kit import AuthError, ConfigurationError, Event, EventSink, Work, on
from fastauth_kit.features.accounts import UserCreated
from fastauth_kit.features.passwords import LoginFailed
from fastauth_kit.features.sessions import LoggedIn
from tests.core.parts import fetch
from tests.kit_app import PASSWORD, IntPost, KitApp

SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
ADA = {"email": "ada@example.com", "password": PASSWORD}


class TooYoung(AuthError):
    code = "too_young"
    status = 400


async def register(kit_app: KitApp) -> httpx2.Response:
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/register", json=ADA)
    await kit_app.auth.after_commit.drain()
    return answer


async def posts(kit_app: KitApp) -> int:
    (found,) = await fetch(kit_app, select(func.count()).select_from(IntPost))
    return int(found)


async def write_post(work: Work, event: UserCreated) -> None:
    await work.add(IntPost(author_id=event.user_id, title="Welcome"))


@SQLITE
async def test_before_the_commit_a_function_shares_the_transaction(
    make_app: Callable[..., KitApp],
) -> None:
    async def refuse(work: Work, event: UserCreated) -> None:
        raise TooYoung

    refused = await register(make_app(hooks=(on(UserCreated, write_post), on(UserCreated, refuse))))
    kit_app = make_app(hooks=(on(UserCreated, write_post),))
    none_left = await posts(kit_app)
    accepted = await register(kit_app)

    assert (refused.json()["code"], none_left) == ("too_young", 0)
    assert (accepted.status_code, await posts(kit_app)) == (201, 1)


@SQLITE
async def test_after_the_commit_it_is_told_once_and_not_of_what_was_refused(
    make_app: Callable[..., KitApp],
) -> None:
    told: list[Any] = []

    async def note(event: UserCreated) -> None:
        told.append((event.user_id, event.email))

    kit_app = make_app(hooks=(on(UserCreated, note, after_commit=True),))
    first, second = await register(kit_app), await register(kit_app)

    assert (first.status_code, second.status_code) == (201, 400)
    assert told == [(first.json()["id"], "ada@example.com")]


@SQLITE
async def test_a_plain_function_is_called_in_place_or_in_a_thread(
    make_app: Callable[..., KitApp],
) -> None:
    where: dict[str, Any] = {}

    def before(work: Work, event: UserCreated) -> None:
        where["before"] = (threading.current_thread(), event.user.email)

    def after(event: UserCreated) -> None:
        where["after"] = threading.current_thread()

    async def last(tag: str, event: UserCreated) -> None:
        where[tag] = event.email

    hooks = (
        on(UserCreated, before),
        on(UserCreated, after, after_commit=True),
        on(UserCreated, lambda event: last("lambda", event), after_commit=True),
        on(UserCreated, partial(last, "partial"), after_commit=True),
    )
    await register(make_app(hooks=hooks))

    assert where["before"][1] == where["lambda"] == where["partial"] == "ada@example.com"
    assert where["after"] is not threading.current_thread()


@SQLITE
async def test_who_subscribes_to_events_is_told_of_every_kind(
    make_app: Callable[..., KitApp],
) -> None:
    told: list[str] = []
    kit_app = make_app(hooks=(on(Event, lambda work, event: told.append(type(event).__name__)),))
    await register(kit_app)
    await kit_app.sign_in()

    assert told == ["UserCreated", "LoggedIn"]


@SQLITE
async def test_failures_are_told_in_the_transaction_that_is_kept(
    make_app: Callable[..., KitApp],
) -> None:
    async def write(work: Work, event: LoginFailed) -> None:
        await work.add(IntPost(author_id=event.user_id, title=event.device.ip))

    kit_app = make_app(hooks=(on(LoginFailed, write),))
    ada = await kit_app.add_user()
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/login", json={**ADA, "password": "wrong"})

    assert answer.status_code == 401
    assert await fetch(kit_app, select(IntPost.author_id)) == [ada]


def test_a_subscription_is_a_hook() -> None:
    assert isinstance(on(LoggedIn, lambda work, event: None), EventSink)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: on(Event(), print), "a class of events first"),  # type: ignore[call-overload]
        (lambda: on(str, print), "a class of events first"),  # type: ignore[type-var]
        (lambda: on(LoggedIn, "log"), "a function to call"),  # type: ignore[call-overload]
        (lambda: on(LoggedIn, lambda event: None), r"handler\(work, event\)"),  # type: ignore[call-overload, misc]
        (lambda: on(LoggedIn, write_post, after_commit=True), r"handler\(event\)"),  # type: ignore[call-overload]
    ],
)
def test_what_could_not_be_called_is_refused_at_start(
    make: Callable[[], Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        make()
