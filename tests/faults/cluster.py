"""A PostgreSQL of the test's own, to be stopped and started."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tests.servers.launch import (
    STOP_SECONDS,
    Started,
    _environment,
    installed_postgresql,
    start_postgresql,
    wait_until_ready,
    wheel_postgresql,
)
from tests.servers.queries import execute

Manner = Literal["fast", "immediate"]

_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
"""PostgreSQL's own: disconnect everybody and shut down; or drop everything."""


class Cluster:
    """Stops and starts one server; it ends with the test run."""

    def __init__(self, started: Started) -> None:
        self._started = started
        self._command: list[str] = list(started.keeper.args)  # type: ignore[arg-type]
        # what the tests otherwise save: an acknowledged commit is in the log
        execute(self.url, "alter database postgres set synchronous_commit = on")

    @property
    def url(self) -> str:
        return self._started.url

    def stop(self, manner: Manner) -> None:
        """Stop it and wait for its end."""
        file = self._started.directory / "data" / "postmaster.pid"
        keeper = self._started.keeper
        # it would take the end of its server for the end of the test run
        keeper.kill()
        keeper.communicate()
        os.kill(int(file.read_text().split()[0]), _SIGNALS[manner])
        deadline = time.monotonic() + STOP_SECONDS
        while file.exists():
            assert time.monotonic() < deadline, f"PostgreSQL did not end, told to be {manner}"
            time.sleep(0.01)

    def start(self) -> None:
        """Start it and wait until it answers."""
        # the keeper of tests.servers ends it when this process ends, however that is
        keeper = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, env=_environment(), start_new_session=True
        )
        self._started = replace(self._started, keeper=keeper)
        wait_until_ready("postgresql", self.url, alive=lambda: keeper.poll() is None)

    def end(self) -> None:
        """Stop it for good and remove its files."""
        self._started.stop()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a cluster for as long as the block."""
    programs: list[Path] = [*installed_postgresql(), *wheel_postgresql()]
    started = start_postgresql(programs[0])
    try:
        own = Cluster(started)
    except BaseException:
        started.stop()
        raise
    try:
        yield own
    finally:
        own.end()
