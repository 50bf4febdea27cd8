"""What is asked of whoever sits at a terminal; real ones are in ``test_superuser.py``."""

import json

import pytest
from typer.testing import CliRunner, Result

from fastauth_kit.surfaces.cli.command import command
from tests.kit_app import PASSWORD
from tests.mailing import once
from tests.surfaces.cli.shops import ADA, Shop


@pytest.fixture(autouse=True)
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("asking", "superuser"):
        monkeypatch.setattr(f"fastauth_kit.surfaces.cli.{module}.at_terminal", lambda: True)


def ask(*words: str, answers: str) -> Result:
    return CliRunner().invoke(command, ["--app", "shop:auth", *words], input=answers)


@once
def test_address_and_password_are_asked_for(shop: Shop) -> None:
    done = ask("create-superuser", answers=f"{ADA}\n{PASSWORD}\nother\n{PASSWORD}\n{PASSWORD}\n")

    assert done.exit_code == 0
    assert PASSWORD not in done.output
    assert shop.log_in() == 200


@once
@pytest.mark.parametrize("words", [["create-superuser", ADA], ["users", "delete", ADA]])
@pytest.mark.parametrize(("answers", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_what_cannot_be_taken_back_is_asked_for(
    shop: Shop, words: list[str], answers: str, code: int
) -> None:
    shop.add()
    before = shop.call("users", "list", "--json").out

    done = ask(*words, answers=answers)

    assert done.exit_code == code
    assert (shop.call("users", "list", "--json").out == before) == (code == 1)


@once
def test_a_new_password_is_asked_for_twice(shop: Shop) -> None:
    shop.add()

    done = ask("users", "set-password", ADA, answers="a whole new one\na whole new one\n")

    assert done.exit_code == 0
    assert shop.log_in(password="a whole new one") == 200


@once
def test_who_is_gone_by_the_time_of_the_answer_gets_no_password(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add()

    def answer(*, from_stdin: bool) -> str:
        shop.call("users", "delete", ADA, "--yes")
        return PASSWORD

    monkeypatch.setattr("fastauth_kit.surfaces.cli.users_changes.read_password", answer)
    done = ask("users", "set-password", ADA, answers="")

    assert str(done.exception) == "There is no user ada@example.com (id 1) any more."


@once
def test_who_registers_meanwhile_is_not_overwritten(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*, from_stdin: bool) -> str:
        shop.add()
        return "something else entirely"

    monkeypatch.setattr("fastauth_kit.surfaces.cli.superuser.read_password", answer)
    done = ask("create-superuser", ADA, answers="")

    assert str(done.exception) == f"{ADA} has an account by now: run it again to promote it."
    user = json.loads(shop.call("users", "show", ADA, "--json").out)
    assert (user["is_superuser"], shop.log_in()) == (False, 200)
