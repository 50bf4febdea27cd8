"""The route that lists accounts, both ways of paging."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from fastauth_kit.core.errors import NotEnoughPermissions
from fastauth_kit.core.paging import MAX_CURSOR, MAX_LIMIT, Number
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts.listing import (
    CursorPage,
    NumberedPage,
    OrderBy,
    UserFilter,
    cursor_page,
    numbered_page,
)
from fastauth_kit.features.accounts.schemas import page_schemas

if TYPE_CHECKING:
    from fastauth_kit.features.accounts.feature import Accounts

MAX_PAGE = 1_000_000_000
"""Times ``per_page`` it still fits the OFFSET of every database."""


def add_list_route(
    accounts: "Accounts", table: RouteTable, may_list: Callable[..., Coroutine[Any, Any, Any]]
) -> None:
    """Add ``GET ""``."""
    auth = table.auth
    by_number, by_cursor = page_schemas(accounts.schemas(auth).read)

    async def list_users(
        *,
        work: Annotated[Work, Depends(auth.work)],
        reader: Annotated[Any, Depends(may_list)],
        which: Annotated[UserFilter, Depends(_read_filter)],
        page: Annotated[Number, Query(ge=1, le=MAX_PAGE)] = 1,
        per_page: Annotated[Number, Query(ge=1, le=MAX_LIMIT)] = 20,
        order_by: Annotated[OrderBy, Query(description="With - in front: descending.")] = "id",
        cursor: Annotated[
            str | None,
            Query(
                max_length=MAX_CURSOR,
                description="Empty for the first page, then `next_cursor`. "
                "Replaces `page`, `per_page` and `order_by`.",
            ),
        ] = None,
        limit: Annotated[Number, Query(ge=1, le=MAX_LIMIT, description="With `cursor`.")] = 20,
    ) -> Any:
        """List accounts: by page number with a count, or by cursor without.

        A cursor costs the same on every page, however many accounts there are.
        """
        async with work:
            if cursor is not None:
                found = await cursor_page(work, which, cursor=cursor, limit=limit)
                return await _read_page(work, by_cursor, _by_cursor(found))
            numbered = await numbered_page(work, which, order_by, page=page, per_page=per_page)
            return await _read_page(work, by_number, _by_number(numbered))

    table.add(
        "list_users",
        "GET",
        "",
        list_users,
        errors=[NotEnoughPermissions],
        signed_in=True,
        response_model=by_number | by_cursor,
    )


async def _read_filter(
    q: Annotated[
        str | None,
        Query(max_length=255, description="In the address or the name, taken literally."),
    ] = None,
    is_active: bool | None = None,
    is_superuser: bool | None = None,
    is_verified: bool | None = None,
) -> UserFilter:
    return UserFilter(q=q, is_active=is_active, is_superuser=is_superuser, is_verified=is_verified)


def _by_cursor(found: CursorPage) -> dict[str, Any]:
    return {"items": found.users, "next_cursor": found.next_cursor}


def _by_number(found: NumberedPage) -> dict[str, Any]:
    return {
        "items": found.users,
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
    }


async def _read_page(work: Work, schema: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    """Build the page in a step: the caller's schema may name relationships."""

    def step(session: Session) -> BaseModel:
        return schema.model_validate(values, from_attributes=True)

    return await work.read(step)
