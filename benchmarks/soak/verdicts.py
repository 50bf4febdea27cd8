"""What the samples say: minute by minute, and whether anything grew."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.scale.report import percentile
from benchmarks.soak.traffic import Journal, Timed
from benchmarks.soak.watching import Sample

SETTLING_SECONDS = 180
"""Pools, caches and Python's allocator fill up first."""

JUDGED_SECONDS = 300
"""Shorter runs show that everything runs; they say nothing about growth."""

MOST_GROWTH = 0.5
"""MiB a minute."""

MOST_SLOWER = 1.3
"""Median of the last third against that of the first, for ``me``."""


@dataclass(frozen=True)
class Minute:
    """One interval of the table."""

    number: int
    count: int
    p50: float
    p99: float
    me_p50: float
    me_p99: float


@dataclass(frozen=True)
class Verdict:
    """One thing that must hold; ``None`` where the run was too short to say."""

    what: str
    figure: str
    holds: bool | None


def minutes(journal: Journal, length: float) -> list[Minute]:
    """Return latencies in milliseconds for each interval."""
    by_number: dict[int, list[Timed]] = {}
    for request in journal.requests:
        by_number.setdefault(int(request.at // length), []).append(request)
    return [_minute(number, found) for number, found in sorted(by_number.items())]


def _minute(number: int, found: Sequence[Timed]) -> Minute:
    every = [request.seconds * 1000 for request in found]
    me = [request.seconds * 1000 for request in found if request.kind == "me"]
    return Minute(
        number,
        len(found),
        percentile(every, 0.5),
        percentile(every, 0.99),
        percentile(me, 0.5),
        percentile(me, 0.99),
    )


def judge(
    journal: Journal, samples: Sequence[Sample], last: Sample, seconds: float
) -> list[Verdict]:
    """Return every verdict.

    Args:
        last: Taken after the traffic had ended.
    """
    long = seconds >= JUDGED_SECONDS
    settled = [sample for sample in samples if sample.at >= min(SETTLING_SECONDS, seconds / 2)]
    slope = slope_per_minute(settled)
    slower = growth_of_latency(journal, seconds)
    threads = max(sample.threads for sample in samples)
    return [
        Verdict("unexpected answers", str(len(journal.errors)), not journal.errors),
        Verdict(
            "connections checked out after the end", str(last.checked_out), last.checked_out == 0
        ),
        Verdict(
            "memory (PSS) after it settled",
            f"{slope:+.2f} MiB a minute",
            slope < MOST_GROWTH if long else None,
        ),
        Verdict(
            "median of `GET /users/me`, last third against first",
            f"{slower:.2f}",
            slower < MOST_SLOWER if long else None,
        ),
        Verdict(
            "threads, settled and at most",
            f"{settled[-1].threads} and {threads}",
            settled[-1].threads <= settled[0].threads if long else None,
        ),
        Verdict(
            "open files, when settled and at the end",
            f"{settled[0].files} and {settled[-1].files}",
            settled[-1].files <= settled[0].files + 5 if long else None,
        ),
    ]


def slope_per_minute(samples: Sequence[Sample]) -> float:
    """Return the growth of memory by least squares, in MiB a minute."""
    if len(samples) < 3:
        return 0.0
    line = statistics.linear_regression(
        [sample.at / 60 for sample in samples], [sample.pss for sample in samples]
    )
    return line.slope


def growth_of_latency(journal: Journal, seconds: float) -> float:
    """Return the median of ``me`` in the last third of the run, against the first."""
    me = [request for request in journal.requests if request.kind == "me"]
    first = [request.seconds for request in me if request.at < seconds / 3]
    last = [request.seconds for request in me if request.at >= seconds * 2 / 3]
    return statistics.median(last) / statistics.median(first) if first and last else 1.0
