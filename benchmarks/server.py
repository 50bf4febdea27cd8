"""Start, question and stop the server of one contender."""

import json
import subprocess
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmarks.contenders import ROOT, Contender
from benchmarks.processes import Failed, Settings

STOP_SECONDS = 15


@dataclass(frozen=True)
class Usage:
    """What a server has taken of the machine, by its own account.

    Args:
        cpu: Seconds, all threads.
        resident: MiB now; ``None`` where the system does not tell.
        peak: MiB at most so far.
    """

    cpu: float
    resident: float | None
    peak: float


class Server(AbstractContextManager["Server"]):
    """A uvicorn process with one worker, on a free port of this machine.

    Args:
        contender: Which app.
        settings: Database and secret.
        hash_parameters: Of argon2.
    """

    def __init__(self, contender: Contender, settings: Settings, hash_parameters: str) -> None:
        self.contender = contender
        self.hash_parameters = hash_parameters
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the server
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [contender.python, "-m", "benchmarks.serve", contender.module],
            cwd=ROOT,
            env=settings.environment(contender, hash_parameters),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            # Ctrl-C is for the benchmarks; they stop their servers
            start_new_session=True,
        )

    @cached_property
    def port(self) -> int:
        """Where it listens, once it does; servers may so start side by side.

        Raises:
            Failed: It did not start.
        """
        port: int = self._read()["port"]
        return port

    def usage(self) -> Usage:
        """Ask what it has used so far."""
        assert self._process.stdin is not None
        assert self.port
        self._process.stdin.write("usage\n")
        self._process.stdin.flush()
        return Usage(**self._read())

    def said(self) -> str:
        """Return the end of what it wrote to its log."""
        self._errors.seek(0)
        return self._errors.read()[-3000:].strip()

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"{self.contender.name} did not answer:\n{self.said()}")
        facts: dict[str, Any] = json.loads(line)
        return facts
