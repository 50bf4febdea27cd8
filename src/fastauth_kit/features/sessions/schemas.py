"""Bodies of the session routes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr


class RefreshBody(BaseModel):
    """A refresh token to be exchanged."""

    refresh_token: SecretStr = Field(description="The latest one of the session.")


class LogoutBody(BaseModel):
    """A refresh token whose session is to end, for when the access token has expired."""

    refresh_token: SecretStr | None = Field(default=None, description="Of this session.")


class SessionRead(BaseModel):
    """One session, as its user sees it."""

    id: UUID
    created_at: datetime = Field(description="When you signed in.")
    last_used_at: datetime = Field(description="When tokens were last issued.")
    expires_at: datetime = Field(description="When it ends unless it is refreshed before.")
    ip: str | None = Field(description="Address you signed in from.")
    user_agent: str | None = Field(description="What the client called itself.")
    current: bool = Field(description="Whether it is the one that asks.")
