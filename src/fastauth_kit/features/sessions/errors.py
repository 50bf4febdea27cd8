"""What the sessions feature refuses."""

from typing import ClassVar

from fastauth_kit.core.errors import AuthError


class InvalidRefreshToken(AuthError):
    """The refresh token is malformed, forged, used, expired or revoked.

    One error for all of them: telling them apart would help a thief.
    """

    code = "invalid_refresh_token"
    status = 401
    detail = "This refresh token does not work, or no longer. Sign in again."
    challenge: ClassVar[str | None] = 'Bearer error="invalid_token"'


class SessionNotFound(AuthError):
    """No session in force has this id, or it is somebody else's."""

    code = "session_not_found"
    status = 404
    detail = "You have no such session."
