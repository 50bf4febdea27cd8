"""One socket: what it may send, what it is sent, and how long it lasts."""

import asyncio
import time
from contextlib import suppress
from typing import Final, NoReturn

from fastapi import WebSocket, WebSocketDisconnect, WebSocketException, status
from pydantic import ValidationError

from app.config import get_settings
from app.models import User
from app.schemas.live import MAX_LENGTH, LiveMessage
from app.schemas.user import AuthorResponse
from app.services.live import broadcaster, connections
from app.services.live.connections import Peer, TooManySockets
from fastauth_kit import WebSocketUser

BURST: Final = 10
"""Messages that somebody may send at once."""

PER_SECOND: Final = 2.0
"""Messages that somebody may send for long."""

CLOSE_SECONDS: Final = 2.0
"""How long the last word may take."""


class Allowance:
    """Counts what somebody may still send: a token bucket."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._counted_at = time.monotonic()

    def take(self) -> bool:
        """Use one up; ``False`` if none is left."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._counted_at) * PER_SECOND)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class LiveSocket:
    """A socket that is open. Three tasks serve it; the first to end ends them all."""

    def __init__(self, websocket: WebSocket, opened_by: WebSocketUser[User], peer: Peer) -> None:
        self._websocket = websocket
        self._opened_by = opened_by
        self._author = AuthorResponse.model_validate(opened_by.user)
        self._peer = peer
        self._allowance = Allowance()

    # --8<-- [start:serve]
    async def serve(self) -> None:
        """Return when either side has closed it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive())
                tasks.create_task(self._send())
                tasks.create_task(self._watch())
        except* WebSocketDisconnect:
            pass
        except* WebSocketException as group:
            await self._close(group.exceptions[0])

    # --8<-- [end:serve]
    async def _receive(self) -> NoReturn:
        while True:
            text = await self._receive_text()
            if not self._allowance.take():
                raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "too_many_messages")
            broadcaster.publish(self._message(text).model_dump_json())

    # --8<-- [start:receive]
    async def _receive_text(self) -> str:
        """Return what they say. Starlette's ``receive_text`` fails with other frames."""
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text: str | None = event.get("text")
        if text is None:
            raise WebSocketException(status.WS_1003_UNSUPPORTED_DATA, "text_only")
        if len(text) > MAX_LENGTH:
            raise WebSocketException(status.WS_1009_MESSAGE_TOO_BIG, "message_too_big")
        return text

    # --8<-- [end:receive]
    def _message(self, text: str) -> LiveMessage:
        try:
            return LiveMessage(author=self._author, text=text)
        except ValidationError:
            code = status.WS_1007_INVALID_FRAME_PAYLOAD_DATA
            raise WebSocketException(code, "unacceptable_text") from None

    async def _send(self) -> NoReturn:
        while True:
            await self._websocket.send_text(await self._peer.waiting.get())

    # --8<-- [start:watch]
    async def _watch(self) -> NoReturn:
        """End the socket of whoever was signed out, or does not keep up."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(get_settings().WS_RECHECK_SECONDS):
                    await self._peer.too_slow.wait()
                raise WebSocketException(status.WS_1013_TRY_AGAIN_LATER, "too_slow")
            if not await self._still_valid():
                raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "session_over")

    async def _still_valid(self) -> bool:
        """Ask the database, to the end: cancelled halfway, a connection would be lost."""
        question = asyncio.create_task(self._opened_by.still_valid())
        try:
            return await asyncio.shield(question)
        finally:
            await asyncio.wait([question])

    # --8<-- [end:watch]
    async def _close(self, error: Exception) -> None:
        assert isinstance(error, WebSocketException)  # noqa: S101  # what it is called for
        # who does not read may not take the last word either, and may be gone meanwhile
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._websocket.close(error.code, error.reason)


async def serve(websocket: WebSocket, opened_by: WebSocketUser[User]) -> None:
    """Accept a socket and serve it until it ends, whoever ends it."""
    try:
        peer = connections.connect(opened_by.user.id)
    except TooManySockets:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "too_many_sockets") from None
    try:
        # browsers insist on the answer to what they offered
        await websocket.accept(subprotocol=opened_by.subprotocol)
        await LiveSocket(websocket, opened_by, peer).serve()
    finally:
        connections.disconnect(peer)
