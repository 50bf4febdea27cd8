"""``fastauth-kit users``, over every database and both kinds of session."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fastauth_kit.features.audit import Audit
from fastauth_kit.features.lockout import Lockout
from tests.kit_app import PASSWORD, IntAuditEvent, IntLoginFailure, UuidAuditEvent
from tests.mailing import once
from tests.surfaces.cli.shops import ADA, Shop


def shown(shop: Shop, user: str = ADA) -> dict[str, Any]:
    done = shop.call("users", "show", user, "--json")
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


def listed(shop: Shop, *words: str) -> list[str]:
    done = shop.call("users", "list", "--json", *words)
    assert (done.code, done.err) == (0, "")
    return [json.loads(line)["email"] for line in done.out.splitlines()]


def test_a_user_is_found_by_address_however_it_is_spelled_and_by_id(shop: Shop) -> None:
    user_id = shop.add()

    assert shown(shop, "ADA@example.COM")["id"] == shown(shop, str(user_id))["id"] == user_id


def test_a_uuid_is_an_id_where_keys_are_uuids(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(key="uuid")
    user_id = shop.add()

    assert shown(shop, str(user_id))["id"] == str(user_id)
    assert shop.call("users", "show", "1").err == "There is no user 1.\n"


@once
@pytest.mark.parametrize("name", ["bob@example.com", "99", "no id", "-1", "1" * 30, "\x1b[31m"])
def test_who_is_not_there_is_said_to_be_so(shop: Shop, name: str) -> None:
    done = shop.call("users", "verify", "--", name)

    assert (done.code, done.out) == (1, "")
    assert done.err == f"There is no user {name.replace(chr(27), '')}.\n"


@once
@pytest.mark.parametrize("name", ["a\x00@example.com", "a\udcff@example.com", "\udcff"])
@pytest.mark.parametrize("command", [["users", "show"], ["create-superuser"], ["sessions", "list"]])
def test_what_no_database_holds_is_refused(shop: Shop, command: list[str], name: str) -> None:
    done = shop.call(*command, name)

    assert done.code == 1
    assert "is not text" in done.err


def test_the_list_is_filtered(shop: Shop) -> None:
    shop.add("ada@example.com", name="Ada", is_superuser=True)
    shop.add("bob@example.com", is_active=False)
    shop.add("cid@example.org", is_verified=True)

    everybody = ["ada@example.com", "bob@example.com", "cid@example.org"]
    assert listed(shop) == everybody
    assert listed(shop, "--superuser") == everybody[:1]
    assert listed(shop, "--inactive") == everybody[1:2]
    assert listed(shop, "--verified") == everybody[2:]
    assert listed(shop, "--unverified", "--active", "-q", "EXAMPLE.com") == everybody[:1]
    assert listed(shop, "--limit", "2") == everybody[:2]


def test_the_list_goes_on_after_a_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastauth_kit.surfaces.cli.users.PAGE", 2)
    emails = [f"{number}@example.com" for number in range(5)]
    for email in emails:
        shop.add(email)

    assert listed(shop) == emails
    assert listed(shop, "--limit", "3") == emails[:3]


@once
def test_people_see_tables_without_markup_or_codes_of_a_terminal(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shop.add(name="[bold]A\x1b[31mda[/]", is_superuser=True)

    table, one = shop.call("users", "list").out, shop.call("users", "show", ADA).out

    assert "superuser," in table
    assert "unverified" in table
    assert "[bold]A[31mda[/]" in one
    assert max(map(len, table.splitlines())) <= 60
    assert "\x1b" not in table + one


@once
def test_an_empty_list_is_empty(shop: Shop) -> None:
    assert shop.call("users", "list").out == ""


def test_nothing_secret_is_shown(shop: Shop) -> None:
    shop.add()

    assert "hashed_password" not in shown(shop)


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        ("deactivate", {}, {"is_active": False}),
        ("activate", {"is_active": False}, {"is_active": True}),
        ("promote", {}, {"is_superuser": True}),
        ("demote", {"is_superuser": True}, {"is_superuser": False}),
        ("verify", {}, {"is_verified": True}),
    ],
)
def test_a_standing_is_changed_once(
    shop: Shop, command: str, before: dict[str, bool], after: dict[str, bool]
) -> None:
    shop.add("root@example.com", is_superuser=True)
    shop.add(**before)

    first, second = shop.call("users", command, ADA), shop.call("users", command, ADA)

    assert (first.code, second.code) == (0, 0)
    assert not first.out.endswith("already.\n")
    assert second.out.endswith("already.\n")
    assert {name: shown(shop)[name] for name in after} == after


@pytest.mark.parametrize("words", [["demote"], ["deactivate"], ["delete", "--yes"]])
def test_the_last_superuser_stays(shop: Shop, words: list[str]) -> None:
    shop.add(is_superuser=True)

    done = shop.call("users", *words, ADA)

    assert (done.code, done.out) == (1, "")
    assert done.err == "This is the last active superuser. Make another one first.\n"
    assert shown(shop)["is_superuser"]


def test_a_deactivated_user_is_signed_out(shop: Shop) -> None:
    shop.add()
    assert shop.log_in() == 200

    shop.call("users", "deactivate", ADA)

    assert shop.call("sessions", "list", ADA).out == "Not signed in anywhere.\n"
    assert shop.log_in() != 200


def test_who_is_unlocked_may_sign_in_again(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(more_features=(Lockout(model=IntLoginFailure, most_failures=2),))
    shop.add()
    for _ in range(2):
        shop.log_in(password="not the password")
    assert shop.log_in() == 401

    done = shop.call("users", "unlock", ADA)

    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("is unlocked. Failed logins forgotten: 2.\n")
    assert shop.log_in() == 200


@once
def test_nobody_is_unlocked_without_lockout(shop: Shop) -> None:
    shop.add()

    done = shop.call("users", "unlock", ADA)

    assert (done.code, done.out) == (1, "")
    assert done.err == "add Lockout(...) to AuthKit(features=...)\n"


def test_a_new_password_ends_sessions_and_works(shop: Shop) -> None:
    shop.add()
    shop.log_in()

    done = shop.call("users", "set-password", ADA, "--password-stdin", stdin="a whole new one\n")

    assert (done.code, done.err) == (0, "")
    assert "signed out everywhere" in done.out
    assert shop.call("sessions", "list", ADA).out == "Not signed in anywhere.\n"
    assert (shop.log_in(), shop.log_in(password="a whole new one")) == (401, 200)


@once
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("short\n", "password: Use at least 8 characters.\n"),
        ("", "password: none was given.\n"),
        ("\r\n", "password: none was given.\n"),
        ("password1234\x00", "The password is not text: "),
        (f"{ADA}\n", "password: Choose a password other than your email address or name.\n"),
        ("x" * 9000, "password: too long.\n"),
    ],
)
def test_a_password_that_cannot_be_changes_nothing(shop: Shop, given: str, said: str) -> None:
    shop.add()

    done = shop.call("users", "set-password", ADA, "--password-stdin", stdin=given)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(said)
    assert shop.log_in() == 200


@once
def test_a_password_that_is_no_utf_8_is_refused(shop: Shop) -> None:
    shop.add()
    words = ("--app", "shop:auth", "users", "set-password", ADA, "--password-stdin")

    done = shop.terminal.call(*words, stdin=b"caf\xe9 caf\xe9 caf\xe9")

    assert (done.code, done.err) == (1, "password: send UTF-8.\n")


@once
def test_without_a_terminal_nobody_is_asked(shop: Shop) -> None:
    shop.add()

    password = shop.call("users", "set-password", ADA, stdin=f"{PASSWORD}\n{PASSWORD}\n")
    deletion = shop.call("users", "delete", ADA, stdin="y\n")

    assert (password.code, deletion.code) == (1, 1)
    assert password.err.endswith("use --password-stdin.\n")
    assert deletion.err.endswith("use --yes.\n")
    assert shown(shop)


def test_an_account_is_deleted_with_its_sessions(shop: Shop) -> None:
    shop.add()
    shop.log_in()

    done = shop.call("users", "delete", ADA, "--yes")

    assert (done.code, listed(shop)) == (0, [])


@pytest.mark.parametrize(("key", "model"), [("int", IntAuditEvent), ("uuid", UuidAuditEvent)])
def test_events_say_that_they_came_from_the_command_line(
    make_shop: Callable[..., Shop], key: str, model: Any
) -> None:
    shop = make_shop(key=key, more_features=(Audit(model=model),))
    shop.add()

    shop.call("users", "promote", ADA)
    found = shop.do(lambda: _events(shop, model))

    assert found[-1] == ("user_promoted", "fastauth-kit (command line)", None)
    assert found[0] == ("user_created", None, None)


async def _events(shop: Shop, model: Any) -> list[Any]:
    async with shop.kit_app.sessions() as session:
        rows = await session.scalars(model.__table__.select().with_only_columns(model.id))
        found = [await session.get(model, key) for key in sorted(rows)]
        return [(each.kind, each.user_agent, each.ip) for each in found]
