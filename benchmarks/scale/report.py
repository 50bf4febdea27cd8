"""The figures as a section of Markdown."""

import math
from collections.abc import Sequence

from benchmarks.scale.filling import Size
from benchmarks.scale.growth import LIMIT, Growth
from benchmarks.scale.pruning import ME_PER_SECOND, REFRESHES_PER_SECOND, Pruning


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the others does not exceed (nearest rank)."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def growth_section(small: Size, large: Size, found: Sequence[Growth], *, judged: bool) -> str:
    """Return the table of growth, with a verdict or without."""
    lines = [
        f"From {small} to {large}:",
        "",
        "| request | ms, small | ms, large | ratio (min to max of the rounds) | limit "
        "| CPU of the app | blocks touched, small / large |",
        "|---|---|---|---|---|---|---|",
    ]
    for growth in found:
        small_ms, large_ms = growth.milliseconds
        verdict = ("held" if growth.holds else "**missed**") if judged else "not judged"
        lines.append(
            f"| {growth.kind.name} | {small_ms:.1f} | {large_ms:.1f} "
            f"| {growth.ratio:.2f} ({min(growth.ratios):.2f} to {max(growth.ratios):.2f}) "
            f"| {f'{LIMIT} {verdict}' if growth.kind.limited else 'none'} | {growth.cpu:.2f} "
            f"| {growth.blocks[0]:,.0f} / {growth.blocks[1]:,.0f} |"
        )
    return "\n".join(lines)


def pruning_section(pruning: Pruning) -> str:
    """Return the tables of pruning."""
    seconds = [took for _, took in pruning.batches]
    full = [took for deleted, took in pruning.batches if deleted > 500]
    sparse = [took for deleted, took in pruning.batches if deleted <= 500]
    beside_load = len(pruning.batches) - pruning.alone
    lines = [
        f"{pruning.deleted:,} of {pruning.rows:,} rows deleted in {len(pruning.batches):,} batches "
        f"of 1,000 rows looked at, {sum(seconds):.0f} s in all "
        f"({beside_load:,} batches beside load, the rest without):",
        "",
        "| batches | count | p50 ms | p99 ms | longest ms |",
        "|---|---|---|---|---|",
        _batches("that deleted more than 500 rows", full),
        _batches("that deleted fewer", sparse),
        "",
        f"Others meanwhile, at {ME_PER_SECOND} `GET /users/me` "
        f"and {REFRESHES_PER_SECOND} refreshes a second, in turns of pruning and rest:",
        "",
        "| request | answers | p50 ms, rest / pruning | p99 ms, rest / pruning |",
        "|---|---|---|---|",
        _others("`GET /users/me`", pruning.quiet.me, pruning.beside.me),
        _others("refresh", pruning.quiet.refresh, pruning.beside.refresh),
        "",
        f"Errors: {len(pruning.quiet.errors)} at rest, "
        f"{len(pruning.beside.errors)} beside pruning.",
    ]
    return "\n".join(lines)


def _batches(name: str, seconds: Sequence[float]) -> str:
    p50, p99 = percentile(seconds, 0.5) * 1000, percentile(seconds, 0.99) * 1000
    longest = max(seconds, default=math.nan) * 1000
    return f"| {name} | {len(seconds):,} | {p50:.1f} | {p99:.1f} | {longest:.0f} |"


def _others(name: str, quiet: Sequence[float], beside: Sequence[float]) -> str:
    p50, p99 = (
        [percentile(values, share) * 1000 for values in (quiet, beside)] for share in (0.5, 0.99)
    )
    return (
        f"| {name} | {len(quiet):,} / {len(beside):,} | {p50[0]:.1f} / {p50[1]:.1f} "
        f"| {p99[0]:.1f} / {p99[1]:.1f} |"
    )
