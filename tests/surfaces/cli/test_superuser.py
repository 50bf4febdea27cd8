"""``fastauth-kit create-superuser``."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import Accounts, UserCreate, UserMixin
from fastauth_kit.surfaces.cli.own_columns import read_columns
from fastauth_kit.surfaces.cli.refusals import Refused
from tests.kit_app import PASSWORD
from tests.mailing import once
from tests.surfaces.cli.processes import environment, run
from tests.surfaces.cli.shops import ADA, Shop


def shown(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shop.call("users", "show", ADA, "--json").out)
    return found


def create(shop: Shop, *words: str, password: str = PASSWORD) -> Any:
    return shop.call("create-superuser", "Ada@Example.com", *words, stdin=f"{password}\n")


def test_a_superuser_is_made_verified_and_can_sign_in(shop: Shop) -> None:
    done = create(shop, "--password-stdin", "--set", "name=Ada")

    assert (done.code, done.err) == (0, "")
    assert done.out == f"Made the superuser Ada@Example.com (id {shown(shop)['id']}).\n"
    facts = ("email", "name", "is_superuser", "is_verified", "is_active")
    assert [shown(shop)[name] for name in facts] == [ADA, "Ada", True, True, True]
    assert shop.log_in() == 200


def test_who_is_one_already_stays_one_with_their_password(shop: Shop) -> None:
    create(shop, "--password-stdin")

    again = create(shop, "--password-stdin", password="something else entirely")

    assert (again.code, "already" in again.out) == (0, True)
    assert shop.log_in() == 200


def test_an_account_that_exists_is_promoted_only_if_that_is_said(shop: Shop) -> None:
    shop.add(is_active=False)

    refused = create(shop, "--password-stdin", password="something else entirely")
    before = shown(shop)["is_superuser"]
    promoted = create(shop, "--promote")

    assert (refused.code, before) == (1, False)
    assert "--promote" in refused.err
    assert (promoted.code, promoted.err) == (0, "")
    assert shown(shop)["is_superuser"]
    assert shop.log_in() == 200


@once
def test_without_a_terminal_nobody_is_promoted_by_chance(shop: Shop) -> None:
    shop.add()

    done = create(shop)

    assert done.code == 1
    assert "--promote" in done.err
    assert not shown(shop)["is_superuser"]


@once
@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        ("not an address", PASSWORD, "email: Not a valid e-mail address.\n"),
        ("Ada <ada@example.com>", PASSWORD, "email: Not a valid e-mail address.\n"),
        (ADA, "short", "password: Use at least 8 characters.\n"),
    ],
)
def test_what_the_rules_refuse_is_a_sentence(
    shop: Shop, email: str, password: str, said: str
) -> None:
    done = shop.call("create-superuser", email, "--password-stdin", stdin=password)

    assert (done.code, done.out, done.err) == (1, "", said)


class OwnBase(DeclarativeBase):
    """Tables of a caller with columns of their own."""


class Person(UserMixin[int], OwnBase):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    company: Mapped[str] = mapped_column(String(20))
    age: Mapped[int]


class PersonCreate(UserCreate):
    company: str
    age: int


class Installed:
    """What ``read_columns`` asks of an ``AuthKit``."""

    user_model = Person

    def feature(self, kind: object) -> Accounts:
        return Accounts(create_schema=PersonCreate)


def columns_of(*given: str) -> dict[str, Any]:
    installed: Any = Installed()
    return read_columns(installed, ADA, PASSWORD, given)[1]


def test_own_columns_are_typed_by_the_schema() -> None:
    assert columns_of("company=A=B", "age=36") == {"company": "A=B", "age": 36}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["age=1"], "company is required: add --set company=..."),
        (["company=x", "age=x"], "age: Input should be a valid integer"),
        (["company"], "--set company: write it as column=value."),
        (["is_superuser=1"], "--set is_superuser: no such column; there are age, company."),
        (["password=1"], "--set password: no such column"),
        (["company=\x00", "age=1"], "--set company is not text"),
    ],
)
def test_a_column_that_does_not_fit_is_named(given: list[str], said: str) -> None:
    with pytest.raises(Refused) as refused:
        columns_of(*given)

    assert str(refused.value).startswith(said)


@once
def test_a_column_is_refused_where_there_are_none(make_shop: Callable[..., Shop]) -> None:
    class Plain(UserCreate):
        """No column of the caller's."""

    shop = make_shop(accounts=Accounts(create_schema=Plain))

    done = create(shop, "--password-stdin", "--set", "name=Ada")

    assert done.err == "--set name: no such column; there is none of your own.\n"


class Operator:
    """Sits at a terminal, reads what is asked and types."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._end, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fastauth_kit", *words],
            cwd=folder,
            env=environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def waits_for(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.seen and time.monotonic() < deadline:
            self.seen += self._read()
        assert text in self.seen

    def types(self, text: str) -> None:
        os.write(self._end, text.encode())

    def is_done(self) -> int:
        while chunk := self._read():
            self.seen += chunk
        code = self.process.wait(60)
        os.close(self._end)
        return code

    def _read(self) -> str:
        try:
            return os.read(self._end, 1024).decode()
        except OSError:  # nobody is at the other end any more
            return ""


@once
def test_whoever_sits_there_is_asked_and_not_overlooked(folder: Path) -> None:
    person = Operator(folder, "create-superuser")
    person.waits_for("E-mail address: ")
    person.types("ada@example.com\n")
    person.waits_for("Password: ")
    person.types(f"{PASSWORD}\n")
    person.waits_for("Repeat for confirmation: ")
    person.types(f"{PASSWORD}\n")

    assert person.is_done() == 0
    assert "Made the superuser ada@example.com" in person.seen
    assert PASSWORD not in person.seen


@once
@pytest.mark.parametrize("key", ["\x04", "SIGINT"])
def test_whoever_gives_up_leaves_nothing_behind(folder: Path, key: str) -> None:
    person = Operator(folder, "create-superuser", ADA)
    person.waits_for("Password: ")
    if key == "SIGINT":
        person.process.send_signal(signal.SIGINT)
    else:
        person.types(key)

    assert person.is_done() != 0
    assert "Traceback" not in person.seen
    assert "Aborted" in person.seen


@once
def test_a_promotion_is_asked_for(folder: Path) -> None:
    for email in (ADA, "root@example.com"):
        run(folder, "create-superuser", email, "--password-stdin", stdin="a long sentence")
    run(folder, "users", "demote", ADA)

    no, yes = Operator(folder, "create-superuser", ADA), Operator(folder, "create-superuser", ADA)
    no.waits_for("Promote it?")
    no.types("n\n")
    yes.waits_for("Promote it?")
    yes.types("y\n")

    assert (no.is_done(), yes.is_done()) == (1, 0)
    assert "is a superuser now" in yes.seen
