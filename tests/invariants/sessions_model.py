"""What the state machine believes: who has which tokens, and which of them work."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.kit_app import KitApp

ACCESS = timedelta(minutes=30)
IDLE = timedelta(hours=4)
ABSOLUTE = timedelta(hours=10)
GRACE = timedelta(seconds=10)


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
