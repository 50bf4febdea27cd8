"""Whose address a request has, whatever its headers say."""

from typing import Any

import httpx2
import pytest

from fastauth_kit.core.client_address import find_client, network_of, parse_trusted_proxies
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.settings import AuthSettings
from tests.kit_app import SECRET, KitApp, bearer

INSIDE = ["10.0.0.0/8", "2001:db8:1::/48"]


def client(peer: str | None, *headers: str, trusted: Any = INSIDE) -> str | None:
    return find_client(peer, headers, parse_trusted_proxies(trusted))


@pytest.mark.parametrize("header", ["198.51.100.1", "10.0.0.2", "garbage", ""])
def test_without_trusted_proxies_the_peer_it_is(header: str) -> None:
    assert client("10.0.0.1", header, trusted=()) == "10.0.0.1"


def test_a_stranger_names_nobody() -> None:
    assert client("203.0.113.7", "198.51.100.1") == "203.0.113.7"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (("198.51.100.1",), "198.51.100.1"),
        # what the client sent stands to the left of what a proxy wrote
        (("1.1.1.1, 198.51.100.1",), "198.51.100.1"),
        (("1.1.1.1", "198.51.100.1"), "198.51.100.1"),
        (("198.51.100.1, 10.1.2.3",), "198.51.100.1"),
        (("1.1.1.1, 198.51.100.1, 10.1.2.3, 10.0.0.9",), "198.51.100.1"),
        (("198.51.100.1", "10.1.2.3, 10.0.0.9"), "198.51.100.1"),
        (("198.51.100.1:4711",), "198.51.100.1"),
        (("2001:db8::1",), "2001:db8::1"),
        (("[2001:db8::1]",), "2001:db8::1"),
        (("[2001:db8::1]:4711",), "2001:db8::1"),
        (('"[2001:db8::1]:4711"',), "2001:db8::1"),
        (("::ffff:198.51.100.1",), "198.51.100.1"),
        (("fe80::1%eth0",), "fe80::1"),
        (("198.51.100.1, 2001:db8:1::7",), "198.51.100.1"),
        # everybody is trusted: the farthest one is the client
        (("10.0.0.7, 10.0.0.8",), "10.0.0.7"),
        # nothing that could be believed: the nearest proxy
        ((), "10.0.0.1"),
        (("",), "10.0.0.1"),
        (("unknown",), "10.0.0.1"),
        (("198.51.100.1, _hidden",), "10.0.0.1"),
        (("198.51.100.1, garbage, 10.0.0.9",), "10.0.0.9"),
        (("198.51.100.256",), "10.0.0.1"),
        (("[2001:db8::1",), "2001:db8::1"),
        (("198.51.100.1,",), "10.0.0.1"),
        (("\u0661.1.1.1",), "10.0.0.1"),
    ],
)
def test_trusted_networks_are_believed_and_nobody_behind_them(
    headers: tuple[str, ...], found: str
) -> None:
    assert client("10.0.0.1", *headers) == found


def test_a_mapped_peer_is_in_an_ipv4_network() -> None:
    assert client("::ffff:10.0.0.1", "198.51.100.1") == "198.51.100.1"


@pytest.mark.parametrize(
    ("count", "peer", "headers", "found"),
    [
        (1, "10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        (1, "10.0.0.1", ("1.1.1.1, 198.51.100.1",), "198.51.100.1"),
        (1, "10.0.0.1", ("1.1.1.1", "198.51.100.1"), "198.51.100.1"),
        (2, "10.0.0.1", ("1.1.1.1, 198.51.100.1, 10.0.0.9",), "198.51.100.1"),
        # it has passed fewer than there are: nobody trusted spoke
        (2, "10.0.0.1", ("1.1.1.1",), "10.0.0.1"),
        (1, "10.0.0.1", (), "10.0.0.1"),
        (1, "10.0.0.1", ("unknown",), "10.0.0.1"),
        # over a socket file
        (1, None, ("198.51.100.1",), "198.51.100.1"),
        (1, "/run/app.sock", ("198.51.100.1",), "198.51.100.1"),
        (1, None, (), None),
        (0, "10.0.0.1", ("198.51.100.1",), "10.0.0.1"),
    ],
)
def test_a_number_of_proxies_is_counted_from_the_right(
    count: int, peer: str | None, headers: tuple[str, ...], found: str | None
) -> None:
    assert client(peer, *headers, trusted=count) == found


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:0:0:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        (None, "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_a_network_is_what_one_customer_has(ip: str | None, network: str) -> None:
    assert network_of(ip) == network


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("10.0.0.0/8", "must be a list of networks"),
        (-1, "must be a list of networks"),
        (True, "must be a list of networks"),
        (None, "must be a list of networks"),
        (["10.0.0.1/8"], "has host bits set"),
        (["proxy.internal"], "does not appear to be"),
        ([1], "does not appear to be"),
    ],
)
def test_what_trusts_nobody_in_particular_is_refused_at_start(given: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        AuthSettings(secret_key=SECRET, trusted_proxies=given)


@pytest.mark.parametrize(
    ("trusted", "ip"),
    [((), "203.0.113.7"), (["203.0.113.0/24"], "198.51.100.1"), (1, "198.51.100.1")],
)
async def test_a_session_shows_the_address_that_is_believed(
    make_app: Any, trusted: Any, ip: str
) -> None:
    kit_app: KitApp = make_app(settings=AuthSettings(secret_key=SECRET, trusted_proxies=trusted))
    await kit_app.add_user()
    headers = {"X-Forwarded-For": "1.1.1.1, 198.51.100.1"}
    body = {"email": "ada@example.com", "password": "correct horse battery"}

    async with kit_app.client() as web:
        tokens = (await web.post("/api/auth/login", json=body, headers=headers)).json()
        answer: httpx2.Response = await web.get("/api/auth/sessions", headers=bearer(tokens))

    assert [session["ip"] for session in answer.json()] == [ip]
