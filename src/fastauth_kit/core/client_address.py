"""Who is on the other end of a connection: the peer, or whom trusted proxies name.

Pure arithmetic. Of ``X-Forwarded-For`` only that part is believed which a
trusted proxy wrote; the rest is whatever the client liked to send.
``Forwarded`` (RFC 7239) is not read: a proxy that writes the one header
passes the other on untouched, and nobody but the deployment knows which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import cast

from fastauth_kit.core.errors import ConfigurationError

UNKNOWN_NETWORK = "unknown"
"""Of everybody whose address is not known; better one budget for all than none."""

IPV6_PREFIX = 64
"""What one customer has at the least (RFC 6177): the rest they choose as they like."""


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Which proxies stand in front of the app: their networks, or how many they are."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    count: int = 0

    def include(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether an address is that of a trusted proxy."""
        return any(address in network for network in self.networks)


def parse_trusted_proxies(given: object) -> TrustedProxies:
    """Return what ``AuthSettings(trusted_proxies=...)`` means.

    Raises:
        ConfigurationError: Neither networks nor a number of proxies.
    """
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return TrustedProxies(count=given)
    if not isinstance(given, list | tuple | set | frozenset):
        raise ConfigurationError(
            "trusted_proxies must be a list of networks, such as ['10.0.0.0/8'], "
            "or the number of proxies in front of the app"
        )
    try:
        return TrustedProxies(tuple(ip_network(str(text)) for text in cast("list[object]", given)))
    except ValueError as error:
        raise ConfigurationError(f"trusted_proxies: {error}") from None


def find_client(
    peer: str | None, forwarded_for: Sequence[str], trusted: TrustedProxies
) -> str | None:
    """Return the address of the client, or ``None`` if it is not known.

    Args:
        peer: Address of the connection's other end; ``None`` for a socket file.
        forwarded_for: Values of every ``X-Forwarded-For`` header, in order.
    """
    nearest = _parse(peer or "")
    if trusted.count or (nearest is not None and trusted.include(nearest)):
        named = [part for value in forwarded_for for part in value.split(",")]
        nearest = _through(nearest, named, trusted)
    return None if nearest is None else str(nearest)


def _through(
    nearest: IPv4Address | IPv6Address | None, named: Sequence[str], trusted: TrustedProxies
) -> IPv4Address | IPv6Address | None:
    """Walk from the app to the client, as far as somebody trusted speaks."""
    if trusted.count:
        enough = len(named) >= trusted.count
        return (_parse(named[-trusted.count]) if enough else None) or nearest
    for text in reversed(named):
        address = _parse(text)
        if address is None:
            break
        nearest = address
        if not trusted.include(address):
            break
    return nearest


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it: maybe with a port, in brackets, with a zone."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        # a link-local address may name one of our interfaces after "%"
        address = ip_address(text.partition("%")[0])
    except ValueError:  # a socket path, the name a test client gives, "unknown"
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def network_of(ip: str | None) -> str:
    """Return the network that counts as one client: an IPv4 address, an IPv6 /64."""
    address = _parse(ip or "")
    if address is None:
        return UNKNOWN_NETWORK
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address.packed, IPV6_PREFIX), strict=False))
