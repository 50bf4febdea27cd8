"""Asks a route of an app one thing: whether it lets somebody in."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from starlette.types import ASGIApp, Message

from fastauth_kit.surfaces.testing.swept_route import SweptRoute

PATIENCE_SECONDS: Final = 10
"""A route that says nothing for so long did not refuse anybody."""

GRACE_SECONDS: Final = 1
"""For a route to notice that nobody listens any more, and to close its sessions."""

Headers = Sequence[tuple[bytes, bytes]]


async def answer_of(app: ASGIApp, route: SweptRoute, headers: Headers) -> str:
    """Return the status with which a route answers, or what it did instead.

    The rest of the answer is not waited for: a stream may have no end. A refused
    WebSocket is a 403, as a server would answer it.
    """
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asking = asyncio.create_task(_ask(app, _scope(route, headers), answered))
    both: set[asyncio.Future[Any]] = {answered, asking}
    done, _ = await asyncio.wait(
        both, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    said = answered.result() if answered.done() else _failure(asking) if done else "no answer"
    await _leave(asking, answered)
    return said


async def _leave(asking: asyncio.Task[None], answered: asyncio.Future[str]) -> None:
    """Hang up; whoever does not notice is cancelled, and may not have cleaned up."""
    if not answered.done():
        answered.cancel()
    await asyncio.wait({asking}, timeout=GRACE_SECONDS)
    asking.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await asking


def _failure(asking: asyncio.Task[None]) -> str:
    error = asking.exception()
    return "no answer" if error is None else type(error).__name__


async def _ask(app: ASGIApp, scope: dict[str, Any], answered: asyncio.Future[str]) -> None:
    first: list[Message] = [
        {"type": "websocket.connect"}
        if scope["type"] == "websocket"
        else {"type": "http.request", "body": b"", "more_body": False}
    ]

    async def receive() -> Message:
        if first:
            return first.pop()
        await asyncio.wait({answered})  # then this client hangs up
        return {"type": f"{scope['type']}.disconnect", "code": 1001}

    async def send(message: Message) -> None:
        if not answered.done() and (found := _said(message)) is not None:
            answered.set_result(found)

    await app(scope, receive, send)


def _said(message: Message) -> str | None:
    kind = message["type"]
    if kind in {"http.response.start", "websocket.http.response.start"}:
        return str(message["status"])
    return {"websocket.accept": "accepted", "websocket.close": "403"}.get(kind)


def _scope(route: SweptRoute, headers: Headers) -> dict[str, Any]:
    is_socket = route.method == "WEBSOCKET"
    given: dict[str, Any] = {"subprotocols": []} if is_socket else {"method": route.method}
    return {
        "type": "websocket" if is_socket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "wss" if is_socket else "https",
        "path": route.url,
        "raw_path": route.url.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("testclient", 50000),
        "server": ("testserver", 443),
        "state": {},
        # without it Starlette could not answer a socket with a status
        "extensions": {"websocket.http.response": {}},
        **given,
    }
