"""Another address: asked for with the password, proven by its mailbox, and only then in force."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from fastauth_kit import (
    Attempt,
    AttemptKind,
    ConfigurationError,
    Event,
    EventSink,
    RequestGuard,
    Work,
)
from fastauth_kit.features.email_change import EmailChange
from tests.features.email_change.flow import (
    ADA,
    INVALID,
    NEW,
    TAKEN,
    ask,
    confirm,
    is_signed_in,
    login,
    move,
    refusal,
    undo,
)
from tests.features.mail.test_mail import Broken
from tests.kit_app import PASSWORD, KitApp, bearer
from tests.mailing import PUBLIC_URL, mail_features, mailed_token, mails, once, text_of


class Journal(EventSink):
    """Keeps the names of what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def receive(self, work: Work, event: Event) -> None:
        self.told.append(type(event).__name__)


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp], journal: Journal) -> KitApp:
    return make_app(more_features=mail_features(EmailChange()), hooks=(journal,))


async def test_an_address_is_changed_by_the_new_mailbox(
    kit_app: KitApp, client: httpx2.AsyncClient, journal: Journal
) -> None:
    await kit_app.add_user()
    phone, laptop = await kit_app.sign_in(), await kit_app.sign_in()

    asked = await ask(client, laptop, "  ADA@New.Example ")
    before = (await client.get("/api/users/me", headers=bearer(phone))).json()
    journal.told.clear()
    done = await confirm(client, await mailed_token(kit_app, NEW), laptop)

    assert (asked.status_code, asked.json()) == (202, {})
    assert before["email"] == ADA
    assert (done.status_code, done.content) == (204, b"")
    me = (await client.get("/api/users/me", headers=bearer(laptop))).json()
    assert (me["email"], me["is_verified"]) == (NEW, True)
    assert not await is_signed_in(client, phone)
    assert (await login(client, NEW), await login(client, ADA)) == (200, 401)
    assert journal.told[:3] == ["SessionsRevoked", "EmailChanged", "MailboxProven"]


@once
async def test_the_new_mailbox_gets_a_link_and_the_old_one_a_notice(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()

    await ask(client, await kit_app.sign_in())

    link, notice = await mails(kit_app)
    assert (link["To"], notice["To"]) == (NEW, ADA)
    for text in (text_of(link), text_of(link, "html")):
        assert f"{PUBLIC_URL}/change-email#token=ec." in text
        assert ADA in text
    assert "within 30 minutes" in text_of(link)
    assert "#token" not in notice.as_string()
    assert NEW not in notice.as_string()


@once
async def test_every_session_ends_without_an_access_token_of_the_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    await kit_app.add_user("eve@example.com")
    eve, mine = await kit_app.sign_in("eve@example.com"), await kit_app.sign_in()
    await ask(client, mine)

    await confirm(client, await mailed_token(kit_app, NEW), eve)

    assert not await is_signed_in(client, mine)
    assert await is_signed_in(client, eve)


@once
async def test_an_access_token_that_does_not_work_is_refused_and_uses_nothing_up(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    await ask(client, await kit_app.sign_in())
    token = await mailed_token(kit_app, NEW)

    refused = await confirm(client, token, {"access_token": "nonsense"})

    assert refusal(refused) == (401, "invalid_token")
    assert (await confirm(client, token)).status_code == 204
    assert refusal(await confirm(client, token)) == INVALID


@once
@pytest.mark.parametrize("password", ["not the password", None])
async def test_it_wants_the_password(
    kit_app: KitApp, client: httpx2.AsyncClient, password: str | None
) -> None:
    await kit_app.add_user()

    answer = await ask(client, await kit_app.sign_in(), password=password)

    assert refusal(answer) == (400, "invalid_password")
    assert await mails(kit_app) == []


@once
async def test_without_a_password_it_wants_a_recent_login(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    tokens = await kit_app.sign_in()
    async with kit_app.sessions.begin() as session:
        await session.execute(update(kit_app.user_model).values(hashed_password=None))

    fresh = await ask(client, tokens, password=None)
    kit_app.clock.advance(minutes=6)
    late = await ask(client, tokens, password=None)

    assert fresh.status_code == 202
    assert refusal(late) == (401, "recent_login_required")


@once
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("ADA@example.com ", "email_unchanged"),
        ("Ada <ada@new.example>", "email_invalid"),
        ("x" * 400 + "@new.example", "email_invalid"),
        (f"{NEW}\x00", "text_invalid"),
        (None, "string_type"),
        (5, "string_type"),
    ],
)
async def test_what_is_no_new_address_is_refused_and_not_repeated(
    kit_app: KitApp, client: httpx2.AsyncClient, address: Any, kind: str
) -> None:
    await kit_app.add_user()
    tokens = await kit_app.sign_in()
    body = {"new_email": address, "password": PASSWORD}

    answer = await client.post("/api/auth/email/change", json=body, headers=bearer(tokens))

    assert refusal(answer) == (422, "validation_error")
    (fault,) = answer.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body", "new_email"], kind)
    assert PASSWORD not in answer.text
    assert await mails(kit_app) == []


async def test_a_taken_address_is_told_to_its_own_mailbox_alone(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Same answer and same statements; whoever opens the link learns that it is taken."""
    await kit_app.add_user()
    await kit_app.add_user("bob@example.com")
    tokens = await kit_app.sign_in()
    await ask(client, tokens)  # inserts a token; those that follow take its place
    shown: list[Any] = []
    for address in ("bob@example.com", "free@example.com"):
        kit_app.statements.clear()
        answer = await ask(client, tokens, address)
        headers = sorted(answer.headers.items())
        shown.append((answer.status_code, answer.content, headers, list(kit_app.statements)))
    assert shown[0] == shown[1]
    await ask(client, tokens, "bob@example.com")

    answer = await confirm(client, await mailed_token(kit_app, "bob@example.com"), tokens)

    assert refusal(answer) == TAKEN
    assert await is_signed_in(client, tokens)
    assert await login(client, ADA) == 200


@once
async def test_a_link_expires_and_a_newer_one_ends_it(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    tokens = await kit_app.sign_in()
    await ask(client, tokens)
    first = await mailed_token(kit_app, NEW)
    await ask(client, tokens, "other@new.example")
    second = await mailed_token(kit_app, "other@new.example")

    assert refusal(await confirm(client, first)) == INVALID
    kit_app.clock.advance(minutes=30)
    assert refusal(await confirm(client, second)) == INVALID


@once
@pytest.mark.parametrize("change", ["password", "by a superuser", "deactivated"])
async def test_a_change_of_credentials_ends_what_is_pending(
    kit_app: KitApp, client: httpx2.AsyncClient, change: str
) -> None:
    ada = await kit_app.add_user()
    await kit_app.add_user("root@example.com", is_superuser=True)
    root, tokens = bearer(await kit_app.sign_in("root@example.com")), await kit_app.sign_in()
    await ask(client, tokens)
    pending = await mailed_token(kit_app, NEW)
    if change == "password":
        body = {"current_password": PASSWORD, "new_password": "another horse battery"}
        done = await client.post("/api/auth/password/change", json=body, headers=bearer(tokens))
    else:
        moved = {"email": "moved@example.com"} if "super" in change else {"is_active": False}
        done = await client.patch(f"/api/users/{ada}", json=moved, headers=root)
    assert done.status_code in {200, 204}

    assert refusal(await confirm(client, pending)) == INVALID


@once
async def test_an_account_that_was_switched_off_behind_our_back_does_not_move(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    await ask(client, await kit_app.sign_in())
    token = await mailed_token(kit_app, NEW)
    async with kit_app.sessions.begin() as session:
        await session.execute(update(kit_app.user_model).values(is_active=False))

    assert refusal(await confirm(client, token)) == INVALID


@once
async def test_who_never_proved_the_old_mailbox_leaves_no_way_back_in_it(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """It may be a stranger's: they would be handed the account."""
    await kit_app.add_user()
    assert await move(kit_app, client) is None
    await kit_app.add_user("bob@example.com", is_verified=True)
    assert await move(kit_app, client, "bob@new.example", at="bob@example.com") is not None


class Guard(RequestGuard):
    """Lets everything pass, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Attempt] = []

    async def admit(self, auth: Any, attempt: Attempt) -> None:
        self.asked.append(attempt)

    async def give_back(self, auth: Any, attempt: Attempt) -> None:
        """Keep it."""


@once
async def test_every_step_is_counted(make_app: Callable[..., KitApp]) -> None:
    """Mails by the address that gets them, passwords by the user, tokens by the network."""
    guard = Guard()
    kit_app = make_app(more_features=mail_features(EmailChange()), hooks=(guard,))
    ada = await kit_app.add_user()
    tokens = await kit_app.sign_in()
    guard.asked.clear()
    async with kit_app.client() as client:
        await ask(client, tokens, "ADA@new.example")
        await confirm(client, "nonsense")
        await undo(client, "nonsense")

    told = [(one.kind, one.operation, one.address, one.user_id) for one in guard.asked]
    assert told == [
        (AttemptKind.MAIL, "change_email", NEW, None),
        (AttemptKind.CONFIRMATION, "confirm_password", None, ada),
        (AttemptKind.TOKEN, "confirm_email_change", None, None),
        (AttemptKind.TOKEN, "undo_email_change", None, None),
    ]


@once
async def test_a_mailer_that_is_away_changes_no_answer(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(more_features=mail_features(EmailChange(), mailer=Broken()))
    await kit_app.add_user()
    async with kit_app.client() as client:
        answer = await ask(client, await kit_app.sign_in())
        await kit_app.auth.after_commit.drain()

    assert (answer.status_code, answer.json()) == (202, {})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"page": "change"}, "page must be a path"),
        ({"undo_page": "//evil.test"}, "undo_page must be a path"),
        ({"lifetime": timedelta(0)}, "must be positive"),
        ({"undo_lifetime": timedelta(hours=23)}, "undo_lifetime must be at least a day"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        EmailChange(**options)
