"""``fastauth-kit prune``: deletes what nobody needs any more, beside the running app."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.pruning import BATCH, PAUSE, walk, walk_while_any
from fastauth_kit.features.audit import prune_event_batch
from fastauth_kit.features.one_time_tokens import prune_token_batch
from fastauth_kit.features.sessions import prune_batch
from fastauth_kit.surfaces.cli.installation import Installation, operate
from fastauth_kit.surfaces.cli.output import print_json

DAY = timedelta(days=1)

MOST_ROWS = 10_000
"""Rows of a batch at most: more would hold their locks for too long."""

LONGEST = timedelta(days=18_250)
"""Before 1970 there are no ids to look for."""

_DURATION = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_duration(text: str) -> timedelta:
    """Return a duration such as ``30d`` or ``12h``.

    Raises:
        typer.BadParameter: It is none.
    """
    found = _DURATION.fullmatch(text)
    duration = timedelta(**{_UNITS[found["unit"]]: int(found["count"])}) if found else None
    if duration is None or duration > LONGEST:
        raise typer.BadParameter("write a number and s, m, h, d or w, as in 30d")
    return duration


@dataclass(frozen=True)
class _Plan:
    """What the options say."""

    sessions_over_for: timedelta
    events_older_than: timedelta | None
    batch: int
    pause: timedelta


@dataclass(frozen=True)
class _Pruned:
    """One table, and how many rows of it each batch deleted."""

    feature: str
    batches: AsyncIterator[int]


def prune(
    context: typer.Context,
    *,
    sessions_over_for: Annotated[
        timedelta,
        typer.Option(
            parser=read_duration, metavar="DURATION", help="Keep sessions that ended later."
        ),
    ] = "30d",  # type: ignore[assignment]  # typer parses defaults, too
    events_older_than: Annotated[
        timedelta | None,
        typer.Option(
            parser=read_duration,
            metavar="DURATION",
            help="Delete audit events, too, that are older. They stay by default.",
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, max=MOST_ROWS, help="Rows of one transaction.")
    ] = BATCH,
    pause_ms: Annotated[
        int, typer.Option(min=0, max=60_000, help="Rest after each, in milliseconds.")
    ] = PAUSE // timedelta(milliseconds=1),
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one JSON object.")] = False,
) -> None:
    """Delete what is over, of every feature that is on, beside the running app.

    Sessions, one-time tokens, registrations nobody completed, and failed logins that
    count for no account. Each batch is a transaction of its own: stop it when you like.
    """
    plan = _Plan(sessions_over_for, events_older_than, batch, timedelta(milliseconds=pause_ms))
    deleted = operate(context, partial(_prune, plan=plan, quiet=as_json))
    if as_json:
        print_json(deleted)
        return
    for name, count in deleted.items():
        typer.echo(f"{name}: {count} deleted")


async def _prune(installation: Installation, *, plan: _Plan, quiet: bool) -> dict[str, int]:
    deleted: dict[str, int] = {}
    console = Console(stderr=True)
    columns = (SpinnerColumn("line"), TextColumn("{task.description}: {task.completed} deleted"))
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    ) as progress:
        for table in _tables(installation, plan):
            task = progress.add_task(table.feature, total=None)
            deleted[table.feature] = 0
            async for count in table.batches:
                deleted[table.feature] += count
                progress.advance(task, count)
    return deleted


def _tables(installation: Installation, plan: _Plan) -> list[_Pruned]:
    """Return what there is to prune, of the features that are on.

    They are told by name: importing all would ask for the extras of all.
    """
    on = {feature.name: feature for feature in installation.auth.features}
    if plan.events_older_than is not None and "audit" not in on:
        raise ConfigurationError("--events-older-than: add Audit(...) to AuthKit(features=...)")
    over_for, older_than = plan.sessions_over_for, plan.events_older_than or DAY
    walks: dict[str, Any] = {
        "sessions": partial(prune_batch, over_for=over_for, batch=plan.batch),
        "one_time_tokens": partial(prune_token_batch, batch=plan.batch),
        "audit": partial(prune_event_batch, older_than=older_than, batch=plan.batch),
    }
    if plan.events_older_than is None:
        del walks["audit"]
    found = [
        _Pruned(name, walk(installation.run, walks[name], pause=plan.pause))
        for name in walks
        if name in on
    ]
    for name in ("private_registration", "lockout"):
        if name in on:
            prune_some: Any = on[name]
            some = partial(prune_some.prune, at_most=plan.batch)
            found.append(_Pruned(name, walk_while_any(installation.run, some, pause=plan.pause)))
    return found
