"""Routes of the change of address."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from fastauth_kit.core.afterwards import ACCEPTED, Accepted
from fastauth_kit.core.authentication import Authenticated, OptionalAccess
from fastauth_kit.core.errors import Busy, InvalidToken, RecentLoginRequired
from fastauth_kit.core.guards import admit
from fastauth_kit.core.hooks import Attempt, AttemptKind, CurrentSession
from fastauth_kit.core.http import device_of
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import EmailTaken
from fastauth_kit.features.email_change.schemas import (
    ChangeEmailBody,
    ConfirmEmailChangeBody,
    UndoEmailChangeBody,
)
from fastauth_kit.features.one_time_tokens import InvalidOneTimeToken
from fastauth_kit.features.passwords import InvalidPassword

if TYPE_CHECKING:
    from fastauth_kit.features.email_change.feature import EmailChange


def add_email_change_routes(change: "EmailChange", table: RouteTable) -> None:
    """Add every route of the feature."""
    _add_request(change, table)
    _add_confirmation(change, table)
    _add_undo(change, table)


def _add_request(change: "EmailChange", table: RouteTable) -> None:
    auth = table.auth

    async def change_email(
        body: ChangeEmailBody,
        request: Request,
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> Accepted:
        """Have a link mailed to another address. Nothing changes before it is used."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.MAIL, "change_email", device, address=body.new_email))
        password = body.password.get_secret_value() if body.password else None
        async with work:
            await change.ask(work, who, body.new_email, password)
        return ACCEPTED

    table.add(
        "change_email",
        "POST",
        "/email/change",
        change_email,
        errors=[InvalidPassword, RecentLoginRequired, Busy],
        signed_in=True,
        limited=True,
        status_code=202,
        response_model=Accepted,
    )


def _add_confirmation(change: "EmailChange", table: RouteTable) -> None:
    auth = table.auth
    # the session is only looked at to be kept: whoever must do something first is let in
    asking: OptionalAccess[Any, CurrentSession] = OptionalAccess(
        auth.unconditional_authentication, auth, auth.session_dependency, lambda who: who.session
    )

    async def confirm_email_change(
        body: ConfirmEmailChangeBody,
        request: Request,
        asked_by: Annotated[Any, Depends(asking)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> None:
        """Make the address that a link was sent to that of the account.

        Send the access token if there is one: that session stays, all others end.
        """
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.TOKEN, "confirm_email_change", device))
        async with work:
            await change.confirm(work, body.token.get_secret_value(), asked_by=asked_by)

    table.add(
        "confirm_email_change",
        "POST",
        "/email/change/confirm",
        confirm_email_change,
        errors=[InvalidOneTimeToken, EmailTaken, InvalidToken],
        limited=True,
        status_code=204,
        # beside the token, which the dependency names: nothing
        openapi_extra={"security": [{}]},
    )


def _add_undo(change: "EmailChange", table: RouteTable) -> None:
    auth = table.auth

    async def undo_email_change(
        body: UndoEmailChangeBody, request: Request, work: Annotated[Work, Depends(auth.work)]
    ) -> None:
        """Take an account back with the link to its former address, and a new password."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.TOKEN, "undo_email_change", device))
        token, password = body.token.get_secret_value(), body.new_password.get_secret_value()
        async with work:
            await change.undo(work, token, password)

    table.add(
        "undo_email_change",
        "POST",
        "/email/change/undo",
        undo_email_change,
        errors=[InvalidOneTimeToken, EmailTaken, Busy],
        limited=True,
        status_code=204,
    )
