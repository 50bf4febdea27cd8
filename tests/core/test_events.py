"""What of an event is written down, and what never is."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest

import fastauth_kit.features.audit
import fastauth_kit.features.lockout
import fastauth_kit.features.magic_links
import fastauth_kit.features.password_reset
from fastauth_kit import Device, Event, UserMixin
from fastauth_kit.core.events import (
    MAX_CHARACTERS,
    MAX_KIND,
    MAX_TEXT,
    data_of,
    kind_of,
    subject_of,
)
from fastauth_kit.features.accounts import UserCreated, UserUpdated
from fastauth_kit.features.passwords import LoginFailed
from fastauth_kit.features.sessions import LoggedIn, RevokedReason, SessionsRevoked
from tests.kit_app import IntUser

PLAIN = {str, int, bool, UUID, datetime, timedelta, type(None), Any}
OF_THE_KIT = {Device, UserMixin[Any]}

WITHOUT_A_USER = {"OneTimeTokenRefused"}
"""Whose token it was is not known."""


@dataclass(frozen=True)
class Anything(Event):
    """An event of a caller's."""

    value: Any


@dataclass(frozen=True)
class HTTPKeyRead(Event):
    user_id: int
    api_token: str
    new_password: str
    stored_hash: str
    token_count: int


def every_event(kind: type[Any] = Event) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("fastauth_kit."):
            # with slots=True a dataclass is made twice
            yield from [child] if dataclasses.is_dataclass(child) else []
            yield from every_event(child)


def kind_of_value(value: Any) -> str:
    return type(value).__name__


EVENTS = sorted({event.__qualname__: event for event in every_event()}.items())


def parts(annotation: Any) -> Iterator[Any]:
    """Yield the plain types that an annotation is made of."""
    inner = [part for part in get_args(annotation) if part is not ...]
    if inner and annotation not in OF_THE_KIT:
        for part in inner:
            yield from parts(part)
    else:
        yield annotation


def test_no_event_can_hold_a_secret() -> None:
    """By its types: nothing but plain values, a device, and the row of a user."""
    strange = {
        f"{name}.{field}": part
        for name, event in EVENTS
        for field, annotation in get_type_hints(event).items()
        if field in {each.name for each in dataclasses.fields(event)}
        for part in parts(annotation)
        if part not in PLAIN | OF_THE_KIT and not issubclass(part, StrEnum)
    }

    assert strange == {}


def test_no_event_has_a_field_that_is_called_a_secret() -> None:
    called = re.compile("password|token|secret|hash|digest", re.IGNORECASE)

    assert [
        (name, field.name)
        for name, event in EVENTS
        for field in dataclasses.fields(event)
        if called.search(field.name)
    ] == []


def test_every_event_says_whom_it_is_about_in_the_same_words() -> None:
    hints = {name: get_type_hints(event).get("user_id") for name, event in EVENTS}

    assert {name for name, hint in hints.items() if hint is None} == WITHOUT_A_USER
    assert {hint for name, hint in hints.items() if name not in WITHOUT_A_USER} == {Any}


@pytest.mark.parametrize(
    ("event", "kind"),
    [(LoginFailed, "login_failed"), (HTTPKeyRead, "http_key_read"), (LoggedIn, "logged_in")],
)
def test_a_kind_is_named_after_its_class(event: type[Event], kind: str) -> None:
    assert kind_of(event) == kind


def test_a_name_of_any_length_fits_its_column() -> None:
    assert len(kind_of(type("Long" * 50, (Event,), {}))) == 64


def test_fields_with_secretive_names_are_left_out() -> None:
    event = HTTPKeyRead(7, "t0ken", "passw0rd", "h4sh", 3)

    assert data_of(event) == {"token_count": 3}


def test_what_has_a_column_of_its_own_is_not_repeated() -> None:
    event = SessionsRevoked(7, 2, RevokedReason.LOGOUT)

    assert data_of(event) == {"count": 2, "reason": "logout", "session_id": None}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a\r\nb\x1b[31m\u202ec\u2028\ud800", "ab[31mc"),
        ("x" * 1000, "x" * MAX_TEXT),
        ("=1+1", "=1+1"),
        (True, True),
        (1.5, 1.5),
        (2**62, 2**62),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 11, 23, tzinfo=UTC), "2026-11-23T00:00:00+00:00"),
        (timedelta(minutes=5), "0:05:00"),
        (frozenset({"b", "a"}), ["a", "b"]),
        # by what is read, so that the order is the same for every kind of item
        ({9, 10}, [10, 9]),
        (("a\n", b"raw", ["nested"], 1), ["a", 1]),
        (list(range(1000)), list(range(50))),
        ({"name\n": "v\n", "token": "x", 3: "y", "list": [1]}, {"name": "v"}),
        ({"n" * 1000: 1}, {"n" * MAX_KIND: 1}),
    ],
    ids=kind_of_value,
)
def test_plain_values_are_written_bounded_and_printable(value: Any, written: Any) -> None:
    assert data_of(Anything(value)) == {"value": written}


@pytest.mark.parametrize(
    "value",
    [b"raw", object(), float("nan"), float("inf"), 2**63, -(10**4400), IntUser()],
    ids=kind_of_value,
)
def test_other_values_are_not_written(value: Any) -> None:
    assert data_of(Anything(value)) == {}


def test_all_fields_together_are_bounded() -> None:
    names = [f"field_{number}" for number in range(40)]
    kind = dataclasses.make_dataclass("Wide", [(name, str) for name in names], bases=(Event,))

    assert len(str(data_of(kind(*["x" * MAX_TEXT] * 40)))) < MAX_CHARACTERS + 1000


def test_what_just_fits_is_written() -> None:
    names = [f"f{number:02}" for number in range(MAX_CHARACTERS // 100)]
    kind = dataclasses.make_dataclass("Full", [(name, str) for name in names], bases=(Event,))
    # of each field count the name, the text and its two quotes
    texts = ["x" * (100 - 3 - 2)] * len(names)
    texts[-1] += "x" * (MAX_CHARACTERS % 100)

    assert list(data_of(kind(*texts))) == names
    assert list(data_of(kind(*texts[:-1], texts[-1] + "x"))) == names[:-1]


def test_fields_can_be_left_out_by_name() -> None:
    assert data_of(Anything(1), leave_out=["value"]) == {}


def test_an_event_that_is_no_dataclass_has_no_data() -> None:
    assert data_of(Event()) == {}


def test_the_subject_is_the_user_id_or_the_user() -> None:
    @dataclass(frozen=True)
    class About(Event):
        user: Any

    assert subject_of(LoginFailed("a@b.c", Device(), 7)) == 7
    assert subject_of(About(IntUser(id=8))) == 8
    assert subject_of(About("nobody")) is None
    assert subject_of(Event()) is None


def test_what_is_needed_after_the_commit_is_in_plain_fields() -> None:
    user = IntUser(id=7, email="ada@example.com")
    created, updated = UserCreated(user), UserUpdated(user, frozenset({"name"}))

    assert (created.user_id, created.email, updated.user_id) == (7, "ada@example.com", 7)


assert fastauth_kit.features.audit  # every feature is loaded, for ``every_event``
