"""Routes of the private registration."""

from typing import TYPE_CHECKING, Annotated

from fastapi import BackgroundTasks, Depends, Request

from fastauth_kit.core.afterwards import ACCEPTED, Accepted, afterwards
from fastauth_kit.core.errors import Busy
from fastauth_kit.core.guards import admit
from fastauth_kit.core.hooks import Attempt, AttemptKind
from fastauth_kit.core.http import device_of
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts, UserCreate
from fastauth_kit.features.one_time_tokens import add_verify_email_route

if TYPE_CHECKING:
    from fastauth_kit.features.private_registration.feature import PrivateRegistration


def add_private_registration_routes(registration: "PrivateRegistration", table: RouteTable) -> None:
    """Add ``POST /register`` and, where nobody else has, ``POST /email/verify``."""
    auth = table.auth

    async def register(
        body: UserCreate,
        request: Request,
        background: BackgroundTasks,
        work: Annotated[Work, Depends(auth.work)],
    ) -> Accepted:
        """Ask for an account. The mailbox learns what became of it, nobody else does."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.REGISTRATION, "register", device, address=body.email))
        # before anything is looked up: the policy and a full queue refuse every address alike
        hashed = await registration.hash_password(work, body)
        afterwards(background, work, lambda work: registration.register(work, body, hashed))
        return ACCEPTED

    table.add(
        "register",
        "POST",
        "/register",
        register,
        body=auth.feature(Accounts).schemas(auth).create,
        errors=[Busy],
        limited=True,
        status_code=202,
        response_model=Accepted,
    )
    add_verify_email_route(table)
