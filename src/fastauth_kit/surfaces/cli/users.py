"""``fastauth-kit users``: the accounts of the caller's app."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts, UserFilter, cursor_page, read_user
from fastauth_kit.surfaces.cli.asking import checked_text
from fastauth_kit.surfaces.cli.installation import Installation, operate, run_operation
from fastauth_kit.surfaces.cli.output import AsJson, print_facts, print_json, print_table
from fastauth_kit.surfaces.cli.users_changes import add_changes
from fastauth_kit.surfaces.cli.whom import Whom, find_whom

PAGE = 100
"""Accounts read in one transaction, and shown in one table."""

COLUMNS = ("id", "address", "status", "since")

users_command: typer.Typer = typer.Typer(help="The accounts of an app.", no_args_is_help=True)
add_changes(users_command)

Shown = dict[str, Any]
Flag = bool | None


@users_command.command("list")
def list_users(
    context: typer.Context,
    *,
    query: Annotated[
        str | None, typer.Option("--query", "-q", help="Text in the address or the name.")
    ] = None,
    active: Annotated[Flag, typer.Option("--active/--inactive", help="May sign in.")] = None,
    superuser: Annotated[Flag, typer.Option("--superuser/--no-superuser")] = None,
    verified: Annotated[Flag, typer.Option("--verified/--unverified")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="As many at most; all by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List accounts in the order of their ids, page by page."""
    which = UserFilter(
        q=None if query is None else checked_text(query, what="--query"),
        is_active=active,
        is_superuser=superuser,
        is_verified=verified,
    )

    async def show(installation: Installation) -> None:
        async for page in _pages(installation, which, limit):
            _print_page(page, as_json=as_json)

    operate(context, show)


@users_command.command()
def show(context: typer.Context, user: Whom, as_json: AsJson = False) -> None:
    """Show one account."""

    async def look(work: Work) -> Shown:
        found = await find_whom(work, user)
        schema = work.auth.feature(Accounts).schemas(work.auth).read
        return _shown(await read_user(work, schema, found))

    shown = run_operation(context, look)
    if as_json:
        print_json(shown)
    else:
        print_facts(shown.items())


async def _pages(
    installation: Installation, which: UserFilter, limit: int | None
) -> AsyncIterator[list[Shown]]:
    """Yield page after page; none is kept, and nothing is held while it is printed."""
    schema = installation.auth.feature(Accounts).schemas(installation.auth).read
    cursor: str | None = ""
    left = limit
    while cursor is not None and left != 0:
        size = PAGE if left is None else min(PAGE, left)
        reading = partial(_page, schema=schema, which=which, cursor=cursor, size=size)
        users, cursor = await installation.run(reading)
        left = None if left is None else left - len(users)
        if users:
            yield users


async def _page(
    work: Work, *, schema: Any, which: UserFilter, cursor: str, size: int
) -> tuple[list[Shown], str | None]:
    found = await cursor_page(work, which, cursor=cursor, limit=size)
    # in a step: the caller's schema may name relationships, which are loaded when read
    shown = await work.read(lambda _: [_shown(schema.model_validate(user)) for user in found.users])
    return shown, found.next_cursor


def _shown(user: BaseModel) -> Shown:
    return user.model_dump(mode="json")


def _print_page(page: list[Shown], *, as_json: bool) -> None:
    if as_json:
        for user in page:
            print_json(user)
        return
    print_table(COLUMNS, (_row(user) for user in page))


def _row(user: Shown) -> list[Any]:
    """Return what a person looks for; by the fields that every read schema has."""
    facts = [
        "" if user["is_active"] else "inactive",
        "superuser" if user["is_superuser"] else "",
        "" if user["is_verified"] else "unverified",
    ]
    standing = ", ".join(fact for fact in facts if fact)
    return [user["id"], user["email"], standing, user["created_at"][:10]]
