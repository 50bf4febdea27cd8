"""Makes the cookie transport look like the bearer contract, so that its tests run over both.

It stands between the tests' client and the app, and does what a browser and a page
would do together: tokens go in as cookies, and come out of them again.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

from fastauth_kit import AuthKit
from fastauth_kit.features.cookies.csrf import make_csrf_token

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BEARER = re.compile(rb"(?i:bearer) ([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+)")
VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
"""What may stand in a cookie (RFC 6265, section 4.1.1); anything else stays where it is."""

SESSION = re.compile(r"rt\.([0-9a-f]{32})\.")


@dataclass
class CookieFront:
    """A browser's jar, for any number of clients of one app."""

    csrf_tokens: dict[str, str] = field(default_factory=dict[str, str])
    """By session, as they came."""

    def before(self, app: App, auth: AuthKit[Any]) -> App:
        """Return the app as seen through the jar."""

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            body = await _whole(receive)
            headers, cookies = _take_access(list(scope["headers"]))
            token = _refresh_token(scope, body)
            if token is not None:
                body, headers = b"", _without_body(headers)
                cookies += self._refresh_cookies(auth, token)
            if cookies:
                headers.append((b"cookie", "; ".join(cookies).encode()))
            headers += [(b"sec-fetch-site", b"same-origin"), (b"x-auth-transport", b"cookie")]
            answer = _Answer(self.csrf_tokens)
            await app({**scope, "headers": headers}, _again(body), answer.take)
            await answer.give(send)

        return front

    def _refresh_cookies(self, auth: AuthKit[Any], token: str) -> list[str]:
        found = SESSION.match(token)
        session = found[1] if found else "0" * 32
        own = self.csrf_tokens.get(session) or make_csrf_token(auth.keys, UUID(session))
        return [f"__Secure-refresh={token}", f"__Host-csrf={own}"]


def _take_access(headers: Headers) -> tuple[Headers, list[str]]:
    """Make one good bearer header a cookie."""
    given = [value for name, value in headers if name == b"authorization"]
    match = BEARER.fullmatch(given[0]) if len(given) == 1 else None
    if match is None:
        return headers, []
    kept = [(name, value) for name, value in headers if name != b"authorization"]
    return kept, [f"__Host-access={match[1].decode()}"]


def _refresh_token(scope: Scope, body: bytes) -> str | None:
    """Return the token of a body that has nothing else in it, if a cookie can hold it."""
    if not scope["path"].endswith("/refresh"):
        return None
    try:
        given = json.loads(body)
    except ValueError:
        return None
    if not (isinstance(given, dict) and list(given) == ["refresh_token"]):
        return None
    token = given["refresh_token"]
    return token if isinstance(token, str) and VALUE.fullmatch(token) else None


def _without_body(headers: Headers) -> Headers:
    return [
        (name, value) for name, value in headers if name not in (b"content-length", b"content-type")
    ]


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


class _Answer:
    """An answer that is held until it is whole."""

    def __init__(self, csrf_tokens: dict[str, str]) -> None:
        self._csrf_tokens = csrf_tokens
        self._start: Message = {}
        self._body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")

    async def give(self, send: Send) -> None:
        headers: Headers = list(self._start["headers"])
        set_cookies = [value for name, value in headers if name == b"set-cookie"]
        if b'"token_type":"cookie"' in self._body:
            self._body = self._with_tokens(set_cookies)
        dropped = (b"set-cookie", b"content-length")
        headers = [(name, value) for name, value in headers if name not in dropped]
        if self._start["status"] != 204:
            headers.append((b"content-length", str(len(self._body)).encode()))
        await send({**self._start, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})

    def _with_tokens(self, set_cookies: list[bytes]) -> bytes:
        """Return the body that the bearer contract has."""
        jar: Any = SimpleCookie()
        for cookie in set_cookies:
            jar.load(cookie.decode("latin-1"))
        own = json.loads(self._body)
        assert set(own) == {"token_type", "expires_in", "csrf_token"}
        assert jar["__Host-csrf"].value == own["csrf_token"]
        refresh = jar["__Secure-refresh"].value
        found = SESSION.match(refresh)
        assert found is not None
        self._csrf_tokens[found[1]] = own["csrf_token"]
        tokens = {
            "access_token": jar["__Host-access"].value,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": own["expires_in"],
        }
        return json.dumps(tokens).encode()
