"""Users read what happened to them, superusers what happened to all."""

from typing import Any

import pytest
from sqlalchemy import update

from tests.features.accounts.answers import assert_refused
from tests.features.accounts.people import Person, join
from tests.features.audit.trail import ADA, AUDIT, EVENTS, log_in, send
from tests.kit_app import PASSWORD, IntAuditEvent, KitApp

SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
OWN = {"id", "kind", "at", "ip", "user_agent", "succeeded", "by_administrator", "data"}
ALL = (OWN - {"by_administrator"}) | {"user_id", "actor_id", "request_id"}


async def page(kit_app: KitApp, who: Person, path: str, query: str = "") -> dict[str, Any]:
    answer = await send(kit_app, "GET", f"{path}?{query}", who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def kinds(kit_app: KitApp, who: Person, path: str, query: str = "") -> list[str]:
    return [item["kind"] for item in (await page(kit_app, who, path, query))["items"]]


async def test_ones_own_events_come_newest_first_and_nobody_elses(kit_app: KitApp) -> None:
    ada, bob = await join(kit_app), await join(kit_app, "bob@example.com")
    await log_in(kit_app, "wrong", ip="198.51.100.9")
    await log_in(kit_app, "wrong", email="bob@example.com")
    await log_in(kit_app, "wrong", email="nobody@example.com")

    found = await page(kit_app, ada, EVENTS)

    assert found["next_cursor"] is None
    assert [item["kind"] for item in found["items"]] == [
        "login_failed",
        "logged_in",
        "user_created",
    ]
    assert {frozenset(item) for item in found["items"]} == {frozenset(OWN)}
    assert (found["items"][0]["ip"], found["items"][0]["succeeded"]) == ("198.51.100.9", False)
    assert len(await kinds(kit_app, bob, EVENTS)) == 3


@SQLITE
async def test_nobody_finds_the_events_of_who_had_their_id_before(kit_app: KitApp) -> None:
    """SQLite gives the highest id again, once its row is gone."""
    former = await join(kit_app)
    await send(kit_app, "DELETE", "/api/users/me", former, json={"password": PASSWORD})
    kit_app.clock.advance(seconds=1)
    new = await join(kit_app, "bob@example.com")
    assert new.id == former.id

    assert await kinds(kit_app, new, EVENTS) == ["logged_in", "user_created"]


@SQLITE
async def test_a_user_learns_that_an_administrator_acted_not_who_or_where(kit_app: KitApp) -> None:
    root, ada = await join(kit_app, "root@example.com", is_superuser=True), await join(kit_app)
    agent = {"User-Agent": "Intranet/1"}
    path = f"/api/users/{ada.id}"
    await send(kit_app, "PATCH", path, root, ip="10.0.0.1", headers=agent, json={"name": "A"})
    await send(kit_app, "PATCH", "/api/users/me", ada, headers=agent, json={"name": "B"})

    answer = await send(kit_app, "GET", EVENTS, ada)

    own, administrators = answer.json()["items"][:2]
    assert (own["by_administrator"], own["ip"]) == (False, "203.0.113.7")
    assert (administrators["by_administrator"], administrators["data"]) == (
        True,
        {"fields": ["name"]},
    )
    assert (administrators["ip"], administrators["user_agent"]) == (None, None)
    assert "10.0.0.1" not in answer.text


@SQLITE
async def test_what_is_routine_is_not_listed_to_users(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    body = {"refresh_token": ada.tokens["refresh_token"]}
    await send(kit_app, "POST", "/api/auth/refresh", json=body)

    assert await kinds(kit_app, ada, EVENTS) == ["logged_in", "user_created"]


async def test_pages_follow_each_other_without_gap_or_repetition(kit_app: KitApp) -> None:
    ada = await join(kit_app)
    for _ in range(5):
        await log_in(kit_app, "wrong")
    whole = (await page(kit_app, ada, EVENTS, "limit=100"))["items"]
    cursor, found = "", list[Any]()
    while cursor is not None:
        part = await page(kit_app, ada, EVENTS, f"limit=3&cursor={cursor}")
        await log_in(kit_app, "wrong")  # what comes meanwhile moves nothing
        found += part["items"]
        cursor = part["next_cursor"]

    assert len(whole) == 7
    assert found == whole


@SQLITE
async def test_a_cursor_of_another_list_or_of_nobody_is_refused(kit_app: KitApp) -> None:
    root = await join(kit_app, "root@example.com", is_superuser=True)
    own = (await page(kit_app, root, EVENTS, "limit=1"))["next_cursor"]
    every = (await page(kit_app, root, AUDIT, "limit=1"))["next_cursor"]

    for path, cursor in ((AUDIT, own), (EVENTS, every), (EVENTS, own[:-2] + "xx"), (AUDIT, "x")):
        answer = await send(kit_app, "GET", f"{path}?cursor={cursor}", root)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


@SQLITE
async def test_the_list_of_all_is_for_superusers(kit_app: KitApp) -> None:
    ada = await join(kit_app)

    assert_refused(await send(kit_app, "GET", AUDIT, ada), 403, "not_enough_permissions")
    for path in (AUDIT, EVENTS):
        assert (await send(kit_app, "GET", path)).status_code == 401


async def test_superusers_filter_by_user_kind_outcome_address_and_time(kit_app: KitApp) -> None:
    root = await join(kit_app, "root@example.com", is_superuser=True)
    kit_app.clock.advance(minutes=1)
    begin = kit_app.clock.now.isoformat().replace("+00:00", "Z")
    ada = await join(kit_app)
    await log_in(kit_app, "wrong", ip="2001:db8::1")
    await log_in(kit_app, "wrong", email="nobody@example.com")
    kit_app.clock.advance(seconds=1)
    end = kit_app.clock.now.isoformat().replace("+00:00", "Z")
    await log_in(kit_app, email="root@example.com")

    async def found(query: str) -> list[str]:
        return await kinds(kit_app, root, AUDIT, query)

    everything = (await page(kit_app, root, AUDIT))["items"]
    assert {frozenset(item) for item in everything} == {frozenset(ALL)}
    assert len(everything) == 8
    assert await found(f"user_id={ada.id}") == ["login_failed", "logged_in", "user_created"]
    assert await found("kind=login_failed") == ["login_failed"] * 2
    assert await found("succeeded=false&ip=2001:DB8:0::1") == ["login_failed"]
    assert len(await found(f"since={begin}&until={end}")) == 4
    assert len(await found(f"since={begin}")) == 5
    assert len(await found(f"until={begin}")) == 3
    assert await found(f"since={end}&kind=user_created") == []


IMPOSSIBLE = (
    "user_id=x", "user_id=-1", f"user_id={2**63}", "user_id=", f"user_id={'1' * 300}",
    "kind=A", "kind=a%00", f"kind={'a' * 65}", "kind=", "kind='--",
    "ip=x", "ip=", f"ip={'1' * 99}", "succeeded=maybe",
    "since=2026-11-23T12:00:00", "since=x", "since=0001-01-01T00:00:00%2B14:00",
    "until=9999-12-31T23:59:59-14:00", "until=99999999999999999999", "since=nan",
    "limit=0", "limit=101", "limit=1_0", f"limit={2**63}", f"cursor={'x' * 3000}",
)  # fmt: skip


@SQLITE
async def test_a_filter_that_cannot_be_is_refused(kit_app: KitApp) -> None:
    root = await join(kit_app, "root@example.com", is_superuser=True)

    answers = {query: await send(kit_app, "GET", f"{AUDIT}?{query}", root) for query in IMPOSSIBLE}

    wrong = {query: answer.text for query, answer in answers.items() if answer.status_code != 422}
    assert wrong == {}


@SQLITE
async def test_somebody_elses_row_is_not_shown_even_if_one_acted_on_it(kit_app: KitApp) -> None:
    """The list is by subject: what a superuser did to Ada is Ada's, not theirs."""
    root, ada = await join(kit_app, "root@example.com", is_superuser=True), await join(kit_app)
    await send(kit_app, "PATCH", f"/api/users/{ada.id}", root, json={"name": "A"})

    assert "user_updated" not in await kinds(kit_app, root, EVENTS)


@SQLITE
async def test_rows_are_not_changed_by_the_kit(kit_app: KitApp) -> None:
    """What somebody writes behind its back is shown as it is."""
    ada = await join(kit_app)
    async with kit_app.sessions.begin() as session:
        await session.execute(update(IntAuditEvent).values(data={"note": "by hand"}))

    found = (await page(kit_app, ada, EVENTS))["items"]

    assert {item["data"]["note"] for item in found} == {"by hand"}
    assert ADA not in str(found)
