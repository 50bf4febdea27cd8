"""Posts."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.text import STORABLE
from app.schemas.user import AuthorResponse

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), STORABLE
]
# 16,000 characters of four bytes are what fits MariaDB's TEXT
Body = Annotated[str, Field(max_length=16_000), STORABLE]


class PostCreate(BaseModel):
    """A new post. Its author is whoever sends it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Hello", "body": "My first post."}]}
    )

    title: Title
    body: Body = ""


class PostUpdate(BaseModel):
    """What is left out stays; the service reads only what was sent."""

    title: Title = Field(default_factory=str)
    body: Body = Field(default_factory=str)


class PostResponse(BaseModel):
    """A post with its author."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    body: str
    author: AuthorResponse
    created_at: datetime
    updated_at: datetime


class PostListResponse(BaseModel):
    """A page of posts."""

    items: list[PostResponse]
    total: int
    page: int
    pages: int
