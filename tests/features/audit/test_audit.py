"""Who did what, when and from where is in the table, or it did not happen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI, Request

from fastauth_kit import AuthKit, Device, Event, Passwords, tell
from fastauth_kit.core.current_request import during
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.password_reset import PasswordReset
from tests.core.parts import working
from tests.core.test_login_gate import Holiday, Toy
from tests.features.accounts.people import join
from tests.features.audit.trail import ADA, log_in, send, trail
from tests.kit_app import PASSWORD, IntAuditEvent, IntLoginFailure, KitApp, UuidAuditEvent
from tests.mailing import mail_features, mailed_token

SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


async def test_a_login_is_a_row_with_everything_about_it(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    answer = await log_in(kit_app, headers={"User-Agent": "Browser/1\x1b[2J"})
    (row,) = await trail(kit_app, "logged_in")

    assert answer.status_code == 200
    assert (row.user_id, row.actor_id, row.succeeded) == (str(ada), None, True)
    assert (row.at, row.ip, row.user_agent) == (
        kit_app.clock.now,
        "203.0.113.7",
        "Browser/1[2J",
    )
    assert set(row.data) == {"session_id", "methods"}
    assert row.data["methods"] == ["pwd"]
    assert row.id.version == 7


async def test_failed_logins_are_kept_and_cost_the_same_for_every_address(kit_app: KitApp) -> None:
    """The same statements, so that nobody learns who has an account."""
    ada = await kit_app.add_user()
    await log_in(kit_app, "wrong")  # the first one looks at the isolation level
    costs: list[list[str]] = []
    for email in (ADA, "nobody@example.com"):
        kit_app.statements.clear()
        assert (await log_in(kit_app, "wrong", email=email)).status_code == 401
        costs.append(list(kit_app.statements))

    rows = await trail(kit_app, "login_failed")
    assert costs[0] == costs[1]
    assert [row.user_id for row in rows] == [str(ada), str(ada), None]
    assert {(row.succeeded, row.ip) for row in rows} == {(False, "203.0.113.7")}


@SQLITE
async def test_a_superuser_is_the_actor_of_what_befalls_somebody_else(kit_app: KitApp) -> None:
    root, ada = await join(kit_app, "root@example.com", is_superuser=True), await join(kit_app)
    path = f"/api/users/{ada.id}"
    await send(kit_app, "PATCH", path, root, json={"is_superuser": True, "name": "Ada"})
    await send(kit_app, "PATCH", path, root, json={"is_superuser": False, "is_active": False})
    await send(kit_app, "PATCH", path, root, json={"is_active": True})
    await send(kit_app, "DELETE", path, root)

    rows = [row for row in await trail(kit_app) if row.actor_id]
    assert [row.kind for row in rows] == [
        "user_updated",
        "user_promoted",
        "sessions_revoked",
        "user_updated",
        "user_deactivated",
        "user_demoted",
        "user_updated",
        "user_reactivated",
        "user_deleted",
    ]
    assert {(row.user_id, row.actor_id) for row in rows} == {(str(ada.id), str(root.id))}
    assert rows[0].data == {"fields": ["is_superuser", "name"]}


async def test_rows_outlive_the_account(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    gone = await send(kit_app, "DELETE", "/api/users/me", ada, json={"password": "wrong"})
    kept = [row.kind for row in await trail(kit_app)]
    closed = await send(
        kit_app, "DELETE", "/api/users/me", ada, json={"password": "correct horse battery"}
    )

    assert (gone.status_code, closed.status_code) == (400, 204)
    assert kept == ["user_created", "logged_in", "confirmation_failed"]
    rows = await trail(kit_app)
    assert [row.kind for row in rows] == [*kept, "user_deleted"]
    assert {row.user_id for row in rows} == {str(ada.id)}
    assert rows[-1].actor_id == str(ada.id)


@SQLITE
async def test_what_was_rolled_back_left_no_row(kit_app: KitApp) -> None:
    await kit_app.add_user()
    before = len(await trail(kit_app))

    taken = await send(
        kit_app, "POST", "/api/auth/register", json={"email": ADA, "password": "another phrase"}
    )

    assert taken.status_code == 400
    assert len(await trail(kit_app)) == before


@SQLITE
async def test_a_stolen_refresh_token_is_told_in_order(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    body = {"refresh_token": ada.tokens["refresh_token"]}
    await send(kit_app, "POST", "/api/auth/refresh", json=body)
    kit_app.clock.advance(minutes=1)
    await send(kit_app, "POST", "/api/auth/refresh", json=body, ip="198.51.100.9")

    rows = (await trail(kit_app))[-3:]
    assert [(row.kind, row.succeeded) for row in rows] == [
        ("session_refreshed", True),
        ("refresh_token_reused", False),
        ("sessions_revoked", True),
    ]
    assert [row.ip for row in rows] == ["203.0.113.7", "198.51.100.9", "198.51.100.9"]
    assert rows[-1].data["reason"] == "refresh_token_reuse"


async def test_one_row_is_one_statement_more(make_app: Callable[..., KitApp]) -> None:
    async def cost_of(kit_app: KitApp, *, made: bool) -> list[int]:
        if made:
            await kit_app.add_user()
        tokens = (await log_in(kit_app)).json()
        costs: list[int] = []
        for request in (
            log_in(kit_app),
            send(
                kit_app,
                "POST",
                "/api/auth/refresh",
                json={"refresh_token": tokens["refresh_token"]},
            ),
            log_in(kit_app, "wrong"),
        ):
            kit_app.statements.clear()
            await request
            costs.append(len(kit_app.statements))
        return costs

    without = await cost_of(make_app(), made=True)
    audited = await cost_of(make_app(more_features=(Audit(model=IntAuditEvent),)), made=False)

    assert audited == [count + 1 for count in without]
    assert without[0] <= 4
    assert without[1] <= 3


@SQLITE
async def test_work_after_the_answer_knows_where_it_came_from(
    make_app: Callable[..., KitApp],
) -> None:
    features = (*mail_features(PasswordReset()), Audit(model=IntAuditEvent))
    kit_app = make_app(more_features=features)
    ada = await kit_app.add_user()
    await send(kit_app, "POST", "/api/auth/password/forgot", json={"email": ADA}, ip="198.51.100.9")
    token = await mailed_token(kit_app)
    for body in ({"token": token[:-1] + "!"}, {"token": token[:-3] + "AAA"}, {"token": token}):
        await send(
            kit_app, "POST", "/api/auth/password/reset", json={**body, "new_password": "new phrase"}
        )

    rows = (await trail(kit_app))[1:]
    assert [(row.kind, row.user_id, row.succeeded) for row in rows] == [
        ("password_reset_requested", str(ada), True),
        ("one_time_token_refused", None, False),
        ("mailbox_proven", str(ada), True),
        ("password_changed", str(ada), True),
    ]
    assert [row.ip for row in rows] == ["198.51.100.9", *["203.0.113.7"] * 3]
    assert rows[1].data == {"purpose": "password_reset"}


@SQLITE
async def test_a_script_has_neither_address_nor_actor(kit_app: KitApp) -> None:
    await send(kit_app, "GET", "/api/users/me", await join(kit_app))  # nothing of it stays
    before = len(await trail(kit_app))
    await kit_app.add_user("root@example.com", is_superuser=True)
    rows = (await trail(kit_app))[before:]

    assert [row.kind for row in rows] == ["user_created", "user_promoted"]
    assert {(row.ip, row.user_agent, row.actor_id) for row in rows} == {(None, None, None)}


@SQLITE
async def test_what_signs_in_elsewhere_than_in_a_request_says_from_where(kit_app: KitApp) -> None:
    await kit_app.add_user()
    terminal = Device("198.51.100.4", "terminal")
    async with working(kit_app) as work:
        await kit_app.auth.feature(Passwords).log_in(work, ADA, PASSWORD, device=terminal)

    (row,) = await trail(kit_app, "logged_in")
    assert (row.ip, row.user_agent) == (terminal.ip, terminal.user_agent)


@SQLITE
async def test_a_refused_login_is_told_with_its_reason(make_app: Callable[..., KitApp]) -> None:
    audit = Audit(model=IntAuditEvent)
    kit_app, on_holiday = (make_app(more_features=(audit,), hooks=h) for h in ((), (Holiday(),)))
    ids = [await kit_app.add_user("off@example.com", is_active=False), await kit_app.add_user()]
    await log_in(kit_app, email="off@example.com")
    on_holiday.clock.advance(seconds=1)
    assert (await log_in(on_holiday)).status_code == 403

    rows = await trail(kit_app, "login_refused")
    assert [row.user_id for row in rows] == list(map(str, ids))
    assert [row.data for row in rows] == [{"reason": "inactive_user"}, {"reason": "on_holiday"}]
    assert {(row.succeeded, row.ip) for row in rows} == {(False, "203.0.113.7")}


@SQLITE
async def test_a_first_factor_is_told_when_a_second_is_due(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(more_features=(Audit(model=IntAuditEvent),), hooks=(Toy(),))
    ada = await kit_app.add_user()

    assert (await log_in(kit_app)).status_code == 202

    row = (await trail(kit_app))[-1]
    assert (row.kind, row.user_id, row.data) == ("first_factor_proven", str(ada), {"method": "pwd"})


@SQLITE
async def test_a_locked_account_is_told(make_app: Callable[..., KitApp]) -> None:
    features = (Audit(model=IntAuditEvent), Lockout(model=IntLoginFailure, most_failures=1))
    kit_app = make_app(more_features=features)
    ada = await kit_app.add_user()
    for _ in range(2):
        await log_in(kit_app, "wrong")

    (row,) = await trail(kit_app, "account_locked")
    assert (row.user_id, row.succeeded) == (str(ada), False)


@dataclass(frozen=True)
class InvoicePaid(Event):
    """An event of a caller's, of which the kit knows nothing."""

    user_id: int
    amount: int
    card_token: str


@SQLITE
async def test_an_event_of_the_callers_is_recorded_too(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    async with working(kit_app) as work:
        await tell(work, InvoicePaid(ada, 4200, "tok_secret"))

    (row,) = await trail(kit_app, "invoice_paid")
    assert (row.user_id, row.data) == (str(ada), {"amount": 4200})


@SQLITE
async def test_a_route_of_the_callers_can_say_which_request_it_answers(
    make_app: Callable[..., KitApp],
) -> None:
    def configure(app: FastAPI, auth: AuthKit[Any]) -> None:
        superuser = Depends(auth.current_superuser)

        @app.post("/paid/{user_id}", dependencies=[superuser])
        async def pay(user_id: int, request: Request) -> None:
            async with working(kit_app) as work:
                with during(request):
                    await tell(work, InvoicePaid(user_id, 1, ""))

    kit_app = make_app(more_features=(Audit(model=IntAuditEvent),), configure=configure)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    assert (await send(kit_app, "POST", "/paid/7", root)).status_code == 200

    (row,) = await trail(kit_app, "invoice_paid")
    assert (row.user_id, row.actor_id, row.ip) == ("7", str(root.id), "203.0.113.7")


@SQLITE
async def test_uuid_keys_are_written_as_text(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(key="uuid", more_features=(Audit(model=UuidAuditEvent),))
    ada = await join(kit_app)

    found = (await send(kit_app, "GET", "/api/auth/events", ada)).json()["items"]

    assert [item["kind"] for item in found] == ["logged_in", "user_created"]
    assert isinstance(ada.id, UUID)
