"""Requests nobody should send, and what must become of each of them."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from tests.kit_app import PASSWORD, KitApp

MARKER = "m4rk3r"
"""Goes into whatever is sent; no answer may repeat it."""

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

BODIES: dict[str, dict[str, Any]] = {
    "register": {"email": "new@example.com", "password": PASSWORD, "name": "New"},
    "login": {"email": "ada@example.com", "password": PASSWORD},
    "confirm_password": {"password": PASSWORD},
    "change_password": {"current_password": PASSWORD, "new_password": PASSWORD + "!"},
    "forgot_password": {"email": "ada@example.com"},
    "reset_password": {"token": "pr", "new_password": PASSWORD + "!"},
    "request_email_verification": {"email": "ada@example.com"},
    "verify_email": {"token": "ev"},
    "request_magic_link": {"email": "ada@example.com"},
    "log_in_by_magic_link": {"token": "ml"},
    "change_email": {"new_email": "new@example.com", "password": PASSWORD},
    "confirm_email_change": {"token": "ec"},
    "undo_email_change": {"token": "eu", "new_password": PASSWORD + "!"},
    "refresh": {"refresh_token": "rt"},
    "logout": {"refresh_token": "rt"},
    "create_user": {
        "email": "new@example.com",
        "password": PASSWORD,
        "name": "New",
        "is_active": True,
        "is_superuser": False,
        "is_verified": False,
    },
    "close_account": {"password": PASSWORD},
    "update_me": {"name": "New"},
    "update_user": {
        "name": "New",
        "email": "new@example.com",
        "is_active": True,
        "is_superuser": True,
        "is_verified": True,
    },
}
"""A body with every field, for each operation that reads one."""

FORMS: dict[str, dict[str, str]] = {
    "login": {"grant_type": "password", "username": "ada@example.com", "password": PASSWORD},
    "refresh": {"grant_type": "refresh_token", "refresh_token": "rt"},
}
"""The same, for those that also read a form."""


@dataclass(frozen=True)
class Operation:
    """One operation of the OpenAPI document."""

    name: str
    method: str
    path: str
    described: dict[str, Any]

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.described["responses"]}

    def parameters(self, place: str) -> list[str]:
        """Return the names of the parameters in the path or the query."""
        given = self.described.get("parameters", [])
        return [one["name"] for one in given if one["in"] == place]


def operations(kit_app: KitApp) -> list[Operation]:
    """Return every operation of both routers."""
    return [
        Operation(described["operationId"], method.upper(), path, described)
        for path, methods in kit_app.app.openapi()["paths"].items()
        for method, described in methods.items()
    ]


@dataclass(frozen=True)
class Probe:
    """One request.

    Args:
        expected: Statuses it may get; empty for any documented refusal or success.
    """

    operation: Operation
    content: bytes | Any = b""
    headers: dict[str, str] | list[tuple[str, bytes]] = field(default_factory=dict)
    path: str | None = None
    query: str = ""
    expected: frozenset[int] = frozenset()
    signed_in: bool = True

    def __str__(self) -> str:
        sent = self.content[:80] if isinstance(self.content, bytes) else "chunks"
        return f"{self.operation.name} {self.path} {self.query[:80]} {self.headers} {sent!r}"


def with_body(operation: Operation, body: Any, *expected: int) -> Probe:
    """Return a probe that sends JSON; surrogates as the escapes that JSON has for them."""
    return with_bytes(operation, json.dumps(body).encode(), *expected)


def with_bytes(operation: Operation, content: bytes, *expected: int) -> Probe:
    """Return a probe that sends these bytes as JSON."""
    return Probe(operation, content, JSON, expected=frozenset(expected))


class Attacker:
    """A superuser who sends probes, and starts afresh whenever one has worked."""

    def __init__(self, kit_app: KitApp, client: httpx2.AsyncClient) -> None:
        self.kit_app = kit_app
        self.client = client
        self.operations = operations(kit_app)
        self.user_id: Any = None
        self.token = ""

    def of(self, *names: str) -> list[Operation]:
        """Return the operations with these names, in the order of the document."""
        return [operation for operation in self.operations if operation.name in names]

    async def complaints(self, *probes: Probe) -> list[str]:
        """Send probes; return what was wrong with the answers."""
        found = [await self._complaint(probe) for probe in probes]
        assert found
        return [complaint for complaint in found if complaint]

    async def _complaint(self, probe: Probe) -> str:
        if not self.token:
            await self.start()
        answer = await self._send(probe)
        if answer.is_success and probe.operation.method != "GET":
            self.token = ""
        wrong = [fault for fault in _faults(probe, answer) if fault]
        return f"{probe}: {answer.status_code} {answer.text[:200]}: {wrong}" if wrong else ""

    async def _send(self, probe: Probe) -> httpx2.Response:
        given = probe.headers.items() if isinstance(probe.headers, dict) else probe.headers
        headers: list[tuple[str, Any]] = list(given)
        if probe.signed_in:
            headers.append(("Authorization", f"Bearer {self.token}"))
        path = probe.path or probe.operation.path
        path = path.replace("{user_id}", str(self.user_id))
        path = path.replace("{session_id}", "0198f000-0000-7000-8000-000000000000")
        method, url = probe.operation.method, f"{path}?{probe.query}" if probe.query else path
        return await self.client.request(method, url, headers=headers, content=probe.content)

    async def start(self) -> None:
        """Have exactly two superusers, and a session of one of them."""
        model = self.kit_app.user_model
        async with self.kit_app.sessions.begin() as session:
            await session.execute(self.kit_app.session_model.__table__.delete())
            await session.execute(model.__table__.delete())
        await self.kit_app.add_user("root@example.com", is_superuser=True)
        self.user_id = await self.kit_app.add_user(is_superuser=True)
        self.token = (await self.kit_app.sign_in())["access_token"]


def anonymous(probe: Probe) -> Probe:
    """Return the same request without a token."""
    return replace(probe, signed_in=False)


def _faults(probe: Probe, answer: httpx2.Response) -> list[str]:
    refused = answer.status_code >= 400
    kind = answer.headers.get("content-type", "")
    return [
        "5xx" if answer.status_code >= 500 else "",
        "undocumented" if answer.status_code not in probe.operation.statuses else "",
        "unexpected" if probe.expected and answer.status_code not in probe.expected else "",
        "no problem" if refused and kind != "application/problem+json" else "",
        "no code" if refused and not answer.json().get("code") else "",
        "echo" if refused and MARKER in answer.text + str(answer.headers) else "",
    ]
