"""Every statement that the kit sends finds its rows by an index, however many there are."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, text

from fastauth_kit.core.secrets import random_text, time_ordered_id
from fastauth_kit.features.sessions import prune_batch
from tests.invariants.query_plans import Recorder, scans
from tests.kit_app import PASSWORD, KitApp, bearer, build_app, create_tables

USERS = 3000
SESSIONS = 6000
ROOT = "root@example.com"

MAY_SCAN = {
    "list_users by number": "it counts: `total` and `pages` are what this way of paging is for",
    "list_users by number, ordered": "it counts, and sorts by a column without an index",
    "list_users search": "text anywhere in an address or a name: no plain index finds it",
    "list_users search by cursor": "as above; without the count it may stop at a full page",
}
"""What reads whole tables, and why. The cursor without ``q`` is there for large ones."""

SEEN_BY_ALL = {"list_users by number", "list_users search"}
"""What every database scans for: a test that does not see these sees nothing."""


@dataclass
class Visitor:
    """An administrator who calls every route."""

    kit_app: KitApp
    client: httpx2.AsyncClient
    headers: dict[str, str]

    async def send(self, method: str, path: str, status: int, **options: Any) -> Any:
        """Send a request as the administrator; return what is in the answer."""
        options.setdefault("headers", self.headers)
        answer = await self.client.request(method, f"/api{path}", **options)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    async def somebody(self, email: str, **columns: Any) -> dict[str, Any]:
        """Make an account and sign it in; return its tokens and its id."""
        user_id = await self.kit_app.add_user(email, **columns)
        return {**await self.kit_app.sign_in(email), "id": user_id}


Visit = Callable[[Visitor], Awaitable[object]]
VISITS: dict[str, Visit] = {}


def visits(name: str) -> Callable[[Visit], Visit]:
    """Name a visit: the operation it calls, and in what way if there are several."""

    def register(visit: Visit) -> Visit:
        VISITS[name] = visit
        return visit

    return register


@visits("register")
async def register(visitor: Visitor) -> None:
    body = {"email": "new@example.com", "password": PASSWORD}
    await visitor.send("POST", "/auth/register", 201, json=body)
    await visitor.send("POST", "/auth/register", 400, json=body)


@visits("login")
async def log_in(visitor: Visitor) -> None:
    body = {"email": ROOT, "password": PASSWORD}
    await visitor.send("POST", "/auth/login", 200, json=body)
    await visitor.send("POST", "/auth/login", 401, json={**body, "password": "not the password"})
    await visitor.send("POST", "/auth/login", 401, json={**body, "email": "nobody@example.com"})


@visits("confirm_password")
async def confirm_password(visitor: Visitor) -> None:
    who = await visitor.somebody("confirming@example.com")
    body = {"password": PASSWORD}
    await visitor.send("POST", "/auth/password/confirm", 204, json=body, headers=bearer(who))


@visits("change_password")
async def change_password(visitor: Visitor) -> None:
    who = await visitor.somebody("changing@example.com")
    body = {"current_password": PASSWORD, "new_password": "another long sentence"}
    await visitor.send("POST", "/auth/password/change", 204, json=body, headers=bearer(who))


@visits("refresh")
async def refresh(visitor: Visitor) -> None:
    body = {"refresh_token": (await visitor.kit_app.sign_in(ROOT))["refresh_token"]}
    await visitor.send("POST", "/auth/refresh", 200, json=body)
    visitor.kit_app.clock.advance(minutes=1)
    await visitor.send("POST", "/auth/refresh", 401, json=body)  # by now it was stolen


@visits("logout")
async def log_out(visitor: Visitor) -> None:
    tokens = await visitor.kit_app.sign_in(ROOT)
    await visitor.send("POST", "/auth/logout", 204, headers=bearer(tokens))


@visits("logout with the refresh token")
async def log_out_by_body(visitor: Visitor) -> None:
    body = {"refresh_token": (await visitor.kit_app.sign_in(ROOT))["refresh_token"]}
    await visitor.send("POST", "/auth/logout", 204, json=body, headers={})


@visits("list_sessions")
async def list_sessions(visitor: Visitor) -> None:
    await visitor.send("GET", "/auth/sessions", 200)


@visits("revoke_session")
async def revoke_session(visitor: Visitor) -> None:
    await visitor.kit_app.sign_in(ROOT)
    found = await visitor.send("GET", "/auth/sessions", 200)
    other = next(session["id"] for session in found if not session["current"])
    await visitor.send("DELETE", f"/auth/sessions/{other}", 204)


@visits("revoke_other_sessions")
async def revoke_other_sessions(visitor: Visitor) -> None:
    await visitor.send("DELETE", "/auth/sessions", 204)


@visits("read_me")
async def read_me(visitor: Visitor) -> None:
    await visitor.send("GET", "/users/me", 200)


@visits("update_me")
async def update_me(visitor: Visitor) -> None:
    who = await visitor.somebody("moving@example.com")
    body = {"email": "moved@example.com", "name": "M", "current_password": PASSWORD}
    await visitor.send("PATCH", "/users/me", 200, json=body, headers=bearer(who))


@visits("close_account")
async def close_account(visitor: Visitor) -> None:
    who = await visitor.somebody("leaving@example.com")
    body = {"password": PASSWORD}
    await visitor.send("DELETE", "/users/me", 204, json=body, headers=bearer(who))


@visits("list_users by cursor")
async def list_by_cursor(visitor: Visitor) -> None:
    first = await visitor.send("GET", "/users", 200, params={"cursor": ""})
    await visitor.send("GET", "/users", 200, params={"cursor": first["next_cursor"]})


@visits("list_users by cursor, filtered")
async def list_filtered(visitor: Visitor) -> None:
    for flag in ("is_active", "is_superuser", "is_verified"):
        await visitor.send("GET", "/users", 200, params={"cursor": "", flag: True})


@visits("list_users by number")
async def list_by_number(visitor: Visitor) -> None:
    await visitor.send("GET", "/users", 200, params={"page": 2})


@visits("list_users by number, ordered")
async def list_ordered(visitor: Visitor) -> None:
    for order in ("-id", "email", "-created_at"):
        await visitor.send("GET", "/users", 200, params={"page": 2, "order_by": order})


@visits("list_users search")
async def search(visitor: Visitor) -> None:
    await visitor.send("GET", "/users", 200, params={"q": "ser12"})


@visits("list_users search by cursor")
async def search_by_cursor(visitor: Visitor) -> None:
    await visitor.send("GET", "/users", 200, params={"q": "ser12", "cursor": ""})


@visits("create_user")
async def create_user(visitor: Visitor) -> None:
    body = {"email": "made@example.com", "password": PASSWORD}
    await visitor.send("POST", "/users", 201, json=body)


@visits("read_user")
async def read_user(visitor: Visitor) -> None:
    who = await visitor.somebody("seen@example.com")
    await visitor.send("GET", f"/users/{who['id']}", 200)


@visits("update_user")
async def update_user(visitor: Visitor) -> None:
    who = await visitor.somebody("demoted@example.com", is_superuser=True)
    await visitor.send("PATCH", f"/users/{who['id']}", 200, json={"is_superuser": False})
    await visitor.send("PATCH", f"/users/{who['id']}", 200, json={"is_active": False})


@visits("delete_user")
async def delete_user(visitor: Visitor) -> None:
    who = await visitor.somebody("removed@example.com", is_superuser=True)
    await visitor.send("DELETE", f"/users/{who['id']}", 204)


@visits("(pruning)")
async def prune(visitor: Visitor) -> None:
    """One batch: what is most of a table is rightly read from end to end."""
    visitor.kit_app.clock.advance(days=200)
    async with (
        visitor.kit_app.sessions() as session,
        visitor.kit_app.auth.work_for(session) as work,
    ):
        first = await prune_batch(work, batch=20)
        assert (await prune_batch(work, batch=20, after=first.resume_after)).deleted == 20


@pytest.fixture
async def filled(fresh_database_url: str) -> AsyncIterator[KitApp]:
    """An installation whose tables are large enough for an index to be worth it."""
    kit_app = build_app(fresh_database_url)
    await create_tables(kit_app.engine)
    await fill(kit_app)
    yield kit_app
    await kit_app.auth.aclose()
    await kit_app.engine.dispose()


async def fill(kit_app: KitApp) -> None:
    """Add rows, and let the database look at how they are spread."""
    user, session = kit_app.user_model, kit_app.session_model
    async with kit_app.engine.begin() as connection:
        people = [
            {
                "email": f"user{number}@example.com",
                "is_superuser": number % 1000 == 0,
                "is_verified": number % 2 == 0,
            }
            for number in range(USERS)
        ]
        await connection.execute(insert(user), people)
        first = await connection.scalar(text(f"SELECT min(id) FROM {user.__tablename__}"))
        rows = [session_row(kit_app, first + number % USERS, number) for number in range(SESSIONS)]
        await connection.execute(insert(session), rows)
    async with kit_app.engine.connect() as connection:
        for table in (user.__tablename__, session.__tablename__):
            kind = "ANALYZE TABLE" if connection.dialect.name in ("mysql", "mariadb") else "ANALYZE"
            await connection.exec_driver_sql(f"{kind} {table}")
        await connection.commit()


def session_row(kit_app: KitApp, user_id: int, number: int) -> dict[str, Any]:
    born = kit_app.clock.now - timedelta(minutes=number)
    return {
        "id": time_ordered_id(born),
        "user_id": user_id,
        "created_at": born,
        "authenticated_at": born,
        "amr": {"pwd": born.isoformat()},
        "last_used_at": born,
        "idle_expires_at": born + timedelta(days=14),
        "absolute_expires_at": born + timedelta(days=90),
        "refresh_salt": random_text(32),
        "refresh_key_id": "0" * 12,
    }


def test_every_route_is_visited(make_operations: set[str]) -> None:
    visited = {name.split()[0] for name in VISITS}

    assert visited - {"(pruning)"} == make_operations


@pytest.fixture
def make_operations() -> set[str]:
    """The operation ids of every route of the kit."""
    paths = build_app("sqlite+aiosqlite://").app.openapi()["paths"]
    return {operation["operationId"] for path in paths.values() for operation in path.values()}


async def test_whole_tables_are_read_by_what_may_and_by_nothing_else(filled: KitApp) -> None:
    await filled.add_user(ROOT, is_superuser=True)
    recorder = Recorder(filled)
    found: dict[str, list[str]] = {}
    async with filled.client() as client:
        headers = bearer(await filled.sign_in(ROOT))
        filled.clock.advance(seconds=1)
        for name, visit in VISITS.items():
            recorder.take()
            await visit(Visitor(filled, client, headers))
            sent = recorder.take()
            assert sent, f"{name} sent nothing"
            async with filled.engine.connect() as connection:
                for statement in sent:
                    for scan in await scans(connection, statement, recorder.tables):
                        found.setdefault(name, []).append(f"{scan}: {statement.text}")

    assert {name: scan for name, scan in found.items() if name not in MAY_SCAN} == {}
    assert set(found) >= SEEN_BY_ALL
