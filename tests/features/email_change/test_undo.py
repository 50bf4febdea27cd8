"""The way back: whoever held the mailbox before the thief takes the account back."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from fastauth_kit import Event, EventSink, Work
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.email_change import EmailChange
from fastauth_kit.features.password_reset import PasswordReset
from tests.features.email_change.flow import (
    ADA,
    INVALID,
    NEW,
    OTHER_PASSWORD,
    TAKEN,
    THIRD,
    ask,
    confirm,
    is_signed_in,
    login,
    move,
    refusal,
    undo,
)
from tests.features.password_reset.test_password_reset import forgotten, reset
from tests.kit_app import PASSWORD, IntAuditEvent, IntOneTimeToken, KitApp, bearer
from tests.mailing import PUBLIC_URL, mail_features, mailed_token, mails, once, text_of

THIEFS = "the thief's own words"


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
async def kit_app(make_app: Callable[..., KitApp], told: list[Event]) -> KitApp:
    class Sink(EventSink):
        async def receive(self, work: Work, event: Event) -> None:
            told.append(event)

    features = mail_features(EmailChange(), PasswordReset())
    kit_app = make_app(more_features=features, hooks=(Sink(),))
    await kit_app.add_user(is_verified=True)
    return kit_app


async def way_back(kit_app: KitApp, client: httpx2.AsyncClient, **options: Any) -> str:
    token = await move(kit_app, client, **options)
    assert token is not None
    return token


async def test_the_owner_takes_the_account_back_whatever_the_thief_does(
    kit_app: KitApp, client: httpx2.AsyncClient, told: list[Event]
) -> None:
    """A new password, a reset at the new mailbox and a second change of address."""
    owners = await way_back(kit_app, client)
    change = {"current_password": PASSWORD, "new_password": THIEFS}
    headers = bearer(await kit_app.sign_in(NEW))
    await client.post("/api/auth/password/change", json=change, headers=headers)
    assert (await reset(client, await forgotten(kit_app, client, NEW), THIEFS)).status_code == 204
    thiefs = await way_back(kit_app, client, to=THIRD, at=NEW, password=THIEFS)
    session = await kit_app.sign_in(THIRD, THIEFS)
    told.clear()

    answer = await undo(client, owners)

    assert (answer.status_code, answer.content) == (204, b"")
    assert await login(client, ADA, OTHER_PASSWORD) == 200
    assert await login(client, ADA, THIEFS) == 401
    assert await login(client, THIRD, THIEFS) == 401
    assert not await is_signed_in(client, session)
    assert refusal(await undo(client, thiefs, THIEFS)) == INVALID
    assert refusal(await undo(client, owners)) == INVALID
    names = [type(event).__name__ for event in told]
    assert names[:3] == ["SessionsRevoked", "EmailChangeUndone", "PasswordChanged"]
    me = await client.get(
        "/api/users/me", headers=bearer(await kit_app.sign_in(password=OTHER_PASSWORD))
    )
    assert (me.json()["email"], me.json()["is_verified"]) == (ADA, True)


@once
async def test_an_earlier_mailbox_comes_before_a_later_one(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """An undo by the second one does not end the way back of the first."""
    first = await way_back(kit_app, client)
    second = await way_back(kit_app, client, to=THIRD, at=NEW)

    assert (await undo(client, second, THIEFS)).status_code == 204
    assert await login(client, NEW, THIEFS) == 200

    assert (await undo(client, first)).status_code == 204
    assert await login(client, ADA, OTHER_PASSWORD) == 200


@once
async def test_the_notice_has_the_link_and_the_days(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await way_back(kit_app, client)

    letter = (await mails(kit_app))[-1]
    assert letter["To"] == ADA
    for text in (text_of(letter), text_of(letter, "html")):
        assert f"{PUBLIC_URL}/undo-email-change#token=eu." in text
        assert "within 7 days" in text
    assert NEW not in letter.as_string()


@once
async def test_the_owner_is_told_and_the_thief_is_not(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    token = await way_back(kit_app, client)
    sent = len(await mails(kit_app))

    await undo(client, token)

    (notice,) = (await mails(kit_app))[sent:]
    assert notice["To"] == ADA
    assert notice["Subject"] == "Your account at Example has this e-mail address again"
    assert "#token" not in notice.as_string()


@once
async def test_a_password_that_is_refused_does_not_use_the_link_up(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    token = await way_back(kit_app, client)

    for password in ("sh0rt!", ADA):
        refused = await undo(client, token, password)
        assert refused.status_code == 422
        assert refused.json()["detail"][0]["loc"] == ["body", "new_password"]
        assert password not in refused.text
    assert await login(client, NEW) == 200

    assert (await undo(client, token)).status_code == 204


@once
async def test_a_way_back_ends_after_a_week(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    token = await way_back(kit_app, client)
    kit_app.clock.advance(days=7)

    assert refusal(await undo(client, token)) == INVALID


@once
async def test_ways_back_that_are_over_leave_no_rows(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await way_back(kit_app, client)
    kit_app.clock.advance(days=8)
    await way_back(kit_app, client, to=THIRD, at=NEW)

    async with kit_app.sessions() as session:
        lasting = IntOneTimeToken.lasting.is_(True)
        count = select(func.count()).select_from(IntOneTimeToken).where(lasting)
        assert await session.scalar(count) == 1


@once
@pytest.mark.parametrize("changes", [{"email": "given@example.com"}, {"is_active": False}])
async def test_a_superuser_has_the_last_word(
    kit_app: KitApp, client: httpx2.AsyncClient, changes: dict[str, Any]
) -> None:
    """Also once the account is active again: nothing revives."""
    token = await way_back(kit_app, client)
    await kit_app.add_user("root@example.com", is_superuser=True)
    root = bearer(await kit_app.sign_in("root@example.com"))
    for body in (changes, {"is_active": True}):
        assert (await client.patch("/api/users/1", json=body, headers=root)).status_code == 200

    assert refusal(await undo(client, token)) == INVALID


@once
@pytest.mark.parametrize("meanwhile", [False, True])
async def test_an_account_that_is_switched_off_behind_our_back_stays_where_it_is(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: bool,
) -> None:
    """Before the hash, or while it is being made."""
    token = await way_back(kit_app, client)

    async def switch_off() -> None:
        async with kit_app.sessions.begin() as session:
            await session.execute(update(kit_app.user_model).values(is_active=False))

    async def hash_it(self: Any, *_: Any, **named: Any) -> str:
        assert meanwhile, "hashed in vain"
        await switch_off()
        return "no hash"

    if not meanwhile:
        await switch_off()
    monkeypatch.setattr("fastauth_kit.features.passwords.Passwords.hash_new", hash_it)

    assert refusal(await undo(client, token)) == INVALID


async def test_a_former_address_that_somebody_took_can_be_had_back_later(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Its owner reads that mailbox, closes the other account, and opens the link again."""
    token = await way_back(kit_app, client)
    body = {"email": ADA, "password": THIEFS}
    assert (await client.post("/api/auth/register", json=body)).status_code == 201
    assert refusal(await undo(client, token)) == TAKEN
    assert await login(client, NEW) == 200
    await reset(client, await forgotten(kit_app, client), "words for a moment")
    headers = bearer(await kit_app.sign_in(password="words for a moment"))
    close = {"password": "words for a moment"}
    closed = await client.request("DELETE", "/api/users/me", json=close, headers=headers)
    assert closed.status_code == 204

    assert (await undo(client, token)).status_code == 204
    assert await login(client, ADA, OTHER_PASSWORD) == 200


@once
async def test_a_way_back_does_not_outlive_the_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    token = await way_back(kit_app, client)
    headers = bearer(await kit_app.sign_in(NEW))
    await client.request("DELETE", "/api/users/me", json={"password": PASSWORD}, headers=headers)

    assert refusal(await undo(client, token)) == INVALID


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_the_earlier_mailbox_wins_though_clocks_disagree(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    """Servers have clocks of their own: the second change is made by a slow one."""
    owners = await way_back(kit_app, client)
    kit_app.clock.advance(minutes=-1, milliseconds=-300)
    thiefs = await way_back(kit_app, client, to=THIRD, at=NEW)
    kit_app.clock.advance(hours=1)

    assert (await undo(client, thiefs, THIEFS)).status_code == 204
    assert (await undo(client, owners)).status_code == 204
    assert await login(client, ADA, OTHER_PASSWORD) == 200


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_thief_cannot_pass_for_an_administrator(make_app: Callable[..., KitApp]) -> None:
    """With the session of any account of theirs, when they confirm the change."""
    audit = Audit(model=IntAuditEvent)
    kit_app = make_app(more_features=mail_features(EmailChange(), audit))
    await kit_app.add_user()
    await kit_app.add_user("thief@example.com")
    tokens, thiefs = await kit_app.sign_in(), await kit_app.sign_in("thief@example.com")
    async with kit_app.client(ip="198.51.100.66") as client:
        await ask(client, tokens)
        answer = await confirm(client, await mailed_token(kit_app, NEW), thiefs)
        signed_in = bearer(await kit_app.sign_in(NEW))
        found = (await client.get("/api/auth/events", headers=signed_in)).json()["items"]

    assert answer.status_code == 204
    changed = [item for item in found if item["kind"] in {"email_changed", "sessions_revoked"}]
    assert len(changed) == 2
    assert {(item["ip"], item["by_administrator"]) for item in changed} == {
        ("198.51.100.66", False)
    }
