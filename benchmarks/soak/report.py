"""The figures as a section of Markdown, and the graph."""

from collections.abc import Sequence

from benchmarks.soak.graph import Panel, draw
from benchmarks.soak.traffic import Journal
from benchmarks.soak.verdicts import Minute, Verdict
from benchmarks.soak.watching import Sample

SAYS = {True: "holds", False: "**broken**", None: "too short a run to say"}


def section(
    seconds: float,
    journal: Journal,
    intervals: Sequence[Minute],
    samples: Sequence[Sample],
    verdicts: Sequence[Verdict],
    *,
    length: float,
) -> str:
    """Return what was seen as Markdown."""
    rate = len(journal.requests) / seconds
    lines = [
        f"{len(journal.requests):,} requests in {seconds / 60:.1f} minutes ({rate:.0f} a second), "
        f"of {len({request.kind for request in journal.requests})} kinds:",
        "",
        "| what must hold | seen | |",
        "|---|---|---|",
        *(f"| {found.what} | {found.figure} | {SAYS[found.holds]} |" for found in verdicts),
        "",
        f"| {'minute' if length == 60 else 'interval'} | requests | p50 ms | p99 ms "
        "| `me` p50 ms | `me` p99 ms | PSS MiB | threads | open files "
        "| database connections | checked out, at most |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(minute, samples, length) for minute in intervals),
    ]
    return "\n".join(lines) + "\n"


def _row(minute: Minute, samples: Sequence[Sample], length: float) -> str:
    within = [sample for sample in samples if int(sample.at // length) == minute.number]
    inside = "| | | | |"
    if within:
        last = within[-1]
        busiest = max(sample.checked_out for sample in within)
        inside = (
            f"{last.pss:.1f} | {last.threads} | {last.files} | {last.connections} | {busiest} |"
        )
    return (
        f"| {minute.number + 1} | {minute.count:,} | {minute.p50:.1f} | {minute.p99:.1f} "
        f"| {minute.me_p50:.1f} | {minute.me_p99:.1f} | {inside}"
    )


def kinds(journal: Journal) -> dict[str, int]:
    """Return how many requests of each kind there were."""
    found: dict[str, int] = {}
    for request in journal.requests:
        found[request.kind] = found.get(request.kind, 0) + 1
    return found


def graph(intervals: Sequence[Minute], samples: Sequence[Sample], *, length: float) -> str:
    """Return the graph as SVG."""

    def over_time(what: str) -> list[tuple[float, float]]:
        return [(sample.at / 60, float(getattr(sample, what))) for sample in samples]

    def by_interval(what: str) -> list[tuple[float, float]]:
        return [((each.number + 0.5) * length / 60, getattr(each, what)) for each in intervals]

    return draw(
        "Memory, latency and connections of one worker over time",
        [
            Panel("Memory, MiB", {"RSS": over_time("rss"), "PSS": over_time("pss")}),
            Panel(
                "GET /users/me, milliseconds",
                {"p50": by_interval("me_p50"), "p99": by_interval("me_p99")},
            ),
            Panel(
                "Open at a time",
                {
                    "database connections": over_time("connections"),
                    "checked out": over_time("checked_out"),
                    "threads": over_time("threads"),
                },
            ),
        ],
    )
