"""How the tokens of a session travel, where not in bodies and the Authorization header."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar
from uuid import UUID

from fastapi import Response
from fastapi.openapi.models import SecurityBase as SecurityModel
from fastapi.requests import HTTPConnection
from fastapi.security.base import SecurityBase
from pydantic import BaseModel

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import AuthError
from fastauth_kit.core.feature import Hook
from fastauth_kit.core.hooks import IssuedSession


class TransportScheme(SecurityBase):
    """Where the access token is, for OpenAPI. As a dependency it does nothing."""

    def __init__(self, name: str, model: SecurityModel) -> None:
        self.scheme_name = name
        self.model = model

    async def __call__(self) -> None:
        """Do nothing: ``current_user`` reads the token."""


class SessionTransport(Hook, ABC):
    """Carries the tokens of a session in its own way. One part at most does.

    What sends a credential by itself, as browsers send cookies, must be asked
    whether the request was meant: that is what the methods ``check_...`` are for.
    """

    answer_model: ClassVar[type[BaseModel]]
    """What the answer to a login holds instead of the tokens, for OpenAPI."""

    refusals: ClassVar[tuple[type[AuthError], ...]]
    """What the methods ``check_...`` refuse with, for OpenAPI."""

    @property
    @abstractmethod
    def scheme(self) -> TransportScheme:
        """Where the access token is."""

    @abstractmethod
    def is_asked_for(self, connection: HTTPConnection) -> bool:
        """Whether whoever signs in wants the tokens delivered this way."""

    @abstractmethod
    def check_sign_in(self, connection: HTTPConnection) -> None:
        """Refuse to deliver tokens this way to who did not mean to sign in."""

    @abstractmethod
    def access_token(self, connection: HTTPConnection) -> str | None:
        """Return the access token that came this way, not believed yet."""

    @abstractmethod
    def check_access(
        self, auth: Assembly[Any], connection: HTTPConnection, session_id: UUID
    ) -> None:
        """Refuse a request that the session's user did not mean to make."""

    @abstractmethod
    def refresh_token(self, connection: HTTPConnection) -> str | None:
        """Return the refresh token that came this way, not believed yet."""

    @abstractmethod
    def check_refresh(
        self, auth: Assembly[Any], connection: HTTPConnection, session_id: UUID
    ) -> None:
        """Refuse a refresh that the session's user did not mean to make."""

    @abstractmethod
    def deliver(self, auth: Assembly[Any], issued: IssuedSession) -> Response:
        """Return the answer that delivers the tokens."""

    @abstractmethod
    def forget(self, auth: Assembly[Any], response: Response) -> None:
        """Have the client forget its tokens."""


def transport_of(auth: Assembly[Any]) -> SessionTransport | None:
    """Return the part that carries tokens in its own way, if there is one."""
    parts = auth.taking_part(SessionTransport)
    return parts[0] if parts else None
