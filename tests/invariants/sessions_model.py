"""What the state machine believes: who has which tokens, and which of them work."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import httpx2
from sqlalchemy import NullPool

from tests.kit_app import KitApp, build_app

T = TypeVar("T")

ACCESS = timedelta(minutes=30)
IDLE = timedelta(hours=4)
ABSOLUTE = timedelta(hours=10)
GRACE = timedelta(seconds=10)

NAMES = ("root", "ada", "bob")
PASSWORDS = ("correct horse battery", "another horse battery")

AMOUNTS = [GRACE / 2, GRACE * 2, GRACE * 2, GRACE * 2, ACCESS / 2, ACCESS, IDLE / 2, IDLE]
MOMENTS = [GRACE * 2, GRACE / 2, -GRACE]
"""When the predecessor comes: too late, in time, or by a clock that disagrees."""


@dataclass
class Login:
    """What the model knows of one session."""

    access: dict[str, datetime]
    """Each access token, and when it expires."""
    refresh: list[str]
    """Every refresh token, in the order they were given."""
    idle_ends: datetime
    ends: datetime
    rotated: datetime
    over: bool = False


@dataclass
class Person:
    """What the model knows of one account."""

    id: Any
    password: str
    active: bool = True
    superuser: bool = False
    logins: list[Login] = field(default_factory=list[Login])

    @property
    def administers(self) -> bool:
        return self.active and self.superuser


class Model:
    """Everybody there is, and what must be true of them now."""

    kit: KitApp
    people: dict[str, Person]

    @property
    def now(self) -> datetime:
        return self.kit.clock.now

    def in_force(self, login: Login) -> bool:
        return not login.over and self.now < login.idle_ends and self.now < login.ends

    def works(self, person: Person, login: Login, token: str) -> bool:
        # a token's times are whole seconds
        fresh = self.now.timestamp() < int(login.access[token].timestamp())
        return fresh and person.active and self.in_force(login)

    def a_token(self, person: Person) -> str | None:
        """Return an access token of this person that works, if there is one."""
        for login in person.logins:
            for token in login.access:
                if self.works(person, login, token):
                    return token
        return None

    def admin(self) -> tuple[Person, str] | None:
        """Return a superuser who is signed in, and their token."""
        for person in self.people.values():
            token = self.a_token(person) if person.superuser else None
            if token:
                return person, token
        return None

    def end(self, person: Person, *, keep: Login | None = None) -> None:
        for login in person.logins:
            login.over = login.over or login is not keep

    def is_last(self, person: Person) -> bool:
        others = [one for one in self.people.values() if one is not person and one.administers]
        return person.administers and not others

    def login_of(self, person: Person, number: int) -> Login | None:
        return person.logins[number % len(person.logins)] if person.logins else None

    def living(self, rotated: int = 0) -> list[tuple[Person, Login]]:
        """Return the logins that can be refreshed, rotated so often at least."""
        return [
            (person, login)
            for person in self.people.values()
            for login in person.logins
            if person.active and self.in_force(login) and len(login.refresh) > rotated
        ]

    def ended(self) -> list[tuple[Person, Login]]:
        """Return the logins that nothing brings back, or nothing but the account's return."""
        return [
            (person, login)
            for person in self.people.values()
            for login in person.logins
            if not (person.active and self.in_force(login))
        ]

    def pick(self, logins: list[tuple[Person, Login]], number: int) -> tuple[Person, Login]:
        """Return one of them, whatever the number."""
        return logins[number % len(logins)]

    def give(self, login: Login, access_token: str) -> None:
        """Take note of an access token."""
        login.access[access_token] = min(self.now + ACCESS, login.ends)


class Installation(Model):
    """The real one beside the model, in an event loop of its own."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        lifetimes = {
            "access_token_lifetime": ACCESS,
            "idle_lifetime": IDLE,
            "absolute_lifetime": ABSOLUTE,
            "refresh_grace": GRACE,
        }
        # NullPool: this machine's loop ends before the next one's begins
        self.kit: KitApp = build_app(
            self.url, sessions_options=lifetimes, engine_options={"poolclass": NullPool}
        )
        self.client = self.kit.client()
        self.people: dict[str, Person] = {}

    def run(self, doing: Awaitable[T]) -> T:
        async def wait() -> T:
            return await doing

        return self.runner.run(wait())

    def send(self, method: str, path: str, token: str = "", body: Any = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.run(self.client.request(method, f"/api{path}", headers=headers, json=body))

    def teardown(self) -> None:
        self.run(self.client.aclose())
        self.run(self.kit.auth.aclose())
        self.run(self.kit.engine.dispose())
        self.runner.close()
