"""A network between app and database that fails in every way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import make_url

Behaviour = Callable[["Line", bytes], "bool | None"]
"""Is shown what is about to be passed on; ``False`` keeps it back."""

CHUNK = 64 * 1024


@dataclass(eq=False)
class Line:
    """One connection, with its two ends."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    answered: int = 0
    """Bytes of the server's that were passed on."""

    def cut(self) -> None:
        """End it at both ends, without a farewell."""
        for end in (self.client, self.server):
            end.transport.abort()

    def hang_up_on_client(self) -> None:
        """End it at the client's end; the server is to get what was sent."""
        self.client.transport.abort()


@dataclass(eq=False)
class Proxy:
    """Passes on, until told to do otherwise.

    A new behaviour is for the connections that there are, too.
    """

    host: str
    port: int
    delay_seconds: float = 0
    """How long the database's answers take on the way."""
    refuses: bool = False
    """Whether new connections are closed at once."""
    on_request: Behaviour | None = None
    on_answer: Behaviour | None = None
    lines: set[Line] = field(default_factory=set[Line])

    def heal(self) -> None:
        """Do nothing but pass on, for new connections; old ones that hung are cut."""
        self.delay_seconds, self.refuses = 0, False
        self.on_request = self.on_answer = None
        self.cut()

    def cut(self) -> None:
        """End every connection."""
        for line in list(self.lines):
            line.cut()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until one of its ends is closed."""
        if self.refuses:
            writer.transport.abort()
            return
        there, server = await asyncio.open_connection(self.host, self.port)
        line = Line(writer, server)
        self.lines.add(line)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(reader, line))
                group.create_task(self._answers(there, line))
        finally:
            self.lines.discard(line)
            line.cut()

    async def _requests(self, reader: asyncio.StreamReader, line: Line) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.on_request is None or self.on_request(line, data) is not False:
                    line.server.write(data)
                    await line.server.drain()
            line.server.write_eof()

    async def _answers(self, reader: asyncio.StreamReader, line: Line) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                if self.on_answer is None or self.on_answer(line, data) is not False:
                    self.pass_answer(line, data)
        line.client.transport.abort()

    def pass_answer(self, line: Line, data: bytes) -> None:
        line.answered += len(data)
        if not line.client.transport.is_closing():
            line.client.write(data)


@asynccontextmanager
async def proxy_before(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Run a proxy before a database or Redis; yields it, and the URL that leads through it."""
    target = make_url(url)
    standard = {"postgresql": 5432, "mysql": 3306, "redis": 6379}[target.get_backend_name()]
    proxy = Proxy(target.host or "127.0.0.1", target.port or standard)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    through = target.set(host="127.0.0.1", port=port)
    try:
        yield proxy, through.render_as_string(hide_password=False)
    finally:
        listener.close()
        proxy.cut()
        await listener.wait_closed()
