"""What the tests of the audit look at."""

from collections.abc import Sequence
from typing import Any

import httpx2
from sqlalchemy import select

from tests.core.parts import fetch
from tests.features.accounts.people import Person
from tests.kit_app import PASSWORD, IntAuditEvent, KitApp

ADA = "ada@example.com"
EVENTS, AUDIT = "/api/auth/events", "/api/auth/audit"


async def trail(kit_app: KitApp, *kinds: str) -> Sequence[Any]:
    """Return the rows, the oldest first; of some kinds, or all."""
    rows = await fetch(kit_app, select(IntAuditEvent).order_by(IntAuditEvent.id))
    return [row for row in rows if not kinds or row.kind in kinds]


async def send(
    kit_app: KitApp,
    method: str,
    path: str,
    who: Person | None = None,
    *,
    ip: str = "203.0.113.7",
    headers: dict[str, str] | None = None,
    **options: Any,
) -> httpx2.Response:
    """Send a request and wait for what comes after it."""
    given = {**(who.headers if who else {}), **(headers or {})}
    async with kit_app.client(ip=ip, headers=given) as client:
        answer = await client.request(method, path, **options)
    await kit_app.auth.after_commit.drain()
    return answer


async def log_in(
    kit_app: KitApp, password: str = PASSWORD, *, email: str = ADA, **options: Any
) -> httpx2.Response:
    """Try to sign in."""
    body = {"email": email, "password": password}
    return await send(kit_app, "POST", "/api/auth/login", json=body, **options)
