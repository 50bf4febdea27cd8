"""Servers of the example app whose log can be read while they run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.example.server import FOLDER, SECONDS_TO_START, SECRET, environment, free_port

ADMIN = {"email": "admin@example.com", "password": "an admin of the example"}


@dataclass(frozen=True)
class Running:
    """One server process."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, seconds: float = 30) -> None:
        """End it as an orchestrator does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(seconds)

    def wait_for_output(self, text: str, *, times: int = 1, seconds: float = 30) -> None:
        """Wait until the log says something."""
        deadline = time.monotonic() + seconds
        while self.output().count(text) < times:
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.output()}"
            time.sleep(0.02)


@contextmanager
def serving(
    folder: Path,
    *,
    name: str = "server",
    program: Sequence[str] = ("-m", "uvicorn", "app.main:app"),
    options: Sequence[str] = (),
    **settings: str,
) -> Iterator[Running]:
    """Run a server with settings; yields it when it answers."""
    port = free_port()
    log = folder / f"{name}.log"
    everything = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/app.db",
        "SECRET_KEY": SECRET,
        "FIRST_SUPERUSER": ADMIN["email"],
        "FIRST_SUPERUSER_PASSWORD": ADMIN["password"],
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *program, "--port", str(port), *options],
            cwd=FOLDER,
            env=environment(**everything),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(port, process, log)
    try:
        _wait_until_it_answers(running)
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_answers(running: Running) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        assert running.process.poll() is None, f"it ended:\n{running.output()}"
        assert time.monotonic() < deadline, f"it does not answer:\n{running.output()}"
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{running.url}/health").status_code == 200:
                return
        time.sleep(0.05)
