"""``fastauth-kit create-superuser``: the first account, or a promotion."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts, EmailTaken
from fastauth_kit.surfaces.cli.asking import (
    PasswordFromStdin,
    at_terminal,
    checked_text,
    confirm,
    read_password,
)
from fastauth_kit.surfaces.cli.installation import Installation, operate
from fastauth_kit.surfaces.cli.own_columns import read_columns
from fastauth_kit.surfaces.cli.refusals import Refused

STANDING: dict[str, Any] = {"is_superuser": True, "is_verified": True}


@dataclass(frozen=True)
class _Existing:
    id: Any
    is_superuser: bool


def create_superuser(
    context: typer.Context,
    email: Annotated[
        str | None, typer.Argument(metavar="[EMAIL]", help="Asked for if left out.")
    ] = None,
    password_stdin: PasswordFromStdin = False,
    promote: Annotated[
        bool, typer.Option("--promote", help="Promote an account that exists, without asking.")
    ] = False,
    own: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=VALUE", help="A column of your own; repeat it."),
    ] = None,
) -> None:
    """Make a superuser, whose address counts as verified.

    Who has an account already keeps it, with their password, and is promoted.
    """
    address: str = email if email is not None else typer.prompt("E-mail address")
    checked_text(address, what="EMAIL")
    existing = operate(context, lambda installation: _existing(installation, address))
    if existing is not None:
        _promote(context, address, existing, promote=promote, stdin=password_stdin)
        return
    password = read_password(from_stdin=password_stdin)
    user_id = operate(
        context, lambda installation: _create(installation, address, password, own or [])
    )
    typer.echo(f"Made the superuser {address} (id {user_id}).")


async def _existing(installation: Installation, address: str) -> _Existing | None:
    async def look(work: Work) -> _Existing | None:
        user = await installation.auth.find_user(work, address)
        return None if user is None else _Existing(user.id, user.is_superuser and user.is_active)

    return await installation.run(look)


def _promote(
    context: typer.Context, address: str, existing: _Existing, *, promote: bool, stdin: bool
) -> None:
    if existing.is_superuser:
        typer.echo(f"{address} is a superuser already (id {existing.id}).")
        return
    question = f"{address} has an account (id {existing.id}). Promote it?"
    if not promote and (stdin or not at_terminal()):
        raise Refused(f"{question} Then use --promote; its password stays.")
    confirm(question, yes=promote)
    operate(context, lambda installation: _raise(installation, existing.id))
    typer.echo(f"{address} is a superuser now (id {existing.id}); the password is as it was.")


async def _raise(installation: Installation, user_id: Any) -> None:
    changes = {**STANDING, "is_active": True}
    await installation.run(
        lambda work: installation.auth.feature(Accounts).update(work, user_id, changes)
    )


async def _create(installation: Installation, address: str, password: str, own: list[str]) -> Any:
    auth = installation.auth
    email, columns = read_columns(auth, address, password, own)

    async def create(work: Work) -> Any:
        user = await auth.feature(Accounts).create(
            work, email=email, password=password, **{**columns, **STANDING}
        )
        return user.id

    try:
        return await installation.run(create)
    except EmailTaken:
        raise Refused(f"{email} has an account by now: run it again to promote it.") from None
