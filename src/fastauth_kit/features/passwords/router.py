"""Routes of the passwords: login, confirmation and change."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Response

from fastauth_kit.core.authentication import Authenticated
from fastauth_kit.core.errors import Busy, RecentLoginRequired
from fastauth_kit.core.forms import UnsupportedGrantType, document_body, read_form_or_json
from fastauth_kit.core.http import device_of
from fastauth_kit.core.login import InactiveUser
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.tokens import PENDING, SessionTokens, answer_login
from fastauth_kit.core.work import Work
from fastauth_kit.features.passwords.errors import InvalidCredentials, InvalidPassword
from fastauth_kit.features.passwords.schemas import (
    ChangePasswordBody,
    ConfirmPasswordBody,
    LoginBody,
)

if TYPE_CHECKING:
    from fastauth_kit.features.passwords.feature import Passwords

_FORM_NAMES = {"username": "email"}
"""The form is OAuth2's (RFC 6749, section 4.3.2), where an address is a username."""


def add_password_routes(passwords: "Passwords", table: RouteTable) -> None:
    """Add every route of the feature."""
    _add_login(passwords, table)
    _add_confirmation(passwords, table)
    _add_change(passwords, table)


def _add_login(passwords: "Passwords", table: RouteTable) -> None:
    auth = table.auth

    async def login(
        credentials: Annotated[LoginBody, Depends(_read_login_body)],
        request: Request,
        response: Response,
        work: Annotated[Work, Depends(auth.work)],
    ) -> SessionTokens | Response:
        """Sign in with an e-mail address and a password, as a form or as JSON."""
        async with work:
            outcome = await passwords.log_in(
                work,
                credentials.email,
                credentials.password.get_secret_value(),
                device=device_of(request, auth.settings),
            )
        return answer_login(auth, outcome, request, response)

    table.add(
        "login",
        "POST",
        "/login",
        login,
        errors=[InvalidCredentials, InactiveUser, UnsupportedGrantType, Busy],
        signs_in=True,
        reads_body=True,
        limited=True,
        response_model=SessionTokens,
        responses=PENDING,
        openapi_extra=document_body(LoginBody, grant_type="password", renamed=_FORM_NAMES),
    )


async def _read_login_body(request: Request) -> LoginBody:
    return await read_form_or_json(request, LoginBody, grant_type="password", renamed=_FORM_NAMES)


def _add_confirmation(passwords: "Passwords", table: RouteTable) -> None:
    auth = table.auth

    async def confirm_password(
        body: ConfirmPasswordBody,
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> None:
        """Confirm your password, for routes that want a recent login; tokens stay as they are."""
        async with work:
            await passwords.confirm(work, who, body.password.get_secret_value())

    table.add(
        "confirm_password",
        "POST",
        "/password/confirm",
        confirm_password,
        errors=[InvalidPassword, RecentLoginRequired, Busy],
        signed_in=True,
        limited=True,
        status_code=204,
    )


def _add_change(passwords: "Passwords", table: RouteTable) -> None:
    auth = table.auth

    async def change_password(
        body: ChangePasswordBody,
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> None:
        """Change your password; you are signed out everywhere else."""
        current = body.current_password
        async with work:
            await passwords.change(
                work,
                who,
                current.get_secret_value() if current else None,
                body.new_password.get_secret_value(),
            )

    table.add(
        "change_password",
        "POST",
        "/password/change",
        change_password,
        errors=[InvalidPassword, RecentLoginRequired, Busy],
        signed_in=True,
        limited=True,
        status_code=204,
    )
