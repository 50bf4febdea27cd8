"""``fastauth-kit sessions``."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.mailing import once
from tests.surfaces.cli.shops import ADA, Shop

NOBODYS = str(UUID(int=7))


def listed(shop: Shop, user: str = ADA) -> list[dict[str, Any]]:
    done = shop.call("sessions", "list", user, "--json")
    assert (done.code, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


def test_sessions_in_force_are_listed_without_a_secret(shop: Shop) -> None:
    shop.add()
    shop.log_in()

    (session,) = listed(shop)

    assert set(session) == {"id", "created_at", "last_used_at", "ip", "user_agent"}
    assert session["ip"] == "203.0.113.7"
    assert UUID(session["id"])


@once
def test_people_see_a_table(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    shop.add()
    shop.log_in()

    table = shop.call("sessions", "list", ADA).out

    assert listed(shop)[0]["id"] in table
    assert "2026-11-23 12:00" in table


def test_one_session_is_revoked_once(shop: Shop) -> None:
    shop.add()
    shop.log_in()
    shop.log_in()
    first, second = (session["id"] for session in listed(shop))

    done, again = shop.call("sessions", "revoke", first), shop.call("sessions", "revoke", first)

    assert (done.code, done.out) == (0, "1 session ended.\n")
    assert (again.code, again.err) == (1, "There is no such session in force.\n")
    assert [session["id"] for session in listed(shop)] == [second]


def test_every_session_of_a_user_is_revoked(shop: Shop) -> None:
    shop.add()
    shop.add("bob@example.com")
    for email in (ADA, ADA, "bob@example.com"):
        shop.log_in(email)

    done = shop.call("sessions", "revoke", "--user", ADA)

    assert (done.code, done.out) == (0, "2 sessions ended.\n")
    assert (len(listed(shop)), len(listed(shop, "bob@example.com"))) == (0, 1)


def test_everybody_is_signed_out_user_by_user(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastauth_kit.surfaces.cli.sessions.BATCH", 2)
    emails = [f"{number}@example.com" for number in range(5)]
    for email in emails:
        shop.add(email)
        shop.log_in(email)

    done = shop.call("sessions", "revoke", "--all", "--yes")

    assert (done.code, done.out) == (0, "5 sessions ended.\n")
    assert [listed(shop, email) for email in emails] == [[]] * 5
    assert shop.call("sessions", "revoke", "--all", "--yes").out == "0 sessions ended.\n"


@once
def test_everybody_is_signed_out_only_if_that_is_meant(shop: Shop) -> None:
    done = shop.call("sessions", "revoke", "--all", stdin="y\n")

    assert (done.code, "--yes" in done.err) == (1, True)


@once
@pytest.mark.parametrize("words", [[], [NOBODYS, "--all"], ["--user", ADA, "--all"]])
def test_exactly_one_thing_is_named(shop: Shop, words: list[str]) -> None:
    done = shop.call("sessions", "revoke", *words)

    assert (done.code, done.err[:8]) == (1, "Name one")


@once
@pytest.mark.parametrize(("session_id", "code"), [(NOBODYS, 1), ("no-uuid", 2)])
def test_a_session_that_is_not_there_is_refused(shop: Shop, session_id: str, code: int) -> None:
    done = shop.call("sessions", "revoke", session_id)

    assert (done.code, "Traceback" in done.err) == (code, False)
