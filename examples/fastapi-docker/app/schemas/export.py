"""What an account takes along."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from app.schemas.user import UserResponse


class ExportedPost(BaseModel):
    """A post of one's own."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime


class AccountExport(BaseModel):
    """Everything that is kept about an account."""

    account: UserResponse
    bio: str
    posts: list[ExportedPost]
