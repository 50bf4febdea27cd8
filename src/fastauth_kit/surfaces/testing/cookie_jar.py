"""What a browser does with the answer to a login."""

import json
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.transport import transport_of


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client sends from now on: headers, and cookies as name, value and path."""

    headers: dict[str, str]
    cookies: tuple[tuple[str, str, str], ...] = ()

    def give_to(self, client: Any) -> None:
        """Have a client send them."""
        client.headers.update(self.headers)
        for name, value, path in self.cookies:
            client.cookies.set(name, value, path=path)


def as_bearer(issued: IssuedSession) -> Credentials:
    """Return the Authorization header."""
    return Credentials({"Authorization": f"Bearer {issued.access_token}"})


def as_cookies(auth: AuthKit[Any], issued: IssuedSession) -> Credentials:
    """Return what a page has after a login with ``X-Auth-Transport: cookie``.

    Raises:
        ConfigurationError: The app has no ``Cookies``.
    """
    transport = transport_of(auth)
    if transport is None:
        raise ConfigurationError("add Cookies() to AuthKit(features=...)")
    answer = transport.deliver(auth, issued)
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.getlist("set-cookie"):
        jar.load(header)
    cookies = tuple((name, item.value, item["path"]) for name, item in jar.items())
    headers = {"X-CSRF-Token": str(json.loads(bytes(answer.body))["csrf_token"])}
    return Credentials(headers, cookies)
