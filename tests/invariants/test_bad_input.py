"""No input yields a 5xx, an answer that is not documented, or an echo of what was sent."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from fastauth_kit import Work
from fastauth_kit.features.passwords import LoginFailed
from tests.core.parts import On
from tests.invariants.probes import (
    BODIES,
    FORM,
    FORMS,
    JSON,
    MARKER,
    Attacker,
    Operation,
    Probe,
    anonymous,
    with_body,
    with_bytes,
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


UNSPEAKABLE = ("\ud800", f"{MARKER}\udfff", f"{MARKER}\x00", "\x00", "\udc00\ud800")
"""Lone surrogates, halves in the wrong order, and NUL."""

STRANGE = ("", " ", "\t\r\n", MARKER * 5000, "e\u0301" * 3000, "\u202e" + MARKER, "😀", "K", "'--")

WRONG: tuple[Any, ...] = (
    None, True, 0, 1.5, -1, 2**31, 2**63, -(2**70), 10**4000, [], [MARKER], {}, {MARKER: MARKER},
    [[[[MARKER]]]], "true", "1",
)  # fmt: skip


def changed(operation: Operation, values: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """Yield bodies in which one field has another value."""
    for name in BODIES[operation.name]:
        for value in values:
            yield BODIES[operation.name] | {name: value}


def test_a_body_of_each_operation_is_known_with_every_field(kit_app: KitApp) -> None:
    schema = kit_app.app.openapi()

    def fields(described: dict[str, Any]) -> set[str]:
        body = described["requestBody"]["content"]["application/json"]["schema"]
        for part in (body, *body.get("anyOf", ())):
            if "$ref" in part:
                body = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
        return set(body["properties"])

    described = [one for methods in schema["paths"].values() for one in methods.values()]
    wanted = {one["operationId"]: fields(one) for one in described if "requestBody" in one}

    assert wanted == {name: set(body) for name, body in BODIES.items()}


async def test_text_that_is_none_is_refused_in_every_field(attacker: Attacker) -> None:
    probes = [
        with_body(operation, body, 422)
        for operation in attacker.of(*BODIES)
        for body in changed(operation, UNSPEAKABLE)
    ]

    assert await attacker.complaints(*probes) == []


async def test_names_of_fields_that_are_no_text_are_refused(attacker: Attacker) -> None:
    probes = [
        with_body(operation, BODIES[operation.name] | {name: "x"}, 422)
        for operation in attacker.of(*BODIES)
        for name in UNSPEAKABLE
    ]

    assert await attacker.complaints(*probes) == []


async def test_strange_text_is_answered_in_every_field(attacker: Attacker) -> None:
    probes = [
        with_body(operation, body)
        for operation in attacker.of(*BODIES)
        for body in changed(operation, STRANGE)
    ]

    assert await attacker.complaints(*probes) == []


async def test_values_of_wrong_types_are_answered_in_every_field(attacker: Attacker) -> None:
    probes = [
        with_body(operation, body)
        for operation in attacker.of(*BODIES)
        for body in changed(operation, WRONG)
    ]

    assert await attacker.complaints(*probes) == []


def raw(body: dict[str, Any]) -> Iterator[bytes]:
    """Yield what is no JSON of RFC 8259, or no object, or says a thing twice."""
    name = next(iter(body))
    for value in (b"NaN", b"Infinity", b"-Infinity", b"9" * 5000, b"-" + b"9" * 5000):
        yield b'{"%s": %s}' % (name.encode(), value)
    for value in (b"01", b"+1", b"'text'", b'"\\x"', b'"', b"tru", b".5", b'"\n"'):
        yield b'{"%s": %s}' % (name.encode(), value)
    for depth in (33, 900, 30_000):
        yield b'{"%s": %s}' % (name.encode(), b"[" * depth + b"]" * depth)
        yield b'{"%s": ' % name.encode() * (depth // 15) + b"1" + b"}" * (depth // 15)
        yield b"[" * depth
    yield b'{"%s": "one", "%s": "two"}' % (name.encode(), name.encode())
    yield b'{"%s": "\xff\xfe"}' % name.encode()
    yield b'{"%s": "\xed\xa0\x80"}' % name.encode()
    yield '{"a": "b"}'.encode("utf-16")
    yield '{"a": "b"}'.encode("utf-32")
    yield b"\xef\xbb\xbf{}"
    yield from (b"[]", b'"text"', b"0", b"{", b"}", b"[{}]", b"\x00", MARKER.encode())


async def test_bodies_that_are_no_json_object_are_refused(attacker: Attacker) -> None:
    probes = [
        with_bytes(operation, content, 422)
        for operation in attacker.of(*BODIES)
        for content in raw(BODIES[operation.name])
    ]

    assert await attacker.complaints(*probes) == []


async def test_no_body_and_a_null_body_are_answered(attacker: Attacker) -> None:
    probes = [
        with_bytes(operation, content)
        for operation in attacker.of(*BODIES)
        for content in (b"", b"null", b" ", b"{}")
    ]

    assert await attacker.complaints(*probes) == []


async def test_numbers_beyond_every_type_are_answered(attacker: Attacker) -> None:
    probes = [
        with_bytes(operation, b'{"%s": %s}' % (name.encode(), number), 422, 400)
        for operation in attacker.of(*BODIES)
        for name in BODIES[operation.name]
        for number in (b"1e400", b"-1e400", b"1e-400", b"-0.0", b"1" + b"0" * 4000)
        if not name.startswith("is_")
    ]

    assert await attacker.complaints(*probes) == []


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield MARKER.encode() * 10_000


async def test_a_body_that_is_too_large_is_refused(attacker: Attacker) -> None:
    """With its length told beforehand, and without."""
    padded = b'{"password": "%s"}' % (b"x" * 2**20)
    deep = b"[" * 100_000 + b"]" * 100_000
    probes = [with_bytes(one, big, 413) for one in attacker.of(*BODIES) for big in (padded, deep)]
    probes += [
        Probe(one, chunks(20), JSON, expected=frozenset({413})) for one in attacker.of(*BODIES)
    ]
    probes += [
        Probe(one, b"{}", {**JSON, "Content-Length": "9" * 3000}, expected=frozenset({413}))
        for one in attacker.of(*BODIES)
    ]

    assert await attacker.complaints(*probes) == []


CONTENT_TYPES = (
    "", "text/plain", "application/xml", "application/jsonp", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=x", MARKER, ";", "/",
    *(f"multipart/form-data; boundary=x; charset={codec}" for codec in (
        "undefined", "punycode", "idna", "utf-16", "rot13", "m4rk3r", '"\\"', "",
    )),
    "application/json; charset=utf-16", "application/problem+json", "APPLICATION/JSON",
    "application/x-www-form-urlencoded; charset=utf-7", "application/octet-stream",
)  # fmt: skip


async def test_any_content_type_is_answered(attacker: Attacker) -> None:
    probes = [
        Probe(operation, content, {"Content-Type": content_type} if content_type else {})
        for operation in attacker.of(*BODIES)
        for content_type in CONTENT_TYPES
        for content in (b'{"password": "m4rk3r"}', b"--x\r\n\r\nm4rk3r\r\n--x--", b"\xff=%ff&=")
    ]

    assert await attacker.complaints(*probes) == []


async def test_what_is_not_declared_as_json_is_not_read_as_json(attacker: Attacker) -> None:
    """A page of somebody else's can send ``text/plain`` without being asked."""
    body = b'{"email": "new@example.com", "password": "correct horse battery"}'
    probes = [
        Probe(operation, body, {"Content-Type": "text/plain"}, expected=frozenset({422}))
        for operation in attacker.of("register", "login", "create_user", "refresh")
    ]

    assert await attacker.complaints(*probes) == []


def forms(fields: dict[str, str]) -> Iterator[tuple[bytes, tuple[int, ...]]]:
    """Yield forms, and the statuses they may get."""
    whole = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in fields.items())
    for name in fields:
        others = "&".join(f"{other}=x" for other in fields if other not in (name, "grant_type"))
        yield f"{whole}&{name}={MARKER}".encode(), (400,)
        for value in ("%00", "%ED%A0%80", "m4rk3r%00"):
            yield f"{others}&{name}={value}".encode(), (400, 401, 422)
    for text in ("", "&", "=", "%", "%zz=%", "&=&=", "a" * 60_000, "a=b&" * 2, "%00=1"):
        yield text.encode(), (400, 422)
    yield "&".join(f"f{number}={MARKER}" for number in range(3000)).encode(), (422,)
    yield whole.replace(fields["grant_type"], MARKER).encode(), (400,)


async def test_forms_of_any_kind_are_answered(attacker: Attacker) -> None:
    probes = [
        Probe(operation, content, FORM, expected=frozenset(expected))
        for operation in attacker.of(*FORMS)
        for content, expected in forms(FORMS[operation.name])
    ]

    assert await attacker.complaints(*probes) == []


async def test_files_and_broken_parts_are_refused(attacker: Attacker) -> None:
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\nm4rk3r\r\n--x--\r\n'
    probes = [
        Probe(operation, content, multipart, expected=frozenset({400, 422}))
        for operation in attacker.of(*FORMS)
        for content in (
            part % (b"password", b'; filename="f"'),
            part % (b"refresh_token", b'; filename="f"'),
            part % (b"\xff", b""),
            b"--x\r\n" * 500,
            b"--y--",
        )
    ]

    assert await attacker.complaints(*probes) == []


@pytest.mark.parametrize(
    "typed",
    [
        "a\r\nforged line",
        "\x1b[31m\u202enobody\u200b",
        "\u0130" * 320,
        "\ufb2c" * 320,
        "x" * 60_000,
    ],
    ids=["lines", "control", "lower case is longer", "composed is longer", "long"],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_what_is_told_of_a_failed_login_can_be_logged(
    make_app: Callable[..., KitApp], typed: str
) -> None:
    told: list[str] = []

    async def note(work: Work, event: LoginFailed) -> None:
        told.append(event.email)

    kit_app = make_app(hooks=(On(LoginFailed, note),))
    async with kit_app.client() as client:
        await client.post("/api/auth/login", json={"email": typed, "password": "x"})

    assert [(email.isprintable(), len(email) <= 320) for email in told] == [(True, True)]


async def test_whoever_is_not_signed_in_learns_no_more(attacker: Attacker) -> None:
    """Bodies are parsed before the token is looked at; that must not matter."""
    probes = [
        anonymous(probe)
        for operation in attacker.operations
        for probe in (
            with_bytes(operation, b"[" * 900),
            with_body(operation, {"email": "\ud800", "password": MARKER}),
        )
    ]

    assert await attacker.complaints(*probes) == []
