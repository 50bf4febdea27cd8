"""Routes of the verification of addresses."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import BackgroundTasks, Depends, Request

from fastauth_kit.core.afterwards import ACCEPTED, Accepted, afterwards
from fastauth_kit.core.authentication import OptionalAccess
from fastauth_kit.core.errors import InvalidToken
from fastauth_kit.core.guards import admit
from fastauth_kit.core.hooks import Attempt, AttemptKind
from fastauth_kit.core.http import device_of
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.work import Work
from fastauth_kit.features.email_verification.schemas import RequestVerificationBody
from fastauth_kit.features.one_time_tokens import add_verify_email_route

if TYPE_CHECKING:
    from fastauth_kit.features.email_verification.feature import EmailVerification


def add_email_verification_routes(verification: "EmailVerification", table: RouteTable) -> None:
    """Add every route of the feature."""
    auth = table.auth
    # whoever must verify their address first is let in here
    asking: OptionalAccess[Any, Any] = OptionalAccess(
        auth.unconditional_authentication, auth, auth.session_dependency, lambda who: who.user.id
    )

    async def request_email_verification(
        body: RequestVerificationBody,
        request: Request,
        background: BackgroundTasks,
        asked_by: Annotated[Any, Depends(asking)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> Accepted:
        """Have a link mailed, if there is such an account. Nobody learns whether.

        Send the access token if there is one: proving the address then leaves
        the password and the sessions of the account as they are.
        """
        device = device_of(request, auth.settings)
        await admit(
            auth,
            Attempt(AttemptKind.MAIL, "request_email_verification", device, address=body.email),
        )
        afterwards(
            background, work, lambda work: verification.send_link(work, body.email, asked_by)
        )
        return ACCEPTED

    table.add(
        "request_email_verification",
        "POST",
        "/email/verify/request",
        request_email_verification,
        errors=[InvalidToken],
        limited=True,
        status_code=202,
        response_model=Accepted,
        # beside the token, which the dependency names: nothing
        openapi_extra={"security": [{}]},
    )
    add_verify_email_route(table)
