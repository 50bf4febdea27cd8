"""What the passwords feature refuses."""

from typing import ClassVar

from fastauth_kit.core.errors import AuthError


class InvalidCredentials(AuthError):
    """No such account, a wrong password, or an account without one.

    One error for all of them, with the same work behind it: who has an
    account is nobody's business.
    """

    code = "invalid_credentials"
    status = 401
    detail = "E-mail address or password is wrong."
    challenge: ClassVar[str | None] = "Bearer"


class InvalidPassword(AuthError):
    """The password that should confirm an action is wrong."""

    code = "invalid_password"
    detail = "The password is wrong."
