"""What one-time tokens are refused with."""

from fastauth_kit.core.errors import AuthError


class InvalidOneTimeToken(AuthError):
    """The token is malformed, forged, used, expired, superseded or void.

    One error for all of them: telling them apart would tell what exists.
    """

    code = "invalid_one_time_token"
    detail = "This link does not work, or no longer. Ask for a new one."
