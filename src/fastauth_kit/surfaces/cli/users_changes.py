"""``fastauth-kit users activate`` and its like: by the operations that routes use, too."""

from collections.abc import Mapping
from typing import Any

import typer

from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.passwords import Passwords
from fastauth_kit.surfaces.cli.asking import PasswordFromStdin, Yes, confirm, read_password
from fastauth_kit.surfaces.cli.installation import run_operation
from fastauth_kit.surfaces.cli.refusals import Refused
from fastauth_kit.surfaces.cli.whom import Whom, find_whom


def add_changes(users: typer.Typer) -> None:
    """Add the commands that change one account."""
    for change in (activate, deactivate, promote, demote, verify, unlock, set_password, delete):
        users.command(change.__name__.replace("_", "-"))(change)


def activate(context: typer.Context, user: Whom) -> None:
    """Let a user sign in again."""
    _update(context, user, {"is_active": True}, "may sign in")


def deactivate(context: typer.Context, user: Whom) -> None:
    """Keep a user out; their sessions end."""
    _update(context, user, {"is_active": False}, "is deactivated, and signed out everywhere")


def promote(context: typer.Context, user: Whom) -> None:
    """Make a user a superuser."""
    _update(context, user, {"is_superuser": True}, "is a superuser")


def demote(context: typer.Context, user: Whom) -> None:
    """Make a superuser a user as others are. One superuser must remain."""
    _update(context, user, {"is_superuser": False}, "is no superuser")


def verify(context: typer.Context, user: Whom) -> None:
    """Vouch that a user reads the mailbox of their address."""
    _update(context, user, {"is_verified": True}, "is verified")


def unlock(context: typer.Context, user: Whom) -> None:
    """Forget the failed logins of a user: their password is taken again."""

    async def forget(work: Work) -> tuple[str, int]:
        shown, user_id = await _named(work, user)
        return shown, await work.auth.feature(Lockout).unlock(work, user_id)

    shown, forgotten = run_operation(context, forget)
    typer.echo(f"{shown} is unlocked. Failed logins forgotten: {forgotten}.")


def set_password(
    context: typer.Context, user: Whom, password_stdin: PasswordFromStdin = False
) -> None:
    """Give a user a new password; their sessions and links end."""
    # before the question: nobody is to type a password twice for a user who is not there
    shown, user_id = run_operation(context, lambda work: _named(work, user))
    password = read_password(from_stdin=password_stdin)

    async def replace(work: Work) -> None:
        if await work.auth.feature(Passwords).replace(work, user_id, password) is None:
            raise Refused(f"There is no user {shown} any more.")

    run_operation(context, replace)
    typer.echo(f"{shown} has a new password, and is signed out everywhere.")


def delete(context: typer.Context, user: Whom, yes: Yes = False) -> None:
    """Delete an account, with everything that the kit holds of it."""
    shown, user_id = run_operation(context, lambda work: _named(work, user))
    confirm(f"Delete {shown} for good?", yes=yes)
    run_operation(context, lambda work: work.auth.feature(Accounts).remove(work, user_id))
    typer.echo(f"{shown} is deleted.")


def _update(context: typer.Context, user: str, changes: Mapping[str, Any], outcome: str) -> None:
    async def update(work: Work) -> tuple[str, bool]:
        shown, user_id = await _named(work, user)
        before = await find_whom(work, user)
        differs = any(getattr(before, name) != value for name, value in changes.items())
        await work.auth.feature(Accounts).update(work, user_id, changes)
        return shown, differs

    shown, differs = run_operation(context, update)
    typer.echo(f"{shown} {outcome}{'' if differs else ' already'}.")


async def _named(work: Work, user: str) -> tuple[str, Any]:
    """Return how to speak of a user, and the id."""
    found = await find_whom(work, user)
    return f"{found.email} (id {found.id})", found.id
