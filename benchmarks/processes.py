"""The processes that run contenders, and the environment all of them share."""

import json
import os
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.contenders import ROOT, Contender

CHEAP_HASH: Final = "8,1,1"
"""The cheapest argon2 there is: memory in KiB, passes, lanes."""

DEFAULT_HASH: Final = "19456,2,1"
"""What the kit hashes with unless told otherwise. Everybody gets it here."""

POOL_SIZE: Final = 15


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every contender of a run is given.

    Args:
        database_url: Of one database; each contender has tables of its own.
        secret: Signs the tokens.
    """

    database_url: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def environment(self, contender: Contender, hash_parameters: str) -> dict[str, str]:
        """Return the environment of a contender's process."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BENCH_", "PYTHON", "COVERAGE", "COV_"))
        }
        return inherited | {
            "BENCH_DATABASE_URL": self.database_url,
            "BENCH_SECRET": self.secret,
            "BENCH_POOL_SIZE": str(POOL_SIZE),
            "BENCH_ARGON2": hash_parameters,
            # the same order of sets and dictionaries each time
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
            "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
            # valgrind 3.19 does not know io_uring
            "UV_USE_IO_URING": "0",
            **contender.environment,
        }

    def fill(self, contender: Contender, plan: Mapping[str, int]) -> None:
        """Put accounts into a contender's table: how many, by parameters of the hash."""
        run(
            [contender.python, "-m", "benchmarks.accounts", contender.module, json.dumps(plan)],
            self.environment(contender, next(iter(plan))),
        )


class Failed(Exception):
    """A process of the benchmarks ended with an error; the text is what it said."""


def run(command: Sequence[str], environment: dict[str, str], *, seconds: float = 300) -> str:
    """Run a program of our own to its end and return what it printed.

    Raises:
        Failed: It ended with an error, or not in time.
    """
    with subprocess.Popen(  # noqa: S603  # our own modules
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the benchmarks; they end what they started
        start_new_session=True,
    ) as process:
        _running.add(process)
        try:
            said, complained = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"{' '.join(command)}: no end after {seconds:.0f} s") from late
        finally:
            process.kill()
            _running.discard(process)
    if process.returncode != 0:
        raise Failed(f"{' '.join(command)}:\n{complained.strip()[-3000:]}")
    return said


_running: set["subprocess.Popen[str]"] = set()


def end_running() -> None:
    """End the programs that ``run`` waits for, in whatever thread."""
    for process in tuple(_running):
        process.kill()
