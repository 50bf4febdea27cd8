"""People who register, sign in, wander about, mistype, and leave."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.scale.client import Answer, Connection

PASSWORD = "correct horse battery"
OTHER_PASSWORD = "another long sentence"
ROOT = "root@example.com"

DEEP = b"[" * 400 + b"]" * 400
RUBBISH = (b"{", b"\xff\xfe\x00", b'{"email": 1}', b'{"email": NaN}', DEEP, b"")


@dataclass(frozen=True)
class Timed:
    """One request that was answered."""

    at: float
    kind: str
    seconds: float


@dataclass
class Journal:
    """What happened; ``at`` counts from the beginning."""

    began: float = field(default_factory=time.monotonic)
    requests: list[Timed] = field(default_factory=list[Timed])
    errors: list[str] = field(default_factory=list[str])

    def elapsed(self) -> float:
        return time.monotonic() - self.began


class Actor:
    """Somebody with a connection, who sends a request every now and then.

    Args:
        pause: Seconds between two requests.
    """

    def __init__(self, port: int, journal: Journal, pause: float, until: float) -> None:
        self._connection = Connection(port)
        self._journal = journal
        self._pause = pause
        self._until = until

    @property
    def may_go_on(self) -> bool:
        return self._journal.elapsed() < self._until

    async def ask(self, kind: str, method: str, path: str, status: int, **options: Any) -> Any:
        """Send a request; anything but the expected status is an error."""
        await asyncio.sleep(self._pause)
        journal = self._journal
        try:
            answer: Answer = await self._connection.send(method, path, **options)
        except OSError as error:
            journal.errors.append(f"{kind}: {error!r}")
            return {}
        journal.requests.append(Timed(journal.elapsed(), kind, answer.seconds))
        if answer.status != status:
            journal.errors.append(f"{kind}: {answer.status} {answer.body[:200]!r}")
            return {}
        return answer.json() if answer.body else {}

    async def sign_in(self, email: str, password: str) -> Mapping[str, Any]:
        body = {"email": email, "password": password}
        tokens: Mapping[str, Any] = await self.ask("login", "POST", "/auth/login", 200, body=body)
        return tokens

    async def close(self) -> None:
        await self._connection.close()


def bearer(tokens: Mapping[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.get('access_token', '')}"}


async def live(actor: Actor, name: str) -> None:
    """Go through a life again and again, each time with a new account."""
    number = 0
    while actor.may_go_on:
        number += 1
        email = f"{name}-{number}@example.com"
        await actor.ask(
            *("register", "POST", "/auth/register", 201),
            body={"email": email, "password": PASSWORD},
        )
        wrong = {"email": email, "password": "not the password"}
        await actor.ask("wrong password", "POST", "/auth/login", 401, body=wrong)
        tokens = await actor.sign_in(email, PASSWORD)
        for day in range(6):
            if not actor.may_go_on:
                break
            tokens = await _one_day(actor, tokens, day)
        await _leave(actor, tokens, email)
    await actor.close()


async def _one_day(actor: Actor, tokens: Mapping[str, Any], day: int) -> Mapping[str, Any]:
    for _ in range(5):
        await actor.ask("me", "GET", "/users/me", 200, headers=bearer(tokens))
    body = {"refresh_token": tokens.get("refresh_token", "")}
    tokens = await actor.ask("refresh", "POST", "/auth/refresh", 200, body=body)
    await actor.ask("sessions", "GET", "/auth/sessions", 200, headers=bearer(tokens))
    rubbish = RUBBISH[day % len(RUBBISH)]
    await actor.ask("bad input", "POST", "/auth/login", 422, raw=rubbish)
    forged = {"access_token": str(tokens.get("access_token", ""))[:-3] + "AAA"}
    await actor.ask("forged token", "GET", "/users/me", 401, headers=bearer(forged))
    return tokens


async def _leave(actor: Actor, tokens: Mapping[str, Any], email: str) -> None:
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    path = "/auth/password/change"
    await actor.ask("password change", "POST", path, 204, body=body, headers=bearer(tokens))
    again = await actor.sign_in(email, OTHER_PASSWORD)
    await actor.ask("logout", "POST", "/auth/logout", 204, headers=bearer(again))
    await actor.ask("me, signed out", "GET", "/users/me", 401, headers=bearer(again))


async def administer(actor: Actor) -> None:
    """Look through the accounts; make one, change it, delete it."""
    number = 0
    while actor.may_go_on:
        number += 1
        headers = bearer(await actor.sign_in(ROOT, PASSWORD))
        page = await actor.ask("admin page", "GET", "/users?cursor=", 200, headers=headers)
        cursor = page.get("next_cursor") or ""
        path = f"/users?cursor={cursor}"
        await actor.ask("admin page", "GET", path, 200, headers=headers)
        await actor.ask("admin page", "GET", "/users?page=2", 200, headers=headers)
        body = {"email": f"made-{number}@example.com", "password": PASSWORD}
        made = await actor.ask("admin create", "POST", "/users", 201, body=body, headers=headers)
        path = f"/users/{made.get('id', 0)}"
        change = {"is_active": False}
        await actor.ask("admin change", "PATCH", path, 200, body=change, headers=headers)
        await actor.ask("admin delete", "DELETE", path, 204, headers=headers)
        await actor.ask("logout", "POST", "/auth/logout", 204, headers=headers)
    await actor.close()
