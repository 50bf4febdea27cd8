"""Accounts for tests, made and signed in the way that the kit does it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from fastauth_kit.core.assembly import UserT
from fastauth_kit.core.database import Database
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.hooks import Device, IssuedSession
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.login import finish_login
from fastauth_kit.core.models import utc_now
from fastauth_kit.core.secrets import time_ordered_id
from fastauth_kit.core.store import hold
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts

PASSWORD: Final = "Correct horse 7 battery!"
"""The password of every user that is made without another one."""


def new_address() -> str:
    """Return an address that no other user has, of this process or of another one."""
    return f"user-{time_ordered_id(utc_now()).hex}@example.com"


async def create_user(auth: AuthKit[UserT], work: Work, columns: dict[str, Any]) -> Any:
    """Insert an account and return its id; ``email`` and ``password`` may be left out."""
    given: dict[str, Any] = {"email": new_address(), "password": PASSWORD, **columns}
    user = await auth.feature(Accounts).create(work, **given)
    return user.id


async def made_user(
    auth: AuthKit[UserT], database: Database, columns: dict[str, Any], *, detach: bool
) -> UserT:
    """Make an account in a session and return it, with every column loaded.

    Args:
        detach: Whether to take it out of a session that is about to end.
    """
    async with Work(auth, database) as work:
        user_id = await create_user(auth, work, columns)
    return await database.run(lambda session: loaded(auth, session, user_id, detach=detach))


def loaded(auth: AuthKit[UserT], session: Session, user_id: Any, *, detach: bool) -> UserT:
    """Return a user whose columns can be read without the database."""
    model = auth.user_model
    statement = select(model).where(model.id == user_id).options(*auth.user_load_options)
    found = session.execute(statement, execution_options={"populate_existing": True})
    user: UserT = found.unique().scalar_one()
    if detach:
        session.expunge(user)
    return user


def sign_in_as(
    auth: AuthKit[Any], user: Any, methods: Sequence[str]
) -> Callable[[Database], Awaitable[IssuedSession]]:
    """Return the operation that gives a user a session, as after a login.

    Every factor counts as proven; ``LoginCondition`` is asked as always.
    """
    user_id = _id_of(user)

    async def operation(database: Database) -> IssuedSession:
        async with Work(auth, database) as work:
            held = await hold(work, auth.user_model, auth.user_model.id == user_id)
            if held is None:
                raise ConfigurationError(
                    "the database of the app has no such user: make one with make_user, "
                    "or commit yours first"
                )
            return await finish_login(work, held, methods=methods, device=Device())

    return operation


def _id_of(user: Any) -> Any:
    """Return the key of a user, who may be of a session that has ended."""
    identity = inspect(user).identity
    if identity is None:
        raise ConfigurationError("a user signs in who is in the database: commit yours first")
    return identity[0]
