"""The route by which people make accounts."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from fastauth_kit.core.errors import Busy, DataConflict
from fastauth_kit.core.guards import admit
from fastauth_kit.core.hooks import Attempt, AttemptKind
from fastauth_kit.core.http import device_of
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts.errors import EmailTaken, RegistrationClosed
from fastauth_kit.features.accounts.schemas import UserCreate, UserRead

if TYPE_CHECKING:
    from fastauth_kit.features.accounts.feature import Accounts


def add_registration_route(accounts: "Accounts", table: RouteTable) -> None:
    """Add ``POST /register``."""
    auth = table.auth
    schemas = accounts.schemas(auth)

    async def register(
        body: UserCreate, request: Request, work: Annotated[Work, Depends(auth.work)]
    ) -> Any:
        """Make an account. Sign in afterwards."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.REGISTRATION, "register", device, address=body.email))
        async with work:
            user = await accounts.register(work, body)
            return await read_user(work, schemas.read, user)

    table.add(
        "register",
        "POST",
        "/register",
        register,
        body=schemas.create,
        errors=[EmailTaken, RegistrationClosed, DataConflict, Busy],
        limited=True,
        status_code=201,
        response_model=schemas.read,
    )


async def read_user(work: Work, schema: type[UserRead[Any]], user: Any) -> UserRead[Any]:
    """Return what is shown of an account, before the commit expires it.

    In a step, because the caller's schema may name relationships, which are
    loaded when they are read.
    """

    def step(session: Session) -> UserRead[Any]:
        return schema.model_validate(user)

    return await work.read(step)
