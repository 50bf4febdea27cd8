"""Where mail is on, the owner of a locked account is told, and nobody else can tell."""

from collections.abc import Callable

import httpx2
import pytest

from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.password_reset import PasswordReset
from tests.features.lockout.test_lockout import ADA, MOST, guess, log_in, shown, status
from tests.features.mail.test_mail import Broken
from tests.features.password_reset.test_password_reset import NEW, forgotten, reset
from tests.kit_app import IntLoginFailure, KitApp
from tests.mailing import PUBLIC_URL, mail_features, mails, once, text_of


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    lockout = Lockout(model=IntLoginFailure, most_failures=MOST)
    return make_app(more_features=(*mail_features(PasswordReset()), lockout))


async def test_the_owner_is_mailed_once_and_gets_in_by_a_new_password(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST)
    assert await mails(kit_app) == []

    await guess(kit_app, 3)
    await log_in(kit_app)

    (letter,) = await mails(kit_app)
    assert (letter["To"], letter["Subject"]) == (ADA, "Your password for Example is locked")
    assert f"\n{PUBLIC_URL}\n" in text_of(letter)
    assert f'href="{PUBLIC_URL}"' in text_of(letter, "html")
    assert (await reset(client, await forgotten(kit_app, client))).status_code == 204
    assert await status(kit_app, password=NEW) == 200


@once
async def test_a_second_lock_is_told_again(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST + 1)
    await reset(client, await forgotten(kit_app, client))
    sent = len(await mails(kit_app))

    await guess(kit_app, MOST + 2)

    assert len(await mails(kit_app)) == sent + 1


@once
async def test_nobody_is_mailed_for_a_deactivated_account_or_an_unknown_address(
    kit_app: KitApp,
) -> None:
    await kit_app.add_user(is_active=False)
    for email in (ADA, "nobody@example.com"):
        await guess(kit_app, MOST + 2, email=email)

    assert await mails(kit_app) == []


@once
async def test_the_answer_that_has_it_mailed_is_as_any_other(
    make_app: Callable[..., KitApp],
) -> None:
    """Also where the mailer is away."""
    lockout = Lockout(model=IntLoginFailure, most_failures=MOST)
    kit_app = make_app(more_features=(*mail_features(mailer=Broken()), lockout))
    await kit_app.add_user()

    answers = [shown(await log_in(kit_app, "not the password")) for _ in range(MOST + 2)]
    await kit_app.auth.after_commit.drain()

    assert answers == [answers[0]] * (MOST + 2)
