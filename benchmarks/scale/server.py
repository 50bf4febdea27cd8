"""One uvicorn worker as a process of ours."""

import asyncio
import os
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
STOP_SECONDS = 20


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Args:
        pid: Of the worker, whose memory is looked at.
    """

    port: int
    pid: int


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that finds the kit and the benchmarks."""
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **more}


@asynccontextmanager
async def serving(factory: str, **variables: str) -> AsyncIterator[Server]:
    """Start an app, given as ``module:function``, on a free port; stop it in the end."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", factory, "--factory", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *command,
        *["--log-level", "warning", "--no-access-log", "--timeout-keep-alive", "60"],
        env=environment(**variables),
        cwd=ROOT,
    )
    try:
        await _wait_for(process, port)
        yield Server(port, process.pid)
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    with suppress(ProcessLookupError):  # it ended by itself
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _wait_for(process: Process, port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.returncode is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the server does not answer")
