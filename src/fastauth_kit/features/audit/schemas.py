"""What is shown of events."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class SecurityEvent(BaseModel):
    """Something that happened to one's own account."""

    id: UUID
    kind: str = Field(description="Such as `logged_in`, `login_failed`, `password_changed`.")
    at: datetime
    ip: str | None = Field(description="Null where it is not known, or an administrator acted.")
    user_agent: str | None
    succeeded: bool
    by_administrator: bool = Field(description="Whether somebody else did it, as an administrator.")
    data: dict[str, Any] = Field(description="What else there is to say; depends on `kind`.")


class AuditRecord(BaseModel):
    """Something that happened, as administrators see it."""

    model_config: ClassVar[ConfigDict] = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    at: datetime
    succeeded: bool
    user_id: str | None = Field(description="Whom it is about; the account may be gone.")
    actor_id: str | None = Field(description="Who was signed in when it happened.")
    ip: str | None
    user_agent: str | None
    request_id: str | None
    data: dict[str, Any]


class SecurityEventPage(BaseModel):
    """One page of one's own events, the newest first."""

    items: list[SecurityEvent]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class AuditPage(BaseModel):
    """One page of events, the newest first."""

    items: list[AuditRecord]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")
