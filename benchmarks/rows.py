"""What is measured, and what has to hold."""

import os
from dataclasses import dataclass
from statistics import median
from typing import Final

HASH_MEMORY_MIB: Final = 19
CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Args:
        title: What it is, for readers.
        unit: ``x`` is a ratio.
        hold: Limit to hold; ``None`` where there is none, and the row informs.
        reach: What to reach for.
        at_least: The limits are lower ones: more is better.
        each_database: Measured on each; else once.
    """

    name: str
    title: str
    unit: str = "x"
    hold: float | None = None
    reach: float | None = None
    at_least: bool = False
    each_database: bool = True

    def verdict(self, value: float) -> str:
        """Say how a value stands to the limits."""
        if self.hold is None:
            return ""
        if self._meets(value, self.reach):
            return "reached"
        return "held" if self._meets(value, self.hold) else "missed"

    def _meets(self, value: float, limit: float | None) -> bool:
        if limit is None:
            return False
        return value >= limit if self.at_least else value <= limit


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a row came to, for one contender on one database.

    Args:
        values: In the unit of the row, one of each round.
        own: Median of what was measured, before any ratio.
        base: The same of what it is a ratio to; ``None`` if it is none.
        measured_in: Unit of ``own`` and ``base``.
    """

    row: Row
    database: str
    contender: str
    values: tuple[float, ...]
    own: float
    base: float | None
    measured_in: str

    @property
    def value(self) -> float:
        """The median, by which the row is judged."""
        return median(self.values)

    @property
    def verdict(self) -> str:
        """Of the kit alone: the limits are for nobody else."""
        return self.row.verdict(self.value) if self.contender == "kit" else ""


ROWS: Final = (
    Row(
        name="me-instructions",
        title="`GET /users/me`, instructions per request",
        hold=1.0,
        reach=0.8,
    ),
    Row(name="me-cpu", title="`GET /users/me`, server CPU per request", hold=1.0, reach=0.8),
    Row(
        name="claims-instructions",
        title="`claims` alone, instructions per request",
        hold=1.1,
        reach=0.9,
    ),
    Row(name="claims-cpu", title="`claims` alone, server CPU per request", hold=1.1, reach=0.9),
    Row(
        name="storm-p99",
        title="p99 of `GET /users/me` while 16 clients log in",
        hold=0.12,
        reach=0.05,
    ),
    Row(
        name="logins",
        title="logins/s with the default hash, of the machine's hash rate",
        hold=0.9,
        reach=0.97,
        at_least=True,
    ),
    Row(
        name="login-rate",
        title="login with the cheapest hash, requests/s",
        hold=0.8,
        reach=1.0,
        at_least=True,
    ),
    Row(name="login-cpu", title="login with the cheapest hash, server CPU per request"),
    Row(name="login-instructions", title="login with the cheapest hash, instructions per request"),
    Row(
        name="refresh-rate",
        title="refresh, requests/s",
        hold=0.9,
        reach=1.1,
        at_least=True,
    ),
    Row(name="refresh-cpu", title="refresh, server CPU per request"),
    Row(name="refresh-instructions", title="refresh, instructions per request"),
    Row(name="register-rate", title="registration with the cheapest hash, requests/s"),
    Row(
        name="register-instructions",
        title="registration with the cheapest hash, instructions per request",
    ),
    Row(
        name="import-cpu",
        title="`import fastauth_kit` after fastapi and sqlalchemy, CPU",
        unit="ms",
        hold=150,
        reach=80,
        each_database=False,
    ),
    Row(
        name="import-beside-app",
        title="`import fastauth_kit` after `sqlalchemy.orm` and `sqlalchemy.ext.asyncio` too, CPU",
        unit="ms",
        each_database=False,
    ),
    Row(
        name="memory-start",
        title="memory after start and first requests, beyond bare",
        unit="MiB",
        hold=15,
    ),
    Row(
        name="memory-peak",
        title=f"memory that 64 logins in flight add, {CORES} hashing threads",
        unit="MiB",
        hold=HASH_MEMORY_MIB * (CORES or 1) + 30,
    ),
)

BY_NAME: Final = {row.name: row for row in ROWS}
