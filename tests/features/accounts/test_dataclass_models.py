"""A user table that is a dataclass takes what a registration gives, or is refused at start."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    ConfigurationError,
    Passwords,
    SessionMixin,
    Sessions,
    UserCreate,
    UserMixin,
)
from tests.kit_app import SECRET


async def get_db() -> AsyncIterator[Any]:
    yield None


def installation(columns: dict[str, Any], annotations: dict[str, Any], **options: Any) -> Any:
    """Return what a caller builds over users with these columns."""

    class Base(MappedAsDataclass, DeclarativeBase):
        pass

    body = {"__tablename__": "users", "__annotations__": annotations, **columns}
    user = type("User", (UserMixin, Base), body)

    class AuthSession(SessionMixin[Any], Base):
        __tablename__ = "auth_sessions"
        __auth_user__ = user

    return AuthKit(
        user_model=user,
        get_session=get_db,
        settings=AuthSettings(secret_key=SECRET),
        features=(Accounts(**options), Passwords(), Sessions(model=AuthSession)),
    )


def key(**options: Any) -> dict[str, Any]:
    return {"id": mapped_column(primary_key=True, **options)}


def test_columns_that_fill_themselves_are_fine() -> None:
    columns = {**key(init=False), "nick": mapped_column(String(50), default=None)}

    assert installation(columns, {"id": Mapped[int], "nick": Mapped[str | None]})


def test_a_column_that_nobody_gives_is_refused() -> None:
    columns = {**key(init=False), "nick": mapped_column(String(50), nullable=True)}

    with pytest.raises(ConfigurationError, match=r"User\.nick is an argument .* default=None"):
        installation(columns, {"id": Mapped[int], "nick": Mapped[str | None]})


def test_a_column_that_everybody_gives_is_fine() -> None:
    class Create(UserCreate):
        nick: str

    columns = {**key(init=False), "nick": mapped_column(String(50))}

    assert installation(columns, {"id": Mapped[int], "nick": Mapped[str]}, create_schema=Create)


def test_a_key_that_the_kit_makes_is_taken() -> None:
    columns = {"id": mapped_column(Uuid, primary_key=True)}

    assert installation(columns, {"id": Mapped[UUID]})


def test_a_key_that_the_kit_makes_and_the_table_does_not_take_is_refused() -> None:
    columns = {"id": mapped_column(Uuid, primary_key=True, init=False)}

    with pytest.raises(ConfigurationError, match=r"User\.id is given by the kit: leave init=False"):
        installation(columns, {"id": Mapped[UUID]})


def test_a_key_that_the_table_makes_is_fine() -> None:
    columns = {
        "id": mapped_column(Uuid, primary_key=True, init=False, insert_default=uuid4),
    }

    assert installation(columns, {"id": Mapped[UUID]})
