"""No path, query or header yields a 5xx, an undocumented answer, or an echo."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from tests.invariants.probes import (
    BODIES,
    JSON,
    MARKER,
    Attacker,
    Operation,
    Probe,
    anonymous,
    with_body,
)
from tests.kit_app import KitApp
from tests.mailing import every_feature


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=every_feature())


@pytest.fixture
async def attacker(kit_app: KitApp) -> AsyncIterator[Attacker]:
    """Somebody who may do everything, so that every probe gets as far as it can."""
    async with kit_app.client() as client:
        yield Attacker(kit_app, client)


SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
"""For what is refused before any database is asked."""


def usual(operation: Operation) -> Probe:
    """Return a request with nothing wrong in it yet."""
    if operation.name in BODIES:
        return with_body(operation, BODIES[operation.name])
    return Probe(operation)


def with_headers(operation: Operation, *headers: tuple[str, bytes], expected: int = 0) -> Probe:
    probe = usual(operation)
    given = [(name, value.encode()) for name, value in JSON.items()] + list(headers)
    return replace(
        anonymous(probe), headers=given, expected=frozenset({expected} if expected else ())
    )


@SQLITE
async def test_two_authorization_headers_are_refused_everywhere(attacker: Attacker) -> None:
    """RFC 6750, section 2: one way at a time."""
    twice = [("Authorization", b"Bearer one"), ("authorization", b"Bearer two")]
    probes = [with_headers(one, *twice, expected=400) for one in attacker.operations]

    assert await attacker.complaints(*probes) == []


BROKEN_BEARERS = (
    b"Bearer", b"Bearer ", b"Bearer  ", b"bearer", b"Bearer a b", b"Bearer a,b", b"Bearer a, b",
    b"Bearer m4rk3r", b"Bearer a.b.c", b"Bearer ...", b"Bearer e30.e30.", b"Bearer \xff\xfe",
    b"Bearer \xed\xa0\x80", b"Bearer " + b"m4rk3r" * 10_000, b"BEARER x", b"Bearer\tx",
    b"Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.",
)  # fmt: skip
OTHER_SCHEMES = (b"", b" ", b"Basic bTRyazNy", b"m4rk3r", b"\xff", b"Digest a=b", b"BearerX y")
OPEN = (
    "register",
    "login",
    "refresh",
    "forgot_password",
    "reset_password",
    "verify_email",
    "request_magic_link",
    "log_in_by_magic_link",
    "undo_email_change",
)

OPTIONAL = ("request_email_verification", "confirm_email_change")
"""Where a token counts if there is one, and other schemes are none."""


@SQLITE
@pytest.mark.parametrize("value", [*BROKEN_BEARERS, *OTHER_SCHEMES])
async def test_credentials_that_are_none_are_refused(attacker: Attacker, value: bytes) -> None:
    # logout also looks into its body, where a refresh token may be
    probes = [
        with_headers(operation, ("Authorization", value), expected=401)
        for operation in attacker.operations
        if operation.name not in (*OPEN, *OPTIONAL)
    ]

    assert await attacker.complaints(*probes) == []


@SQLITE
async def test_credentials_are_not_looked_at_where_none_are_asked_for(attacker: Attacker) -> None:
    probes = [
        with_headers(operation, ("Authorization", value))
        for operation in attacker.of(*OPEN, *OPTIONAL)
        for value in (*BROKEN_BEARERS, *OTHER_SCHEMES)
    ]

    assert await attacker.complaints(*probes) == []


STRANGE_HEADERS = (
    ("User-Agent", b"\xff\xfe\x00" + b"m4rk3r" * 3000),
    ("User-Agent", "😀\u202e".encode()),
    ("X-Forwarded-For", b"m4rk3r, 1.2.3.4, ::1, \xff"),
    ("Forwarded", b'for="\xff"'),
    ("Host", b"evil.test\xff"),
    ("Cookie", b"access_token=m4rk3r; =; \xff"),
    ("Content-Length", b"-1"),
    ("Content-Length", b"\xb2"),
    ("Content-Length", b"m4rk3r"),
    ("Transfer-Encoding", b"m4rk3r"),
    ("Accept", b"application/xml;q=m4rk3r"),
    ("X-HTTP-Method-Override", b"DELETE"),
)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_strange_headers_are_answered(attacker: Attacker) -> None:
    probes = [
        replace(with_headers(operation, header), signed_in=True)
        for operation in attacker.operations
        for header in STRANGE_HEADERS
    ]

    assert await attacker.complaints(*probes) == []


STRANGE_COOKIES = (
    b"__Host-access=m4rk3r", b"__Host-access=", b"__Host-access=\xff\xfe", b"__Host-access=\x00",
    b'__Host-access="m4rk3r"', b"__Host-access=a; __Host-access=b", b"__Host-access",
    b"__Host-access=a.b.c; __Host-csrf=\xed\xa0\x80", b"__Host-access=" + b"m4rk3r" * 10_000,
    b"__Secure-refresh=m4rk3r", b"__Secure-refresh=rt." + b"0" * 5000, b";;;=;=", b"\xa0",
    b"__Secure-refresh=rt.00000000000000000000000000000000.9223372036854775808.000000000000."
    + b"m" * 43 + b"; __Host-csrf=\xff",
)  # fmt: skip
BESIDE_COOKIES = (
    ("X-Auth-Transport", b"m4rk3r\xff"),
    ("X-CSRF-Token", b"m4rk3r\xff"),
    ("Origin", b"m4rk3r\xff"),
    ("Sec-Fetch-Site", b"m4rk3r\xff"),
    ("Authorization", b"Bearer m4rk3r"),
)


@SQLITE
async def test_strange_cookies_are_answered(attacker: Attacker) -> None:
    by_cookie = ("X-Auth-Transport", b"cookie")
    probes = [
        with_headers(operation, *headers)
        for operation in attacker.of("refresh", "logout", "login", "read_me", "change_password")
        for headers in [
            *([("Cookie", cookie), by_cookie] for cookie in STRANGE_COOKIES),
            *([("Cookie", STRANGE_COOKIES[0]), beside] for beside in BESIDE_COOKIES),
        ]
    ]

    assert await attacker.complaints(*probes) == []


NO_TEXT = ("%00", "m4rk3r%00", "%ED%A0%80%00", "a%00b")


@SQLITE
async def test_nul_is_refused_in_every_query(attacker: Attacker) -> None:
    """As a value and as a name, known or not."""
    probes = [
        replace(usual(operation), query=query, expected=frozenset({422}))
        for operation in attacker.operations
        for value in NO_TEXT
        for query in (f"q={value}", f"{value}=1", f"unknown={value}")
    ]

    assert await attacker.complaints(*probes) == []


STRANGE_VALUES = (
    "", "-1", "0", str(2**31), str(2**62), str(2**63), str(-(2**70)), "1e9", "1_0", "%201%20",
    "9" * 5000, "NaN", "m4rk3r", "%FF", "%ED%A0%80", "null", "%25", "_", "%5C", "'--", "٣",
    "%F0%9F%98%80", "yes", "2", "id", "-id", "password", "hashed_password", "e30.e30.e30",
)  # fmt: skip


async def test_strange_values_are_answered_in_every_parameter(attacker: Attacker) -> None:
    [listing] = attacker.of("list_users")
    probes = [
        Probe(listing, query=query)
        for name in listing.parameters("query")
        for value in STRANGE_VALUES
        for query in (f"{name}={value}", f"{name}=1&{name}={value}", f"cursor=&{name}={value}")
    ]

    assert await attacker.complaints(*probes) == []


@SQLITE
@pytest.mark.parametrize(
    "query",
    [
        *(f"page={page}" for page in (0, -1, 2**62, 2**63, "1_0", "%201", "+1", "٣", "9" * 5000)),
        *(f"per_page={size}" for size in (0, -1, 101, 10**9, 2**63)),
        *(f"cursor=&limit={size}" for size in (0, -1, 101, 10**9, 2**63)),
        "order_by=hashed_password",
        "cursor=m4rk3r",
        "is_active=m4rk3r",
        "q=" + "x" * 300,
    ],
)
async def test_what_is_out_of_bounds_is_refused(attacker: Attacker, query: str) -> None:
    [listing] = attacker.of("list_users")

    probe = Probe(listing, query=query, expected=frozenset({422}))

    assert await attacker.complaints(probe) == []


async def test_the_last_page_there_can_be_is_answered(attacker: Attacker) -> None:
    [listing] = attacker.of("list_users")

    probe = Probe(listing, query="page=1000000000&per_page=100", expected=frozenset({200}))

    assert await attacker.complaints(probe) == []


IMPOSSIBLE_IDS = (
    "abc", "-1", "1_0", "%201%20", "+1", "01", "1.0", "1e3", "0x1", "٣", "%00", "%ED%A0%80", "%FF",
    str(2**31), str(2**32), str(2**63), str(-(2**70)), "9" * 5000, "m4rk3r", "null", "%0A1", "NaN",
    "00000000-0000-0000-0000-000000000000", "{user_id}%00", "{user_id}%20",
)  # fmt: skip


async def test_an_id_that_cannot_be_is_refused(attacker: Attacker) -> None:
    probes = [
        replace(
            usual(operation),
            path=operation.path.replace("{user_id}", impossible),
            expected=frozenset({404, 422}),
        )
        for operation in attacker.of("read_user", "update_user", "delete_user")
        for impossible in IMPOSSIBLE_IDS
    ]

    assert await attacker.complaints(*probes) == []


async def test_an_id_of_a_session_that_cannot_be_is_refused(attacker: Attacker) -> None:
    [revoke] = attacker.of("revoke_session")
    probes = [
        Probe(
            revoke,
            path=revoke.path.replace("{session_id}", impossible),
            expected=frozenset({404, 422}),
        )
        for impossible in (*IMPOSSIBLE_IDS, "0" * 32, "{{0}}", MARKER * 1000)
    ]

    assert await attacker.complaints(*probes) == []
