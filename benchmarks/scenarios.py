"""What a client says, the same to every contender.

A scenario is a generator: it yields requests and is sent the bodies of their
answers. Those that need a token log in first, which is a part of the warm-up.
"""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from secrets import token_hex
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from benchmarks.contenders import Contender

PASSWORD: Final = "correct horse battery staple"

WARM_UP: Final = 2
"""Requests of each client before those that count: the first may be a login."""


@dataclass(frozen=True)
class Request:
    """One request, for a socket (``raw``) and for an app in the same process."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @cached_property
    def raw(self) -> bytes:
        """What goes over the wire."""
        headers = [("host", "bench"), *self.headers]
        if self.body:
            headers.append(("content-length", str(len(self.body))))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {v}" for name, v in headers)]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def address(number: int, hash_parameters: str) -> str:
    """Return the address of an account whose hash has these parameters."""
    return f"user{number}.{hash_parameters.replace(',', '-')}@example.com"


Talk: TypeAlias = Generator[Request, bytes, None]
Scenario: TypeAlias = Callable[[Contender, str], Talk]
"""Takes the contender and the address of an account that exists."""


def me(contender: Contender, address: str) -> Talk:
    """Read the signed-in user, over and over."""
    yield from _signed_in(contender, address, contender.me)


def claims(contender: Contender, address: str) -> Talk:
    """Have the token checked, without a database."""
    assert contender.claims is not None
    yield from _signed_in(contender, address, contender.claims)


def login(contender: Contender, address: str) -> Talk:
    """Log in, over and over."""
    request = _login(contender, address)
    while True:
        yield request


def refresh(contender: Contender, address: str) -> Talk:
    """Exchange each refresh token for the next."""
    assert contender.refresh is not None
    tokens = json.loads((yield _login(contender, address)))
    while True:
        body = {"refresh_token": tokens["refresh_token"]}
        tokens = json.loads((yield _json("POST", contender.refresh, body)))


def register(contender: Contender, address: str) -> Talk:
    """Make one account after another."""
    run = token_hex(6)
    for number in count():
        body = {"email": f"{run}.{number}.{address}", "password": PASSWORD, "name": "Ada"}
        yield _json("POST", contender.register, body)


def _signed_in(contender: Contender, address: str, path: str) -> Talk:
    tokens = json.loads((yield _login(contender, address)))
    request = Request("GET", path, (("authorization", f"Bearer {tokens['access_token']}"),))
    while True:
        yield request


def _login(contender: Contender, address: str) -> Request:
    form = urlencode({"username": address, "password": PASSWORD}).encode()
    header = ("content-type", "application/x-www-form-urlencoded")
    return Request("POST", contender.login, (header,), form)


def _json(method: str, path: str, body: dict[str, Any]) -> Request:
    header = ("content-type", "application/json")
    return Request(method, path, (header,), json.dumps(body).encode())


SCENARIOS: Final[dict[str, Scenario]] = {
    "me": me,
    "claims": claims,
    "login": login,
    "refresh": refresh,
    "register": register,
}


def takes_part(contender: Contender, scenario: str) -> bool:
    """Whether a contender has the route."""
    return getattr(contender, scenario) is not None
