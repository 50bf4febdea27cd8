"""Whether the time of an answer tells who has an account: ``python -m benchmarks timing``.

Known and unknown addresses alternate at random over one connection to a server with
every feature on. For each request it prints the medians, the difference with a
confidence interval (bootstrap) and how probable such a difference is by chance
(Mann-Whitney). On a busy machine intervals are wide: that shows nothing in either
direction, so take the figures on a quiet one.
"""

import argparse
import asyncio
import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.contenders import EVERYTHING
from benchmarks.databases import DATABASES, databases
from benchmarks.load import Connection, Refused
from benchmarks.processes import CHEAP_HASH, DEFAULT_HASH, Settings
from benchmarks.scenarios import Request, address
from benchmarks.server import Server

PATHS: Final = {
    "login": "/auth/login",
    "password reset": "/auth/password/forgot",
    "magic link": "/auth/magic-link",
    "verification": "/auth/email/verify/request",
}

PAUSE_SECONDS: Final = 0.005
"""Between two requests: what the first left to be done afterwards is over by then, mostly."""

RESAMPLES: Final = 2000
CONFIDENCE: Final = 0.99


@dataclass(frozen=True)
class Comparison:
    """Two sets of times, in microseconds."""

    request: str
    database: str
    samples: int
    known: float
    unknown: float
    low: float
    high: float
    chance: float

    @property
    def verdict(self) -> str:
        """What can be said honestly."""
        if self.low <= 0 <= self.high:
            widest = max(-self.low, self.high)
            return f"indistinguishable at {self.samples}: at most {widest:.0f} us apart"
        return f"DISTINGUISHABLE at {self.samples}: {self.known - self.unknown:+.0f} us"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. It judges nothing: the exit status is always 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks timing")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one")
    parser.add_argument("--samples", type=int, default=4000, help="of each kind, for each request")
    parser.add_argument(
        "--cheap-hash", action="store_true", help="take away the hash, behind which much may hide"
    )
    parser.add_argument("--short", action="store_true", help="to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(arguments)
    samples = 10 if options.short else options.samples
    found: list[Comparison] = []
    with databases(tuple(options.database or DATABASES), print) as there:
        for database in there:
            settings = Settings(database_url=database.url)
            cost = CHEAP_HASH if options.cheap_hash else DEFAULT_HASH
            found += asyncio.run(_measure(database.name, settings, samples, cost))
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in found], indent=1))
    return 0


async def _measure(database: str, settings: Settings, samples: int, cost: str) -> list[Comparison]:
    # an account is locked after 100 wrong passwords; no address is asked for more often
    accounts = max(8, samples // 50)
    people = [address(number, cost) for number in range(accounts)]
    settings.fill(EVERYTHING, {cost: accounts})
    found: list[Comparison] = []
    with Server(EVERYTHING, settings, cost) as server:
        async with Connection(server.port) as connection:
            for name, path in PATHS.items():
                await _times(connection, path, people, min(samples, 50))  # warm
                known, unknown = await _times(connection, path, people, samples)
                comparison = compare(name, database, known, unknown)
                _say(comparison)
                found.append(comparison)
    return found


async def _times(
    connection: Connection, path: str, people: Sequence[str], samples: int
) -> tuple[list[float], list[float]]:
    """Return the times of known and of unknown addresses; which comes when is left to chance."""
    kinds = [True, False] * samples
    random.shuffle(kinds)
    times: dict[bool, list[float]] = {True: [], False: []}
    for number, is_known in enumerate(kinds):
        email = people[number % len(people)]
        # as long as an address that exists
        email = email if is_known else email.replace("user", "nobo")
        request = _request(path, email)
        began = time.perf_counter()
        await _ask(connection, request)
        times[is_known].append((time.perf_counter() - began) * 1e6)
        await asyncio.sleep(PAUSE_SECONDS)
    return times[True], times[False]


def _request(path: str, email: str) -> Request:
    body = {"email": email, **({"password": "not the password"} if path == PATHS["login"] else {})}
    header = ("content-type", "application/json")
    return Request("POST", path, (header,), json.dumps(body).encode())


async def _ask(connection: Connection, request: Request) -> None:
    try:
        await connection.ask(request)
    except Refused as refusal:
        if "invalid_credentials" not in str(refusal):
            raise


def compare(
    request: str, database: str, known: Sequence[float], unknown: Sequence[float]
) -> Comparison:
    """Compare two sets of times."""
    low, high = difference_of_medians(known, unknown)
    return Comparison(
        request=request,
        database=database,
        samples=len(known),
        known=median(known),
        unknown=median(unknown),
        low=low,
        high=high,
        chance=mann_whitney(known, unknown),
    )


def difference_of_medians(
    one: Sequence[float], other: Sequence[float], *, seed: int = 1
) -> tuple[float, float]:
    """Return the interval of the difference, by resampling (percentile bootstrap)."""
    chance = random.Random(seed)  # noqa: S311  # statistics, no secret
    differences = sorted(
        median(chance.choices(one, k=len(one))) - median(chance.choices(other, k=len(other)))
        for _ in range(RESAMPLES)
    )
    cut = int(RESAMPLES * (1 - CONFIDENCE) / 2)
    return differences[cut], differences[-cut - 1]


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how probable ranks as different as these are by chance, two-sided.

    By the normal approximation, without a correction for ties: times of a clock
    with nanoseconds have practically none.
    """
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(rank for rank, (_, is_one) in enumerate(ranked, start=1) if is_one)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def _say(found: Comparison) -> None:
    print(
        f"{found.database:12} {found.request:15} known {found.known:9.0f} us, unknown "
        f"{found.unknown:9.0f} us, difference {found.low:+.0f}..{found.high:+.0f} us "
        f"({CONFIDENCE:.0%}), p = {found.chance:.3f}: {found.verdict}",
        flush=True,
    )
