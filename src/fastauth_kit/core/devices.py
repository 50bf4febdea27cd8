"""Where a request comes from."""

from fastapi.requests import HTTPConnection

from fastauth_kit.core.client_address import find_client
from fastauth_kit.core.hooks import Device
from fastauth_kit.core.settings import AuthSettings
from fastauth_kit.core.text import printable

MAX_USER_AGENT = 255


def device_of(connection: HTTPConnection, settings: AuthSettings) -> Device:
    """Return where a request came from, and what it calls itself.

    The address is that of the peer, unless ``trusted_proxies`` says who names
    another.
    """
    agent = printable(connection.headers.get("user-agent", ""), at_most=MAX_USER_AGENT)
    peer = None if connection.client is None else connection.client.host
    forwarded = connection.headers.getlist("x-forwarded-for")
    return Device(ip=find_client(peer, forwarded, settings.proxies), user_agent=agent or None)
