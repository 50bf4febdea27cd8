"""A forgotten password: who gets a link, what it opens, and what ends with it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from fastauth_kit import Accounts, Event, EventSink, Passwords, Work
from fastauth_kit.core.hooks import CredentialChange, announce_credential_change
from fastauth_kit.features.one_time_tokens import OneTimeTokens
from fastauth_kit.features.password_reset import PasswordReset
from tests.kit_app import PASSWORD, KitApp, UuidOneTimeToken, bearer
from tests.mailing import PUBLIC_URL, mail_features, mailed_token, mails, text_of

ADA = "ada@example.com"
NEW = "another horse battery"


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=mail_features(PasswordReset()))


def forget(client: httpx2.AsyncClient, email: str = ADA) -> Awaitable[httpx2.Response]:
    return client.post("/api/auth/password/forgot", json={"email": email})


def reset(
    client: httpx2.AsyncClient, token: str, password: str = NEW
) -> Awaitable[httpx2.Response]:
    body = {"token": token, "new_password": password}
    return client.post("/api/auth/password/reset", json=body)


async def forgotten(kit_app: KitApp, client: httpx2.AsyncClient, email: str = ADA) -> str:
    """Ask for a link and return its token."""
    assert (await forget(client, email)).status_code == 202
    return await mailed_token(kit_app, email)


def refused(answer: httpx2.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (400, "invalid_one_time_token")


async def login(client: httpx2.AsyncClient, password: str, email: str = ADA) -> int:
    body = {"email": email, "password": password}
    return (await client.post("/api/auth/login", json=body)).status_code


async def change(kit_app: KitApp, **columns: Any) -> None:
    """Change every account behind the back of every feature."""
    async with kit_app.sessions.begin() as session:
        await session.execute(update(kit_app.user_model).values(**columns))


async def test_a_forgotten_password_is_chosen_anew(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)

    answer = await reset(client, token)

    assert (answer.status_code, answer.content) == (204, b"")
    assert await login(client, NEW) == 200
    assert await login(client, PASSWORD) == 401


async def test_the_link_leads_to_the_page_whatever_the_request_says(kit_app: KitApp) -> None:
    await kit_app.add_user()
    hostile = {"Host": "evil.test", "X-Forwarded-Host": "evil.test", "Origin": "https://evil.test"}

    async with kit_app.client(headers=hostile) as client:
        await forget(client)

    (message,) = await mails(kit_app)
    assert f"\n{PUBLIC_URL}/reset-password#token=pr." in text_of(message)
    assert f'href="{PUBLIC_URL}/reset-password#token=pr.' in text_of(message, "html")
    assert "within 30 minutes" in text_of(message)
    assert "evil.test" not in message.as_string()


async def test_page_and_lifetime_are_options(make_app: Callable[..., KitApp]) -> None:
    feature = PasswordReset(page="/account/new-password", lifetime=timedelta(hours=1))
    kit_app = make_app(more_features=mail_features(feature))
    await kit_app.add_user()
    async with kit_app.client() as client:
        token = await forgotten(kit_app, client)
        kit_app.clock.advance(minutes=59)
        answer = await reset(client, token)

    text = text_of((await mails(kit_app))[0])
    assert f"{PUBLIC_URL}/account/new-password#token=" in text
    assert "within 60 minutes" in text
    assert answer.status_code == 204


async def test_the_link_goes_to_the_address_of_the_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()

    await forget(client, "  ADA@Example.COM ")

    assert [mail["To"] for mail in await mails(kit_app)] == [ADA]


async def test_nobody_is_mailed_for_an_unknown_address(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()

    await forget(client, "nobody@example.com")

    assert await mails(kit_app) == []


async def test_a_deactivated_account_gets_no_mail(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(is_active=False)

    await forget(client)

    assert await mails(kit_app) == []


async def test_an_account_without_a_password_gets_its_first(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(password=None)

    await reset(client, await forgotten(kit_app, client))

    assert await login(client, NEW) == 200


async def test_a_link_works_once(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)
    await reset(client, token)

    again = await reset(client, token, "a third horse battery")

    assert refused(again)
    assert await login(client, NEW) == 200


async def test_a_newer_link_ends_the_older_one(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    first, second = await forgotten(kit_app, client), await forgotten(kit_app, client)

    assert refused(await reset(client, first))
    assert (await reset(client, second)).status_code == 204


async def test_a_link_expires(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)

    kit_app.clock.advance(minutes=30)

    assert refused(await reset(client, token))


async def test_a_password_that_is_refused_does_not_use_the_link_up(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)

    for password in ("sh0rt!", "password123", ADA):
        answer = await reset(client, token, password)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", "new_password"]
        assert password not in answer.text

    assert (await reset(client, token)).status_code == 204


async def test_the_name_of_the_account_is_no_password(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(name="Augusta Ada King")

    answer = await reset(client, await forgotten(kit_app, client), "augusta ada king")

    assert answer.json()["detail"][0]["type"] == "password_personal"


async def test_every_session_ends_and_nobody_is_signed_in(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user(is_verified=True)
    phone, laptop = await kit_app.sign_in(), await kit_app.sign_in()

    answer = await reset(client, await forgotten(kit_app, client))

    assert "set-cookie" not in answer.headers
    for tokens in (phone, laptop):
        me = await client.get("/api/users/me", headers=bearer(tokens))
        body = {"refresh_token": tokens["refresh_token"]}
        refresh = await client.post("/api/auth/refresh", json=body)
        assert (me.status_code, refresh.status_code) == (401, 401)


async def test_the_owner_is_told(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()

    await reset(client, await forgotten(kit_app, client))

    notice = (await mails(kit_app))[-1]
    assert notice["To"] == ADA
    assert notice["Subject"] == "Your password for Example was changed"
    assert "#token" not in notice.as_string()


async def test_a_refused_reset_tells_nobody(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)

    await reset(client, token, "short")

    assert len(await mails(kit_app)) == 1


async def test_the_mailbox_is_proven(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user()

    await reset(client, await forgotten(kit_app, client))

    me = await client.get("/api/users/me", headers=bearer(await kit_app.sign_in(password=NEW)))
    assert me.json()["is_verified"] is True


async def test_a_link_to_a_mailbox_that_is_no_longer_theirs_is_void(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)

    await change(kit_app, email="new@example.com")

    assert refused(await reset(client, token))
    assert await login(client, PASSWORD, "new@example.com") == 200


@pytest.mark.parametrize("column", [{"email": "new@example.com"}, {"is_active": False}])
async def test_a_link_that_is_void_costs_no_hash(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    column: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)
    await change(kit_app, **column)

    async def hash_it(self: Any, password: str, **options: Any) -> str:
        raise AssertionError("hashed")

    monkeypatch.setattr(type(kit_app.auth.feature(Passwords).hasher), "hash", hash_it)

    assert refused(await reset(client, token))


async def test_a_deactivated_account_cannot_be_reset(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)

    await change(kit_app, is_active=False)
    assert refused(await reset(client, token))

    await change(kit_app, is_active=True)
    assert await login(client, PASSWORD) == 200


@pytest.mark.parametrize("column", [{"email": "new@example.com"}, {"is_active": False}])
async def test_what_changes_while_hashing_counts(
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    column: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)
    hasher = type(kit_app.auth.feature(Passwords).hasher)
    original = hasher.hash

    async def change_meanwhile(self: Any, password: str, **options: Any) -> str:
        await change(kit_app, **column)
        return await original(self, password, **options)

    monkeypatch.setattr(hasher, "hash", change_meanwhile)

    assert refused(await reset(client, token))
    monkeypatch.undo()
    await change(kit_app, email=column.get("email", ADA), is_active=True)
    assert await login(client, PASSWORD, column.get("email", ADA)) == 200


async def test_any_change_of_credentials_ends_a_link(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await kit_app.add_user()
    token = await forgotten(kit_app, client)

    async def announce(work: Work) -> None:
        user = await kit_app.auth.find_user(work, ADA)
        assert user is not None
        await announce_credential_change(work, user, CredentialChange.FACTOR)

    await kit_app.auth.run(kit_app.make_session, announce)

    assert refused(await reset(client, token))


async def test_a_reset_ends_every_other_link(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await kit_app.add_user(is_verified=True)
    feature = kit_app.auth.feature(PasswordReset)
    tokens = kit_app.auth.feature(OneTimeTokens)
    token = await forgotten(kit_app, client)

    await reset(client, token)

    async def void(work: Work) -> int:
        return await tokens.void(work, 1, feature.purpose)

    assert await kit_app.auth.run(kit_app.make_session, void) == 0


async def test_a_link_does_not_outlive_the_account(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await kit_app.add_user()
    token = await forgotten(kit_app, client)
    accounts = kit_app.auth.feature(Accounts)

    await kit_app.auth.run(kit_app.make_session, lambda work: accounts.remove(work, ada))

    assert refused(await reset(client, token))


async def test_keys_of_another_type_work_as_well(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(
        key="uuid", more_features=mail_features(PasswordReset(), model=UuidOneTimeToken)
    )
    await kit_app.add_user()
    async with kit_app.client() as client:
        answer = await reset(client, await forgotten(kit_app, client))

        assert answer.status_code == 204
        assert await login(client, NEW) == 200


async def test_the_event_of_a_new_password_is_told(make_app: Callable[..., KitApp]) -> None:
    told: list[str] = []

    class Sink(EventSink):
        async def receive(self, work: Work, event: Event) -> None:
            told.append(type(event).__name__)

    kit_app = make_app(more_features=mail_features(PasswordReset()), hooks=(Sink(),))
    await kit_app.add_user()
    async with kit_app.client() as client:
        await reset(client, await forgotten(kit_app, client))

    assert told == ["UserCreated", "PasswordResetRequested", "MailboxProven", "PasswordChanged"]
