"""Proof of the mailbox: who gets a link, what it proves, and who may go on without."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI, WebSocket, WebSocketException
from sqlalchemy import update

from fastauth_kit import Accounts, AuthKit, ConfigurationError
from fastauth_kit.features.email_verification import EmailVerification
from tests.features.password_reset.test_uniform import call
from tests.kit_app import PASSWORD, KitApp, UuidOneTimeToken, bearer
from tests.mailing import PUBLIC_URL, mail_features, mailed_token, mails, text_of

ADA = "ada@example.com"
BODY = {"email": ADA, "password": PASSWORD}


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=mail_features(EmailVerification()))


@pytest.fixture
def strict_app(make_app: Callable[..., KitApp]) -> KitApp:
    """Where nobody goes on without a proof, after an hour of grace."""
    feature = EmailVerification(required=True, grace=timedelta(hours=1))
    return make_app(more_features=mail_features(feature))


async def register(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/auth/register", json=BODY)
    assert answer.status_code == 201, answer.text


def verify(client: httpx2.AsyncClient, token: str) -> Awaitable[httpx2.Response]:
    return client.post("/api/auth/email/verify", json={"token": token})


async def ask(client: httpx2.AsyncClient, email: str = ADA, **options: Any) -> int:
    body = {"email": email}
    answer = await client.post("/api/auth/email/verify/request", json=body, **options)
    assert answer.status_code >= 400 or answer.json() == {}
    return answer.status_code


async def login(client: httpx2.AsyncClient) -> tuple[int, str | None]:
    answer = await client.post("/api/auth/login", json=BODY)
    return answer.status_code, answer.json().get("code")


async def is_verified(kit_app: KitApp) -> bool:
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.find_user(work, ADA)
        assert user is not None
        return bool(user.is_verified)


def refused(answer: httpx2.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (400, "invalid_one_time_token")


async def change(kit_app: KitApp, **columns: Any) -> None:
    """Change every account behind the back of every feature."""
    async with kit_app.sessions.begin() as session:
        await session.execute(update(kit_app.user_model).values(**columns))


async def test_a_registration_is_followed_by_a_link(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client)

    (message,) = await mails(kit_app)
    assert message["To"] == ADA
    assert f"\n{PUBLIC_URL}/verify-email#token=ev." in text_of(message)
    assert await is_verified(kit_app) is False


async def test_the_link_proves_the_mailbox_and_leaves_everything_else(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client)
    tokens = await kit_app.sign_in()

    answer = await verify(client, await mailed_token(kit_app))

    assert (answer.status_code, answer.content) == (204, b"")
    me = await client.get("/api/users/me", headers=bearer(tokens))
    assert me.json()["is_verified"] is True
    assert await login(client) == (200, None)


async def test_a_link_works_once(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await register(client)
    token = await mailed_token(kit_app)
    await verify(client, token)

    assert refused(await verify(client, token))


async def test_a_link_expires(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await register(client)

    kit_app.clock.advance(days=1)

    assert refused(await verify(client, await mailed_token(kit_app)))
    assert await is_verified(kit_app) is False


async def test_a_registration_that_fails_mails_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client)
    again = await client.post("/api/auth/register", json=BODY)

    assert again.status_code == 400
    assert len(await mails(kit_app)) == 1


@pytest.mark.parametrize("columns", [{"is_verified": True}, {"is_active": False}])
async def test_who_needs_no_link_gets_none(
    kit_app: KitApp, client: httpx2.AsyncClient, columns: dict[str, Any]
) -> None:
    await kit_app.add_user(**columns)

    assert await ask(client) == 202
    assert await ask(client, "nobody@example.com") == 202

    assert await mails(kit_app) == []


async def test_the_answer_leaves_before_anybody_is_looked_for(
    kit_app: KitApp,
) -> None:
    await kit_app.add_user()
    counts: list[int] = []
    path = "/api/auth/email/verify/request"

    answers = []
    for email in (ADA, "nobody@example.com"):
        kit_app.statements.clear()
        answers.append(
            await call(
                kit_app.app, email, lambda: counts.append(len(kit_app.statements)), path=path
            )
        )

    assert counts == [0, 0]
    assert answers[0] == answers[1]
    assert answers[0][0]["status"] == 202


async def test_a_link_can_be_asked_for_again(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await register(client)
    first, tokens = await mailed_token(kit_app), await kit_app.sign_in()

    assert await ask(client, headers=bearer(tokens)) == 202

    second = await mailed_token(kit_app)
    assert refused(await verify(client, first))
    assert (await verify(client, second)).status_code == 204
    assert await login(client) == (200, None)
    assert (await client.get("/api/users/me", headers=bearer(tokens))).status_code == 200


async def test_a_link_that_a_stranger_asks_for_does_not_end_that_of_the_registration(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client)
    first = await mailed_token(kit_app)
    await ask(client)

    assert (await verify(client, first)).status_code == 204
    assert await login(client) == (200, None)


async def test_a_proof_ends_every_other_link(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    await register(client)
    first = await mailed_token(kit_app)
    await ask(client)
    second = await mailed_token(kit_app)

    await verify(client, first)

    assert refused(await verify(client, second))
    assert await login(client) == (200, None)


async def test_a_bad_token_beside_the_address_is_refused(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    assert await ask(client, headers={"Authorization": "Bearer x"}) == 401


async def test_a_link_to_a_mailbox_that_is_no_longer_theirs_proves_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client)
    token = await mailed_token(kit_app)

    await change(kit_app, email="new@example.com")

    assert refused(await verify(client, token))


async def test_a_deactivated_account_proves_nothing(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    await register(client)
    token = await mailed_token(kit_app)

    await change(kit_app, is_active=False)

    assert refused(await verify(client, token))


async def test_a_changed_address_must_be_proven_anew(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await kit_app.add_user("old@example.com", is_verified=True)
    accounts = kit_app.auth.feature(Accounts)
    await kit_app.auth.run(
        kit_app.make_session, lambda work: accounts.update(work, ada, {"email": ADA})
    )

    await ask(client)

    assert (await verify(client, await mailed_token(kit_app))).status_code == 204
    assert await is_verified(kit_app) is True


async def test_nobody_signs_in_before(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(more_features=mail_features(EmailVerification(required=True)))
    async with kit_app.client() as client:
        await register(client)
        wrong = await client.post("/api/auth/login", json={**BODY, "password": "not this one"})

        assert await login(client) == (403, "email_not_verified")
        assert wrong.json()["code"] == "invalid_credentials"
        await verify(client, await mailed_token(kit_app))
        assert await login(client) == (200, None)


async def test_within_the_grace_they_do(strict_app: KitApp) -> None:
    async with strict_app.client() as client:
        await register(client)
        strict_app.clock.advance(minutes=59, seconds=59)
        assert await login(client) == (200, None)
        strict_app.clock.advance(seconds=1)
        assert await login(client) == (403, "email_not_verified")


async def test_the_grace_ends_in_mid_session_and_the_proof_ends_that(strict_app: KitApp) -> None:
    """At no cost in statements."""
    async with strict_app.client() as client:
        await register(client)
        strict_app.clock.advance(minutes=50)
        tokens = await strict_app.sign_in()
        strict_app.clock.advance(minutes=10)
        strict_app.statements.clear()

        me = await client.get("/api/users/me", headers=bearer(tokens))

        assert (me.status_code, me.json()["code"]) == (403, "email_not_verified")
        assert len(strict_app.statements) == 1
        # whoever has to prove their mailbox can ask for the link
        assert await ask(client, headers=bearer(tokens)) == 202
        await verify(client, await mailed_token(strict_app))
        me = await client.get("/api/users/me", headers=bearer(tokens))
        assert me.status_code == 200


async def test_whoever_is_refused_can_still_sign_out(strict_app: KitApp) -> None:
    async with strict_app.client() as client:
        await register(client)
        strict_app.clock.advance(minutes=59)
        headers = bearer(await strict_app.sign_in())
        strict_app.clock.advance(minutes=1)

        assert (await client.get("/api/users/me", headers=headers)).status_code == 403
        assert (await client.post("/api/auth/logout", headers=headers)).status_code == 204
        assert (await client.get("/api/users/me", headers=headers)).status_code == 401


async def test_each_dependency_refuses_what_the_others_refuse(
    make_app: Callable[..., KitApp],
) -> None:
    def configure(app: FastAPI, auth: AuthKit[Any]) -> None:
        for name in ("current_user", "current_session", "authenticated", "optional_user"):

            async def show(found: Annotated[Any, Depends(getattr(auth, name))]) -> bool:
                return found is not None

            app.add_api_route(f"/{name}", show)

    feature = EmailVerification(required=True, grace=timedelta(minutes=1))
    kit_app = make_app(more_features=mail_features(feature), configure=configure)
    async with kit_app.client() as client:
        await register(client)
        headers = bearer(await kit_app.sign_in())
        paths = ("current_user", "current_session", "authenticated", "optional_user")
        before = [(await client.get(f"/{path}", headers=headers)).status_code for path in paths]
        kit_app.clock.advance(minutes=1)
        after = [(await client.get(f"/{path}", headers=headers)).status_code for path in paths]

    assert (before, after) == ([200] * 4, [403] * 4)


async def test_openapi_says_who_may_be_refused(strict_app: KitApp, kit_app: KitApp) -> None:
    for app, named in ((strict_app, True), (kit_app, False)):
        paths = app.app.openapi()["paths"]
        for path, method in (("/api/auth/login", "post"), ("/api/users/me", "get")):
            assert ("email_not_verified" in str(paths[path][method]["responses"])) is named


async def test_keys_of_another_type_work_as_well(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(
        key="uuid", more_features=mail_features(EmailVerification(), model=UuidOneTimeToken)
    )
    async with kit_app.client() as client:
        await register(client)
        headers = bearer(await kit_app.sign_in())
        await ask(client, headers=headers)

        assert (await verify(client, await mailed_token(kit_app))).status_code == 204
        assert (await client.get("/api/users/me", headers=headers)).json()["is_verified"] is True


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"page": "verify"}, "page must be a path"),
        ({"lifetime": timedelta(0)}, "lifetime of a one-time token must be positive"),
        ({"grace": timedelta(days=1)}, "needs required=True"),
        ({"required": True, "grace": timedelta(days=-1)}, "must not be negative"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        EmailVerification(**options)


async def test_a_socket_is_refused_like_a_request(strict_app: KitApp) -> None:
    async with strict_app.client() as client:
        await register(client)
    strict_app.clock.advance(minutes=50)
    tokens = await strict_app.sign_in()
    subprotocols = ["fastauth-kit.bearer", tokens["access_token"]]

    async def opened() -> Any:
        scope = {"type": "websocket", "headers": [], "subprotocols": subprotocols}
        socket = WebSocket(scope, receive=pytest.fail, send=pytest.fail)
        async with strict_app.sessions() as session:
            return await strict_app.auth.websocket_user(socket, session)

    socket = await opened()
    assert await socket.still_valid()
    strict_app.clock.advance(minutes=10)

    assert not await socket.still_valid()
    with pytest.raises(WebSocketException) as refused:
        await opened()
    assert (refused.value.code, refused.value.reason) == (1008, "email_not_verified")
