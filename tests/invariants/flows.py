"""One request for each way through each route, and what it leaves behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from sqlalchemy import delete, insert, select

from fastauth_kit import Event, EventSink, Work
from tests.kit_app import PASSWORD, IntBase, IntPost, KitApp, bearer
from tests.mailing import mailed_token

ROOT, ADA, BOB = "root@example.com", "ada@example.com", "bob@example.com"
CARL, MOVED, LATE = "carl@example.com", "moved@example.com", "late@example.com"

Rows = list[dict[str, Any]]
Dump = dict[str, Rows]

_VARIABLE = ("id", "user_id", "author_id", "hashed_password", "refresh_salt", "digest", "slot")
"""Columns whose new values are nobody's to foretell."""


class Journal(EventSink):
    """Writes every event down twice: in a row, and in an action after the commit."""

    def __init__(self) -> None:
        self.root: Any = None
        self.done: list[str] = []

    async def receive(self, work: Work, event: Event) -> None:
        if self.root is None:
            return
        name = type(event).__name__

        async def act() -> None:
            self.done.append(name)

        await work.execute(insert(IntPost).values(author_id=self.root, title=name))
        work.after_commit(act)


@dataclass
class Scene:
    """Four people, and Ada twice signed in; the same whenever it is restored."""

    kit_app: KitApp
    journal: Journal
    ids: dict[str, Any] = field(default_factory=dict[str, Any])
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    phone_session: str = ""
    before: Dump = field(default_factory=dict[str, Rows])
    private: bool = False
    """Whether registration is private, and one is pending."""

    async def set(self) -> None:
        """Make it."""
        add, sign_in = self.kit_app.add_user, self.kit_app.sign_in
        self.ids[ROOT] = await add(ROOT, is_superuser=True)
        for email in (ADA, BOB):
            self.ids[email] = await add(email)
        self.tokens["root"] = await sign_in(ROOT)
        self.tokens["phone"] = await sign_in(ADA)
        async with self.kit_app.client(headers=bearer(self.tokens["phone"])) as client:
            self.phone_session = (await client.get("/api/auth/sessions")).json()[0]["id"]
        self.tokens["laptop"] = await sign_in(ADA)
        # a token that was replaced long ago, hence stolen
        self.tokens["stolen"] = await sign_in(BOB)
        async with self.kit_app.client() as client:
            body = {"refresh_token": self.tokens["stolen"]["refresh_token"]}
            await client.post("/api/auth/refresh", json=body)
            # where failures are counted, the next login has one to forget
            await client.post("/api/auth/login", json={"email": ADA, "password": "wrong"})
        await self._have_links_mailed()
        self.kit_app.clock.advance(minutes=1)
        self.before = await dump(self.kit_app)
        self.journal.root = self.ids[ROOT]

    async def _have_links_mailed(self) -> None:
        async with self.kit_app.client() as client:
            for name, path in LINKS.items():
                await client.post(path, json={"email": ADA})
                await self._keep(name, ADA)
            if self.private:
                await client.post("/api/auth/register", json={**NEW, "email": LATE})
                await self._keep("registration", LATE)
        await self._have_addresses_changed()

    async def _have_addresses_changed(self) -> None:
        """Ada's change is pending; Carl's is done, and can be undone."""
        self.ids[CARL] = await self.kit_app.add_user(CARL, is_verified=True)
        carl = await self.kit_app.sign_in(CARL)
        for tokens, to in ((carl, "carl@new.example"), (self.tokens["phone"], MOVED)):
            async with self.kit_app.client(headers=bearer(tokens)) as client:
                body = {"new_email": to, "password": PASSWORD}
                await client.post("/api/auth/email/change", json=body)
        await self._keep("done", "carl@new.example")
        async with self.kit_app.client() as client:
            await client.post("/api/auth/email/change/confirm", json=self.tokens["done"])
        await self._keep("undo", CARL)
        await self._keep("change", MOVED)

    async def _keep(self, name: str, mailbox: str) -> None:
        self.tokens[name] = {"token": await mailed_token(self.kit_app, mailbox)}

    async def restore(self) -> None:
        """Put every row back as it was."""
        tables = IntBase.metadata.sorted_tables
        async with self.kit_app.sessions.begin() as session:
            for table in reversed(tables):
                await session.execute(delete(table))
            for table in tables:
                if self.before[table.name]:
                    await session.execute(insert(table), self.before[table.name])

    def normal(self, found: Dump) -> Dump:
        """Return a dump with new ids, hashes and salts called new."""

        def normal_row(table: str, row: dict[str, Any]) -> dict[str, Any]:
            return {
                column: self._normal_data(value)
                if column == "data"
                else (value if self._knows(table, column, value) else "new")
                for column, value in row.items()
            }

        return {
            table: sorted((normal_row(table, row) for row in rows), key=repr)
            for table, rows in found.items()
        }

    def _normal_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what an event says, with the id of a new session called new."""
        known = {None, *(str(row["id"]) for row in self.before["int_sessions"])}
        return {
            name: value if name != "session_id" or value in known else "new"
            for name, value in data.items()
        }

    def _knows(self, table: str, column: str, value: Any) -> bool:
        """Whether a value was there before, or is one that is always the same."""
        if value is None or column not in _VARIABLE:
            return True
        if column in {"user_id", "author_id"}:
            return value in self.ids.values() or value in map(str, self.ids.values())
        return any(row[column] == value for row in self.before[table])


async def dump(kit_app: KitApp) -> Dump:
    """Return every row of every table."""
    async with kit_app.sessions() as session:
        return {
            table.name: [
                dict(row) for row in (await session.execute(select(table))).mappings().all()
            ]
            for table in IntBase.metadata.sorted_tables
        }


@dataclass(frozen=True)
class Flow:
    """One way through a route.

    Args:
        status: What it is answered.
        again: What the same request is answered once it has had its effect.
        later: It is answered before anything is done, whatever comes of that.
        private: Registration is private.
    """

    route: str
    status: int
    again: int
    request: Callable[[Scene], Mapping[str, Any]]
    way: str = ""
    later: bool = False
    private: bool = False

    def __str__(self) -> str:
        return f"{self.route}-{self.way}" if self.way else self.route

    async def send(self, scene: Scene, client: httpx2.AsyncClient) -> httpx2.Response:
        """Send it."""
        return await client.request(**self.request(scene))


def asking(
    method: str, path: str, *, who: str = "", **options: Any
) -> Callable[[Scene], Mapping[str, Any]]:
    """Return what makes a request; names of people in the path become their ids."""

    def make(scene: Scene) -> Mapping[str, Any]:
        url = path.format(ada=scene.ids[ADA], bob=scene.ids[BOB], phone=scene.phone_session)
        headers = bearer(scene.tokens[who]) if who else {}
        return {"method": method, "url": url, "headers": headers, **options}

    return make


def presenting(path: str, which: str) -> Callable[[Scene], Mapping[str, Any]]:
    """Return what presents a refresh token."""

    def make(scene: Scene) -> Mapping[str, Any]:
        body = {"refresh_token": scene.tokens[which]["refresh_token"]}
        return {"method": "POST", "url": path, "json": body}

    return make


def following(path: str, which: str, **body: str) -> Callable[[Scene], Mapping[str, Any]]:
    """Return what presents the token of a link."""

    def make(scene: Scene) -> Mapping[str, Any]:
        return {"method": "POST", "url": path, "json": {**scene.tokens[which], **body}}

    return make


def _login(password: str, email: str = ADA) -> Callable[[Scene], Mapping[str, Any]]:
    return asking("POST", "/api/auth/login", json={"email": email, "password": password})


def _change(current: str) -> Callable[[Scene], Mapping[str, Any]]:
    body = {"current_password": current, "new_password": "another horse battery"}
    return asking("POST", "/api/auth/password/change", who="phone", json=body)


def _confirm(password: str) -> Callable[[Scene], Mapping[str, Any]]:
    body = {"password": password}
    return asking("POST", "/api/auth/password/confirm", who="phone", json=body)


LINKS = {
    "reset": "/api/auth/password/forgot",
    "verify": "/api/auth/email/verify/request",
    "magic": "/api/auth/magic-link",
}
"""Where each kind of link is asked for."""

NEW = {"email": "new@example.com", "password": PASSWORD, "name": "New"}

FLOWS = [
    Flow("register", 201, 400, asking("POST", "/api/auth/register", json=NEW)),
    Flow("login", 200, 200, _login(PASSWORD)),
    Flow("login", 401, 401, _login("not the password"), "wrong password"),
    Flow("change_password", 204, 400, _change(PASSWORD)),
    Flow("change_password", 400, 400, _change("not the password"), "wrong password"),
    Flow("confirm_password", 204, 204, _confirm(PASSWORD)),
    Flow("confirm_password", 400, 400, _confirm("not the password"), "wrong password"),
    Flow(
        "forgot_password",
        202,
        202,
        asking("POST", "/api/auth/password/forgot", json={"email": BOB}),
        later=True,
    ),
    Flow(
        "reset_password",
        204,
        400,
        following("/api/auth/password/reset", "reset", new_password="another horse battery"),
    ),
    Flow(
        "request_email_verification",
        202,
        202,
        asking("POST", "/api/auth/email/verify/request", json={"email": BOB}),
        later=True,
    ),
    Flow(
        "request_magic_link",
        202,
        202,
        asking("POST", "/api/auth/magic-link", json={"email": BOB}),
        later=True,
    ),
    Flow("log_in_by_magic_link", 200, 400, following("/api/auth/magic-link/login", "magic")),
    Flow("verify_email", 204, 400, following("/api/auth/email/verify", "verify")),
    Flow(
        "change_email",
        202,
        202,
        asking(
            "POST",
            "/api/auth/email/change",
            who="phone",
            json={"new_email": "ada@new.example", "password": PASSWORD},
        ),
    ),
    Flow("confirm_email_change", 204, 400, following("/api/auth/email/change/confirm", "change")),
    Flow(
        "undo_email_change",
        204,
        400,
        following("/api/auth/email/change/undo", "undo", new_password="another horse battery"),
    ),
    Flow("refresh", 200, 200, presenting("/api/auth/refresh", "phone")),
    Flow("refresh", 401, 401, presenting("/api/auth/refresh", "stolen"), "stolen"),
    Flow("logout", 204, 401, asking("POST", "/api/auth/logout", who="phone")),
    Flow("logout", 204, 401, presenting("/api/auth/logout", "phone"), "refresh token"),
    Flow("list_sessions", 200, 200, asking("GET", "/api/auth/sessions", who="phone")),
    Flow(
        "revoke_session",
        204,
        404,
        asking("DELETE", "/api/auth/sessions/{phone}", who="laptop"),
    ),
    Flow("revoke_other_sessions", 204, 204, asking("DELETE", "/api/auth/sessions", who="phone")),
    Flow("list_own_events", 200, 200, asking("GET", "/api/auth/events", who="phone")),
    Flow("list_events", 200, 200, asking("GET", "/api/auth/audit", who="root")),
    Flow("list_users", 200, 200, asking("GET", "/api/users?q=a", who="root"), "by number"),
    Flow("list_users", 200, 200, asking("GET", "/api/users?cursor=", who="root"), "by cursor"),
    Flow("create_user", 201, 400, asking("POST", "/api/users", who="root", json=NEW)),
    Flow("read_me", 200, 200, asking("GET", "/api/users/me", who="phone")),
    Flow("update_me", 200, 200, asking("PATCH", "/api/users/me", who="phone", json={"name": "A"})),
    Flow(
        "close_account",
        204,
        401,
        asking("DELETE", "/api/users/me", who="phone", json={"password": PASSWORD}),
    ),
    Flow("read_user", 200, 200, asking("GET", "/api/users/{bob}", who="root")),
    Flow(
        "update_user",
        200,
        200,
        asking("PATCH", "/api/users/{ada}", who="root", json={"email": "new@example.com"}),
        "address",
    ),
    Flow(
        "update_user",
        200,
        200,
        asking("PATCH", "/api/users/{ada}", who="root", json={"is_active": False}),
        "deactivate",
    ),
    Flow("delete_user", 204, 404, asking("DELETE", "/api/users/{ada}", who="root")),
]

PRIVATE_FLOWS = [
    Flow(
        "register",
        202,
        202,
        asking("POST", "/api/auth/register", json=NEW),
        "private",
        later=True,
        private=True,
    ),
    Flow(
        "verify_email",
        204,
        400,
        following("/api/auth/email/verify", "registration"),
        "private",
        private=True,
    ),
]
"""What is another way where registration is private."""
