"""``fastauth-kit sessions``: who is signed in where, and the end of that."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import select

from fastauth_kit.core.work import Work
from fastauth_kit.features.sessions import RevokedReason, SessionNotFound, Sessions
from fastauth_kit.surfaces.cli.asking import Yes, confirm
from fastauth_kit.surfaces.cli.installation import Installation, operate, run_operation
from fastauth_kit.surfaces.cli.output import AsJson, print_json, print_table
from fastauth_kit.surfaces.cli.refusals import Refused
from fastauth_kit.surfaces.cli.whom import Whom, find_whom

COLUMNS = ("id", "created_at", "last_used_at", "ip", "user_agent")

HEADS = ("id", "since (UTC)", "last used", "from", "client")

BATCH = 100
"""Users whose sessions end in one transaction."""

sessions_command: typer.Typer = typer.Typer(help="Who is signed in where.", no_args_is_help=True)


@sessions_command.command("list")
def list_sessions(context: typer.Context, user: Whom, as_json: AsJson = False) -> None:
    """List the sessions of a user that are in force, the latest used first, 100 at most."""

    async def look(work: Work) -> list[dict[str, Any]]:
        found = await find_whom(work, user)
        rows = await work.auth.feature(Sessions).list_for(work, found.id)
        return [_shown(row) for row in rows]

    shown = run_operation(context, look)
    if as_json:
        for row in shown:
            print_json(row)
    elif shown:
        print_table(HEADS, (_row(row) for row in shown))
    else:
        typer.echo("Not signed in anywhere.")


@sessions_command.command()
def revoke(
    context: typer.Context,
    session_id: Annotated[UUID | None, typer.Argument(help="One session.")] = None,
    user: Annotated[str | None, typer.Option(help="Every session of this address or id.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every session of everybody.")] = False,
    yes: Yes = False,
) -> None:
    """End sessions: one of them, all of one user, or all there are."""
    if [session_id is not None, user is not None, everyone].count(True) != 1:
        raise Refused("Name one: a SESSION_ID, --user USER, or --all.")
    if session_id is not None:
        run_operation(context, lambda work: _revoke_one(work, session_id))
        typer.echo("1 session ended.")
        return
    if user is not None:
        ended = run_operation(context, lambda work: _revoke_of(work, user))
    else:
        confirm("Sign everybody out?", yes=yes)
        ended = operate(context, _revoke_all)
    typer.echo(f"{ended} {'session' if ended == 1 else 'sessions'} ended.")


def _shown(row: Any) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in COLUMNS}
    moments = {name: values[name].isoformat() for name in ("created_at", "last_used_at")}
    return {**values, "id": str(row.id), **moments}


def _row(shown: dict[str, Any]) -> list[Any]:
    moments = [shown[name][:16].replace("T", " ") for name in ("created_at", "last_used_at")]
    return [shown["id"], *moments, shown["ip"], shown["user_agent"]]


async def _revoke_one(work: Work, session_id: UUID) -> None:
    sessions = work.auth.feature(Sessions)
    model = sessions.model
    owner = await work.scalar(select(model.user_id).where(model.id == session_id))
    try:
        await sessions.revoke(work, owner, session_id, RevokedReason.REVOKED)
    except SessionNotFound:
        raise Refused("There is no such session in force.") from None


async def _revoke_of(work: Work, user: str) -> int:
    found = await find_whom(work, user)
    return await work.auth.feature(Sessions).revoke_all(work, found.id, RevokedReason.REVOKED)


async def _revoke_all(installation: Installation) -> int:
    """End what is in force, user by user: each of them is told of in an event."""
    ended, after = 0, None
    while True:
        count, after = await installation.run(partial(_revoke_batch, after=after))
        ended += count
        if after is None:
            return ended


async def _revoke_batch(work: Work, after: Any) -> tuple[int, Any]:
    """End the sessions of some users; return how many, and whom to go on after, if anybody."""
    sessions = work.auth.feature(Sessions)
    owner = sessions.model.user_id
    rest = (owner > after,) if after is not None else ()
    open_ones = (sessions.model.revoked_at.is_(None), *rest)
    owners = await work.scalars(
        select(owner).where(*open_ones).group_by(owner).order_by(owner).limit(BATCH)
    )
    reason = RevokedReason.REVOKED
    ended = sum([await sessions.revoke_all(work, each, reason) for each in owners])
    return ended, owners[-1] if len(owners) == BATCH else None
