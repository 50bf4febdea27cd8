"""Everything the kit says no with.

AuthError (HTTPException)
  AmbiguousCredentials   400  two credentials where one is expected
  NotAuthenticated       401  no credential was sent
  InvalidToken           401  the credential sent does not work
  InsufficientLogin      401  signed in, but this wants more (RFC 9470)
    RecentLoginRequired       a login of the last minutes
    StrongerLoginRequired     a login by another method
  NotEnoughPermissions   403  signed in, but not allowed
  DataConflict           409  the database refuses: a rule of the caller's own table
  BodyTooLarge           413
  InvalidInput           422  with FastAPI's list of what is wrong
  TooManyAttempts        429  with ``Retry-After``
  TransientError         503  with ``Retry-After``
    Busy                      the hashing queue is full
    DatabaseUnavailable       the database is away or overloaded
ConfigurationError            raised at start, never while answering
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, TypedDict

from fastapi import HTTPException


class ConfigurationError(Exception):
    """The kit was put together wrongly. Raised at start, with what to do."""


class AuthError(HTTPException):
    """A refusal with a stable, public ``code``.

    Subclasses state three facts: ``code`` (snake_case, part of the HTTP
    contract), ``status`` and ``detail`` (a sentence for a person). Raised in a
    caller's own route, FastAPI answers it as any ``HTTPException``.
    """

    code: ClassVar[str] = "auth_error"
    status: ClassVar[int] = 400
    detail: str = "The request could not be completed."
    challenge: ClassVar[str | None] = None
    """Value of ``WWW-Authenticate`` (RFC 6750, section 3)."""

    def __init__(self, *, headers: Mapping[str, str] | None = None) -> None:
        own = {"WWW-Authenticate": self.challenge} if self.challenge else {}
        super().__init__(self.status, self.detail, {**own, **(headers or {})} or None)

    @property
    def shown_detail(self) -> "str | list[FieldError]":
        """What the answer says in ``detail``."""
        return self.detail


class AmbiguousCredentials(AuthError):
    """Two credentials where one is expected (RFC 6750, section 2)."""

    code = "ambiguous_credentials"
    detail = "Send one credential, in one place, and each form field once."


class NotAuthenticated(AuthError):
    """No credential was sent; RFC 6750, section 3.1, wants no error code then."""

    code = "not_authenticated"
    status = 401
    detail = "Sign in to continue."
    challenge: ClassVar[str | None] = "Bearer"


class InvalidToken(AuthError):
    """The access token is malformed, expired or revoked, or its account is gone.

    One error for all of them: telling them apart would help a guesser.
    """

    code = "invalid_token"
    status = 401
    detail = "This access token does not work, or no longer. Refresh it, or sign in again."
    challenge: ClassVar[str | None] = 'Bearer error="invalid_token"'


_INSUFFICIENT = 'Bearer error="insufficient_user_authentication"'


class InsufficientLogin(AuthError):
    """Signed in, but the route wants a more recent or a stronger login (RFC 9470, section 3).

    Args:
        max_age: How old the login may be at most.
        methods: The methods of which one will do, the preferred one first
            (RFC 8176 names); in the challenge they are the ``acr_values``.
    """

    status = 401
    challenge: ClassVar[str | None] = _INSUFFICIENT

    def __init__(self, *, max_age: timedelta | None = None, methods: Sequence[str] = ()) -> None:
        said = [_INSUFFICIENT]
        if max_age is not None:
            said.append(f'max_age="{int(max_age.total_seconds())}"')
        if methods:
            said.append(f'acr_values="{" ".join(methods)}"')
        super().__init__(headers={"WWW-Authenticate": ", ".join(said)})


class RecentLoginRequired(InsufficientLogin):
    """The route wants a login of the last minutes (OWASP ASVS 7.5.1)."""

    code = "recent_login_required"
    detail = "Sign in again to confirm that it is you."


class StrongerLoginRequired(InsufficientLogin):
    """The route wants a login by another method."""

    code = "stronger_login_required"
    detail = "Sign in by a stronger method to do this."


class NotEnoughPermissions(AuthError):
    """Signed in, but not allowed to do this."""

    code = "not_enough_permissions"
    status = 403
    detail = "Your account may not do this."


class DataConflict(AuthError):
    """A unique, foreign-key or check rule of the caller's own table refused."""

    code = "conflict"
    status = 409
    detail = "These values conflict with data that exists already."


class BodyTooLarge(AuthError):
    """More bytes than ``AuthSettings.max_body_bytes``."""

    code = "body_too_large"
    status = 413
    detail = "The request body is too large."


class FieldError(TypedDict):
    """One entry of FastAPI's validation list, without the rejected input."""

    type: str
    loc: Sequence[str | int]
    msg: str


class InvalidInput(AuthError):
    """Fields that fail a rule which a schema cannot express.

    Args:
        fields: What is wrong, in the shape of FastAPI's own list. Never put
            the rejected value into it.
    """

    code = "validation_error"
    status = 422
    detail = "The input is not valid."

    def __init__(self, *fields: FieldError) -> None:
        super().__init__()
        self.fields: list[FieldError] = list(fields)

    @property
    def shown_detail(self) -> "str | list[FieldError]":
        """FastAPI's list, which is what clients of a 422 expect."""
        return self.fields

    @classmethod
    def at(cls, *loc: str | int, type: str, msg: str) -> "InvalidInput":
        """Build the error for one place in the input."""
        return cls(FieldError(type=type, loc=loc, msg=msg))


class TooManyAttempts(AuthError):
    """Somebody asked too often (RFC 6585, section 4).

    Args:
        retry_after_seconds: When it is worth trying again.
    """

    code = "too_many_attempts"
    status = 429
    detail = "Too many attempts. Wait a while, then try again."

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class TransientError(AuthError):
    """Worth trying again: carries ``Retry-After`` in seconds."""

    status = 503
    retry_after_seconds: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(self.retry_after_seconds)})


class Busy(TransientError):
    """More passwords are waiting to be hashed than the queue takes."""

    code = "busy"
    detail = "Too many sign-ins at this moment. Try again in a second."


class DatabaseUnavailable(TransientError):
    """The database cannot be reached, or kept refusing a transaction."""

    code = "database_unavailable"
    detail = "The service cannot reach its data at this moment. Try again shortly."
    retry_after_seconds = 2
