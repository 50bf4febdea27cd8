"""A WebSocket client in the test's own loop: no thread, no server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

Message = dict[str, Any]


class Socket:
    """One side of a socket whose other side is the app."""

    def __init__(self) -> None:
        self.to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.from_app: asyncio.Queue[Message] = asyncio.Queue()

    async def receive(self) -> Message:
        """Return what the app says next."""
        async with asyncio.timeout(30):
            return await self.from_app.get()

    async def ask(self, text: str) -> str:
        """Send text and return the answer."""
        await self.to_app.put({"type": "websocket.receive", "text": text})
        answer: str = (await self.receive())["text"]
        return answer


@asynccontextmanager
async def connect(
    app: FastAPI,
    path: str = "/socket",
    *,
    headers: dict[str, str] | None = None,
    subprotocols: Sequence[str] = (),
) -> AsyncIterator[Socket]:
    """Open a socket; its first message is the app's accept or close."""
    socket = Socket()
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "wss",
        "query_string": b"",
        "headers": raw,
        "subprotocols": list(subprotocols),
        "client": ("203.0.113.7", 1),
        "server": ("app.test", 443),
    }
    await socket.to_app.put({"type": "websocket.connect"})
    task = asyncio.create_task(app(scope, socket.to_app.get, socket.from_app.put))
    try:
        yield socket
    finally:
        await socket.to_app.put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(30):
            await task
