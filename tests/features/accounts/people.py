"""People of the tests, and the parts they meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy import event, select, update

from fastauth_kit import (
    AuthKit,
    Device,
    Event,
    EventSink,
    Passwords,
    Work,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.login import finish_login
from fastauth_kit.features.passwords import PasswordHasher
from fastauth_kit.features.passwords.passlib_interface import PasswordContext
from tests.kit_app import KitApp, bearer, cheap_context

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Person:
    """Somebody signed in."""

    id: Any
    tokens: Mapping[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """What a request of theirs carries."""
        return bearer(dict(self.tokens))


async def join(kit_app: KitApp, email: str = "ada@example.com", **columns: Any) -> Person:
    """Make an account and sign in."""
    user_id = await kit_app.add_user(email, **columns)
    return Person(user_id, await kit_app.sign_in(email))


async def join_without_password(kit_app: KitApp, email: str = "ada@example.com") -> Person:
    """Make an account without a password and sign in, as a link in a mail would."""
    user_id = await kit_app.add_user(email, password=None)
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.find_user(work, email)
        issued = await finish_login(work, user, methods=("email",), device=Device())
    assert isinstance(issued, IssuedSession)
    tokens = {"access_token": issued.access_token, "refresh_token": issued.refresh_token}
    return Person(user_id, tokens)


async def stored(kit_app: KitApp, user_id: Any) -> Any:
    """Return an account as the database has it; ``None`` if it has none."""
    model = kit_app.user_model
    async with kit_app.sessions() as session:
        return await session.scalar(select(model).where(model.id == user_id))


async def store(kit_app: KitApp, user_id: Any, **columns: Any) -> None:
    """Write columns of an account behind the kit's back."""
    model = kit_app.user_model
    statement = update(model).where(model.id == user_id)
    async with kit_app.sessions.begin() as session:
        await session.execute(statement.values(updated_at=model.updated_at, **columns))


async def works(client: httpx2.AsyncClient, person: Person) -> bool:
    """Whether the access token of somebody opens a door."""
    answer = await client.get("/api/users/me", headers=person.headers)
    assert answer.status_code in {200, 401}, answer.text
    return answer.status_code == 200


def enforce_foreign_keys(kit_app: KitApp) -> None:
    """SQLite enforces them only for a connection that asks."""

    def ask(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    if kit_app.engine.dialect.name == "sqlite":
        # the app's, and the one that tests call operations over; often they are one
        for engine in {kit_app.app_engine, kit_app.engine.sync_engine}:
            event.listen(engine, "connect", ask)


@dataclass
class Heard(EventSink):
    """A caller's part that remembers what it was told."""

    events: list[Event] = field(default_factory=list[Event])

    async def receive(self, work: Work, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[EventT]) -> Sequence[EventT]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Counted:
    """A password context that counts its work."""

    context: PasswordContext = field(default_factory=cheap_context)
    work: list[str] = field(default_factory=list[str])

    def hash(self, secret: str, /) -> str:
        self.work.append("hash")
        return self.context.hash(secret)

    def verify(self, secret: str, hash: str, /) -> bool:
        self.work.append("verify")
        return self.context.verify(secret, hash)

    def needs_update(self, hash: str, /) -> bool:
        return self.context.needs_update(hash)

    def is_enabled(self, hash: str, /) -> bool:
        return self.context.is_enabled(hash)


def rebuilt(kit_app: KitApp, *, hasher: PasswordHasher | None = None, **options: Any) -> KitApp:
    """Return another installation on the same database, with other parts.

    A hasher that is given should share the pool of the first installation,
    which is the one that is closed.
    """
    if hasher is not None:
        options["features"] = tuple(
            Passwords(hasher=hasher) if isinstance(part, Passwords) else part
            for part in kit_app.auth.features
        )
    auth: AuthKit[Any] = replace(kit_app.auth, **options)
    app = FastAPI()
    app.include_router(get_auth_router(auth), prefix="/api/auth")
    app.include_router(get_users_router(auth), prefix="/api/users")
    return replace(kit_app, app=app, auth=auth)


def pool_of(kit_app: KitApp) -> Any:
    """Return the hashing threads of an installation, to be shared."""
    return kit_app.auth.feature(Passwords).hasher.pool


async def session_of(kit_app: KitApp, person: Person) -> Any:
    """Return the row of the session that somebody has, whatever became of it."""
    session_id = UUID(person.tokens["refresh_token"].split(".")[1])
    model = kit_app.session_model
    async with kit_app.sessions() as session:
        return await session.scalar(select(model).where(model.id == session_id))
