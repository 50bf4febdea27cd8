"""Runs the example app the way its README says."""

import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "fastapi-docker"
SECRET = "R3pWm8Zt1vQx5Lk9Yb2Nc7Hd4Jf6Gs0A"
SECONDS_TO_START = 60


def free_port() -> int:
    """Return a port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of the app: nothing of the machine's but the paths."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {**kept, **settings}


@contextmanager
def running(
    command: list[str], settings: dict[str, str], *, ready: str, folder: Path = FOLDER
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a command in a folder, the example's; yields it and its output once ready."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, _read_until(process, ready)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)


def _read_until(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stdout is not None
    seen = ""
    deadline = time.monotonic() + SECONDS_TO_START
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not re.search(pattern, seen):
            if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
                raise AssertionError(f"not ready after {SECONDS_TO_START} s:\n{seen}")
            chunk = os.read(process.stdout.fileno(), 65536).decode()
            if not chunk:
                raise AssertionError(f"ended before it was ready:\n{seen}")
            seen += chunk
    return seen
