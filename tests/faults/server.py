"""A server in a process of its own, and the hand that kills it."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

SECONDS_TO_START = 60
SECONDS_TO_END = 60

ROOT = Path(__file__).resolve().parents[2]


class Servers:
    """Forks servers, one after the other, on one port; see ``zygote.py``."""

    def __init__(self, zygote: "subprocess.Popen[str]", log: Path) -> None:
        self._zygote = zygote
        self.log_file = log
        self.port = _free_port()
        self.pid: int | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, url: str, **options: Any) -> None:
        """Start one and wait until it takes connections."""
        assert self.pid is None
        order = {"url": url, "port": self.port, "options": options}
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(json.dumps(order) + "\n")
        self._zygote.stdin.flush()
        async with asyncio.timeout(SECONDS_TO_START):
            self.pid = await asyncio.to_thread(self._read_pid)

    def _read_pid(self) -> int:
        assert self._zygote.stdout is not None
        line = self._zygote.stdout.readline()
        ready = re.fullmatch(r"ready (\d+)\n", line)
        assert ready, f"no server came up: {line!r}\n{self.log()}"
        return int(ready[1])

    async def kill(self) -> None:
        """End it as a power cut would: nothing runs in it any more."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """End it as an operator would."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        assert self.pid is not None
        os.kill(self.pid, number)
        await self.wait_until_dead()

    async def wait_until_dead(self) -> None:
        """Wait for the end of a server that ends by itself, or was told to."""
        pid, self.pid = self.pid, None
        assert pid is not None
        deadline = time.monotonic() + SECONDS_TO_END
        while is_alive(pid):
            assert time.monotonic() < deadline, "the server does not end"
            await asyncio.sleep(0.002)

    async def die(self, moment: str, commits: int) -> None:
        """Let the server kill itself before or after its n-th commit from now on."""
        async with httpx2.AsyncClient(base_url=self.address) as client:
            await client.post("/die", params={"moment": moment, "commits": commits})

    async def retries(self) -> int:
        """Return how often this server tried a request again."""
        async with httpx2.AsyncClient(base_url=self.address) as client:
            return int((await client.get("/retries")).text)

    def log(self) -> str:
        """Return all that servers have said so far."""
        return self.log_file.read_text(errors="replace")


@contextmanager
def servers(log: Path) -> Iterator[Servers]:
    """Run a zygote; it and its servers end with the block, or with this process."""
    with log.open("wb") as output:
        zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    try:
        yield Servers(zygote, log)
    finally:
        zygote.kill()
        zygote.communicate()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
