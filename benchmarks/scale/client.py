"""A small HTTP client: one connection that is kept, little CPU, exact times."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back, and when."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """Sends one request after the other; connects again when it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request with a JSON body, or raw bytes, and read the answer.

        Raises:
            OSError: The connection was cut in the middle.
        """
        content = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(content)}"]
        if content:
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, answer = await self._exchange("\r\n".join(lines), content)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            await self.close()
            raise ConnectionError(repr(error)) from error
        return Answer(status, answer, time.perf_counter() - began)

    async def _exchange(self, head: str, content: bytes) -> tuple[int, bytes]:
        if self._reader is None or self._writer is None or self._reader.at_eof():
            await self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(f"{head}\r\n\r\n".encode() + content)
        await self._writer.drain()
        received = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(received.split(" ", 2)[1])
        _, _, rest = received.partition("content-length:")
        length = int(rest.split("\r\n", 1)[0]) if rest else 0
        answer = await self._reader.readexactly(length)
        if "connection: close" in received:
            await self.close()
        return status, answer

    async def close(self) -> None:
        """Close it; the next request opens another one."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
