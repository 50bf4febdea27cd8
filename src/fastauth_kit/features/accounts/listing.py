"""Pages of accounts: by number with a count, or by cursor without."""

from dataclasses import dataclass
from typing import Any, Literal
from unicodedata import normalize

from sqlalchemy import Select, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.paging import read_cursor, write_cursor
from fastauth_kit.core.work import Work

OrderBy = Literal["id", "-id", "email", "-email", "created_at", "-created_at"]

_CURSOR = "users-cursor"


@dataclass(frozen=True, kw_only=True, slots=True)
class UserFilter:
    """Which accounts to list.

    Args:
        q: Text that the address or the name contains, taken literally.
    """

    q: str | None = None
    is_active: bool | None = None
    is_superuser: bool | None = None
    is_verified: bool | None = None

    def conditions(self, model: type[UserMixin[Any]]) -> list[ColumnElement[bool]]:
        """Return it as SQL."""
        flags = {
            model.is_active: self.is_active,
            model.is_superuser: self.is_superuser,
            model.is_verified: self.is_verified,
        }
        found: list[ColumnElement[bool]] = [
            column == value for column, value in flags.items() if value is not None
        ]
        return [*found, _contains(model, self.q)] if self.q else found


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """One page, by number."""

    users: list[Any]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class CursorPage:
    """One page, by cursor."""

    users: list[Any]
    next_cursor: str | None


async def numbered_page(
    work: Work, which: UserFilter, order_by: OrderBy, *, page: int, per_page: int
) -> NumberedPage:
    """Return one page and how many there are; costs more the further in."""
    model = work.auth.user_model
    conditions = which.conditions(model)
    count = select(func.count()).select_from(model).where(*conditions)
    total = int(await work.scalar(count))
    statement = _users(work).where(*conditions).order_by(*_order(model, order_by))
    users = await work.scalars(statement.offset((page - 1) * per_page).limit(per_page))
    return NumberedPage(list(users), total, page, -(-total // per_page))


async def cursor_page(work: Work, which: UserFilter, *, cursor: str, limit: int) -> CursorPage:
    """Return the accounts after a cursor, in order of their ids.

    Args:
        cursor: From the page before; empty for the first page.

    Raises:
        InvalidInput: The cursor was tampered with.
    """
    model = work.auth.user_model
    statement = _users(work).where(*which.conditions(model)).order_by(model.id)
    if cursor:
        statement = statement.where(
            model.id > read_cursor(work, _CURSOR, work.auth.user_key, cursor)
        )
    users = await work.scalars(statement.limit(limit + 1))
    more = len(users) > limit
    shown = list(users[:limit])
    if not more:
        return CursorPage(shown, None)
    return CursorPage(shown, write_cursor(work, _CURSOR, work.auth.user_key, shown[-1].id))


def _users(work: Work) -> Select[Any]:
    return select(work.auth.user_model).options(*work.auth.user_load_options)


def _contains(model: type[UserMixin[Any]], q: str) -> ColumnElement[bool]:
    text = normalize("NFC", q)
    # addresses are stored in lower case; lower() on the column would cost time
    found: list[ColumnElement[bool]] = [model.email.contains(text.lower(), autoescape=True)]
    name: Any = getattr(model, "name", None)
    if name is not None:
        found.append(name.icontains(text, autoescape=True))
    return or_(*found)


def _order(model: Any, order_by: OrderBy) -> list[Any]:
    column = getattr(model, order_by.removeprefix("-"))
    order = [column] if order_by.endswith("id") else [column, model.id]
    return [part.desc() for part in order] if order_by.startswith("-") else order
