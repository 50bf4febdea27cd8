"""Routes of the password reset."""

from typing import TYPE_CHECKING, Annotated

from fastapi import BackgroundTasks, Depends, Request

from fastauth_kit.core.afterwards import ACCEPTED, Accepted, afterwards
from fastauth_kit.core.errors import Busy
from fastauth_kit.core.guards import admit
from fastauth_kit.core.hooks import Attempt, AttemptKind
from fastauth_kit.core.http import device_of
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.work import Work
from fastauth_kit.features.one_time_tokens import InvalidOneTimeToken
from fastauth_kit.features.password_reset.schemas import ForgotPasswordBody, ResetPasswordBody

if TYPE_CHECKING:
    from fastauth_kit.features.password_reset.feature import PasswordReset


def add_password_reset_routes(reset: "PasswordReset", table: RouteTable) -> None:
    """Add every route of the feature."""
    auth = table.auth

    async def forgot_password(
        body: ForgotPasswordBody,
        request: Request,
        background: BackgroundTasks,
        work: Annotated[Work, Depends(auth.work)],
    ) -> Accepted:
        """Have a link mailed, if there is such an account. Nobody learns whether."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.MAIL, "forgot_password", device, address=body.email))
        afterwards(background, work, lambda work: reset.send_link(work, body.email))
        return ACCEPTED

    async def reset_password(
        body: ResetPasswordBody, request: Request, work: Annotated[Work, Depends(auth.work)]
    ) -> None:
        """Choose a new password with the token of a link. Sign in afterwards."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.TOKEN, "reset_password", device))
        token, password = body.token.get_secret_value(), body.new_password.get_secret_value()
        async with work:
            await reset.reset(work, token, password)

    table.add(
        "forgot_password",
        "POST",
        "/password/forgot",
        forgot_password,
        limited=True,
        status_code=202,
        response_model=Accepted,
    )
    table.add(
        "reset_password",
        "POST",
        "/password/reset",
        reset_password,
        errors=[InvalidOneTimeToken, Busy],
        limited=True,
        status_code=204,
    )
