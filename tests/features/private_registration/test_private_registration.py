"""Registration that tells nobody who has an account: the mailbox decides."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, text

from fastauth_kit import Accounts, Event, EventSink, Work
from fastauth_kit.features.email_verification import EmailVerification
from fastauth_kit.features.passwords import PasswordHasher
from fastauth_kit.features.private_registration import PrivateRegistration
from tests.features.accounts.people import Counted, pool_of, rebuilt
from tests.features.mail.test_mail import Broken
from tests.features.password_reset.test_uniform import call
from tests.features.private_registration.flow import (
    ADA,
    STRANGERS,
    count,
    private_features,
    register,
    verify,
)
from tests.invariants.test_no_usable_secret import dump, forms_of
from tests.kit_app import PASSWORD, IntPendingRegistration, KitApp, bearer
from tests.mailing import PUBLIC_URL, mailed_token, mails, once, text_of

BOB = "bob@example.com"
REGISTER = "/api/auth/register"


class Sink(EventSink):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def receive(self, work: Work, event: Event) -> None:
        self.told.append(type(event).__name__)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp], sink: Sink) -> KitApp:
    return make_app(more_features=private_features(EmailVerification()), hooks=(sink,))


async def login(client: httpx2.AsyncClient, email: str = ADA, password: str = PASSWORD) -> int:
    body = {"email": email, "password": password}
    return (await client.post("/api/auth/login", json=body)).status_code


def invalid(answer: httpx2.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (400, "invalid_one_time_token")


async def test_the_account_is_made_by_the_mailbox(
    kit_app: KitApp, client: httpx2.AsyncClient, sink: Sink
) -> None:
    asked = await register(client, "  ADA@example.com", name="Ada", is_superuser=True, id=7)
    token = await mailed_token(kit_app)
    before = (await count(kit_app, kit_app.user_model), await login(client), list(sink.told))

    made = await verify(client, token)

    assert (asked.status_code, asked.json()) == (202, {})
    assert before == (0, 401, ["LoginFailed"])
    assert (made.status_code, made.content) == (204, b"")
    me = (await client.get("/api/users/me", headers=bearer(await kit_app.sign_in()))).json()
    assert (me["email"], me["name"]) == (ADA, "Ada")
    assert (me["is_verified"], me["is_superuser"], me["is_active"]) == (True, False, True)
    assert sink.told[1:3] == ["UserCreated", "MailboxProven"]
    assert await count(kit_app, IntPendingRegistration) == 0
    assert len(await mails(kit_app)) == 1
    assert invalid(await verify(client, token))


@once
async def test_the_link_leads_to_the_page(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await register(client)

    (letter,) = await mails(kit_app)
    for shown in (text_of(letter), text_of(letter, "html")):
        assert f"{PUBLIC_URL}/verify-email#token=rg." in shown


@once
async def test_who_has_an_account_is_told_so_and_nothing_changes(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    sent = len(await mails(kit_app))

    await register(client, password=STRANGERS)

    (letter,) = (await mails(kit_app))[sent:]
    assert letter["To"] == ADA
    assert letter["Subject"] == "You have an account at Example already"
    assert "#token" not in text_of(letter)
    assert await count(kit_app, IntPendingRegistration) == 0
    assert (await login(client), await login(client, password=STRANGERS)) == (200, 401)


@once
async def test_nobody_can_tell_from_the_answer_who_has_an_account(kit_app: KitApp) -> None:
    """The same bytes after the same hash, and before any statement."""
    await kit_app.add_user()
    await kit_app.add_user("off@example.com", is_active=False)
    counted = Counted()
    hasher = PasswordHasher(context=counted, pool=pool_of(kit_app))
    built = rebuilt(kit_app, hasher=hasher)
    statements: list[int] = []
    answers = []
    for email in (ADA, "nobody@example.com", "off@example.com"):
        kit_app.statements.clear()
        answers.append(
            await call(
                built.app,
                email,
                lambda: statements.append(len(kit_app.statements)),
                path=REGISTER,
                password=PASSWORD,
            )
        )

    assert answers == [answers[0]] * 3
    assert (answers[0][0]["status"], answers[0][1]["body"]) == (202, b"{}")
    assert statements == [0, 0, 0]
    assert counted.work == ["hash"] * 3


@once
@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
async def test_the_policy_and_a_full_queue_refuse_every_address_alike(
    kit_app: KitApp, client: httpx2.AsyncClient, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kit_app.add_user()
    sent = len(await mails(kit_app))

    refused = await register(client, email, "sh0rt!")
    monkeypatch.setattr(pool_of(kit_app), "_capacity", 0)
    busy = await register(client, email)

    assert (refused.status_code, busy.status_code) == (422, 503)
    assert refused.json()["detail"][0]["loc"] == ["body", "password"]
    assert "sh0rt!" not in refused.text
    assert busy.json()["code"] == "busy"
    assert len(await mails(kit_app)) == sent


@once
async def test_the_password_is_that_of_the_registration_whose_link_was_opened(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """A stranger's, before and after the owner's, neither voids it nor gets into it."""
    await register(client, password=STRANGERS)
    first = await mailed_token(kit_app)
    await register(client)
    owners = await mailed_token(kit_app)
    await register(client, password=STRANGERS)
    third = await mailed_token(kit_app)

    assert (await verify(client, owners)).status_code == 204
    assert await count(kit_app, IntPendingRegistration) == 0
    assert invalid(await verify(client, first))
    assert invalid(await verify(client, third))
    assert (await login(client), await login(client, password=STRANGERS)) == (200, 401)


@once
async def test_so_many_wait_for_one_mailbox_the_latest(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client, BOB)
    tokens: list[str] = []
    for _ in range(6):
        await register(client)
        tokens.append(await mailed_token(kit_app))
        kit_app.clock.advance(seconds=1)

    assert await count(kit_app, IntPendingRegistration) == 5 + 1
    assert invalid(await verify(client, tokens[0]))
    assert (await verify(client, tokens[1])).status_code == 204
    assert (await verify(client, await mailed_token(kit_app, BOB))).status_code == 204


@once
async def test_an_address_that_got_an_account_meanwhile_gets_no_second_one(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client, password=STRANGERS)
    token = await mailed_token(kit_app)
    await kit_app.add_user()

    assert invalid(await verify(client, token))
    assert (await login(client), await login(client, password=STRANGERS)) == (200, 401)


@once
async def test_what_waits_holds_nothing_that_could_be_presented(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client, password=STRANGERS)
    token = await mailed_token(kit_app)

    shown = (await dump(kit_app)).lower()

    assert "$argon2id$" in shown
    assert [s for s in (token, STRANGERS) for form in forms_of(s) if form.lower() in shown] == []


@once
async def test_a_link_expires(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await register(client)
    kit_app.clock.advance(days=1)

    assert invalid(await verify(client, await mailed_token(kit_app)))


@once
async def test_ten_wrong_secrets_void_a_link(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await register(client)
    token = await mailed_token(kit_app)
    wrong = token[:-43] + "A" * 43
    for forged in ("rg", "rg.x.y", "", token.replace("rg.", "zz."), "rg" + token[2:-1] + "!"):
        assert invalid(await verify(client, forged))
    for _ in range(9):
        assert invalid(await verify(client, wrong))
    kept = await count(kit_app, IntPendingRegistration)
    assert invalid(await verify(client, wrong))

    assert kept == 1
    assert invalid(await verify(client, token))


@once
async def test_a_row_that_was_dropped_meanwhile_makes_no_account(
    kit_app: KitApp, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(client)
    original = Accounts.create_with_hash

    async def drop_first(self: Accounts, work: Work, *values: Any, **columns: Any) -> Any:
        await work.execute(delete(IntPendingRegistration))
        return await original(self, work, *values, **columns)

    monkeypatch.setattr(Accounts, "create_with_hash", drop_first)

    assert invalid(await verify(client, await mailed_token(kit_app)))
    assert await count(kit_app, kit_app.user_model) == 0


@once
async def test_what_nobody_completed_is_pruned(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    feature = kit_app.auth.feature(PrivateRegistration)
    for number in range(3):
        await register(client, f"user{number}@example.com")
    kit_app.clock.advance(hours=12)
    await register(client)
    kit_app.clock.advance(hours=12)

    pruned = [
        await kit_app.auth.run(kit_app.make_session, lambda work: feature.prune(work, at_most=2))
        for _ in range(3)
    ]

    assert pruned == [2, 1, 0]
    assert await count(kit_app, IntPendingRegistration) == 1


@once
async def test_a_mailer_and_a_table_that_are_away_change_no_answer(
    make_app: Callable[..., KitApp], caplog: pytest.LogCaptureFixture
) -> None:
    kit_app = make_app(more_features=private_features(mailer=Broken()))
    async with kit_app.client() as client:
        dead_mailer = await register(client)
        await kit_app.auth.after_commit.drain()
        async with kit_app.engine.begin() as connection:
            await connection.execute(text("DROP TABLE int_pending_registrations"))
        no_table = await register(client)

    for answer in (dead_mailer, no_table):
        assert (answer.status_code, answer.json()) == (202, {})
    assert "an after-commit action failed: OSError" in caplog.text
    assert "work after an answer failed: OperationalError" in caplog.text
    assert ADA not in caplog.text
    assert PASSWORD not in caplog.text


@once
async def test_links_of_the_verification_go_on_beside_it(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """A superuser makes an account; its mailbox is proven by the same route."""
    await kit_app.add_user()
    token = await mailed_token(kit_app)

    assert token.startswith("ev.")
    assert (await verify(client, token)).status_code == 204


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"page": "verify"}, "page must be a path"),
        ({"lifetime": timedelta(0)}, "must be positive"),
        ({"most_pending": 0}, "most_pending must be at least 1"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Exception, match=sentence):
        PrivateRegistration(model=IntPendingRegistration, **options)
