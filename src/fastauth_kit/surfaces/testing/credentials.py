"""What a client keeps of the answer to a login."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.transport import transport_of

try:
    import httpx2 as httpx2  # noqa: PLC0414  # the clients are made of it, too
except ImportError as _error:
    raise ImportError("the test kit needs httpx2: pip install 'fastauth-kit[testing]'") from _error

Transport = Literal["bearer", "cookie"]
Client = httpx2.Client | httpx2.AsyncClient

BASE_URL = "https://testserver"
"""With TLS, as browsers ask of cookies whose name begins with ``__Host-``."""


def credentials(
    auth: AuthKit[Any], issued: IssuedSession, transport: Transport
) -> Callable[[Client], None]:
    """Return what signs a client in, with the tokens that were issued.

    Raises:
        ConfigurationError: Cookies are asked for, and the app has none.
    """
    if transport == "bearer":
        return partial(_take_bearer, issued.access_token)
    carrier = transport_of(auth)
    if carrier is None:
        raise ConfigurationError("add Cookies() to AuthKit(features=...)")
    answer = carrier.deliver(auth, issued)
    return partial(_take_cookies, answer.raw_headers, bytes(answer.body))


def _take_bearer(token: str, client: Client) -> None:
    client.headers["Authorization"] = f"Bearer {token}"


def _take_cookies(headers: list[tuple[bytes, bytes]], body: bytes, client: Client) -> None:
    """Do what a browser and the page in it do."""
    request = httpx2.Request("POST", BASE_URL)
    client.cookies.extract_cookies(httpx2.Response(200, headers=headers, request=request))
    client.headers["X-CSRF-Token"] = str(json.loads(body)["csrf_token"])
