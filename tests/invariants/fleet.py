"""Several worker processes on one database, called in turn."""

import itertools
import os
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import httpx2

from tests.kit_app import Clock, KitApp
from tests.servers.modes import Mode

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


@dataclass
class Workers:
    """Processes that run the app; each listens on a port of its own."""

    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    ports: list[int] = field(default_factory=list[int])

    def start(self, url: str, *, mode: Mode, pool_size: int, log: Path) -> None:
        """Start one more.

        It is called before it is ready: its socket keeps what comes until then.
        """
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listening, log.open("ab") as to:
            number = listening.fileno()
            program = [sys.executable, "-m", "tests.invariants.worker"]
            process = subprocess.Popen(
                [*program, url, str(number), str(pool_size)],
                cwd=ROOT,
                env={**os.environ, "TEST_MODE": mode, "PYTHONPATH": _paths()},
                pass_fds=[number],
                stdin=subprocess.PIPE,
                stdout=to,
                stderr=subprocess.STDOUT,
            )
            self.processes.append(process)
            self.ports.append(listening.getsockname()[1])

    def stop(self) -> None:
        """End them all, and wait until they have."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in self.processes:
            process.wait(PATIENCE_SECONDS)


def _paths() -> str:
    return os.pathsep.join([str(ROOT / "src"), str(ROOT)])


class InTurn(httpx2.AsyncBaseTransport):
    """Sends each request to the next of several ports."""

    def __init__(self, ports: list[int]) -> None:
        limits = httpx2.Limits(max_connections=None)
        self._ports = itertools.cycle(ports)
        self._transport = httpx2.AsyncHTTPTransport(limits=limits)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


@dataclass
class FleetClock(Clock):
    """The clocks of all workers; they stand at the same time."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__()
        self._ports = ports

    def advance(self, **amount: float) -> None:
        """Move every worker's clock."""
        before = self.now
        super().advance(**amount)
        seconds = (self.now - before).total_seconds()
        for port in self._ports:
            address = f"http://127.0.0.1:{port}/clock?seconds={seconds}"
            request = urllib.request.Request(address, method="POST")
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):  # noqa: S310
                pass


@dataclass
class Fleet(KitApp):
    """An installation whose requests are answered by the workers in turn.

    What a test does without HTTP, it does in its own process.
    """

    ports: list[int] = field(default_factory=list[int])

    @classmethod
    def of(cls, kit_app: KitApp, ports: list[int]) -> "Fleet":
        """Put workers in the place of an app; rewind with ``rewind`` afterwards."""
        parts = {part.name: getattr(kit_app, part.name) for part in fields(kit_app)}
        return cls(**{**parts, "clock": FleetClock(ports)}, ports=ports)

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """Return a client of all workers."""
        return httpx2.AsyncClient(
            transport=InTurn(self.ports),
            base_url="http://127.0.0.1",
            timeout=PATIENCE_SECONDS,
            **options,
        )

    def rewind(self) -> None:
        """Set the clocks back to where they stood."""
        self.clock.advance(seconds=(Clock().now - self.clock.now).total_seconds())
