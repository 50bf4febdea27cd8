"""Profiles."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.text import STORABLE


class ProfileUpdate(BaseModel):
    """What is left out stays."""

    bio: Annotated[str, Field(max_length=500), STORABLE] = Field(default_factory=str)


class ProfileResponse(BaseModel):
    """A profile as everybody sees it."""

    model_config = ConfigDict(from_attributes=True)

    user_id: int
    bio: str
