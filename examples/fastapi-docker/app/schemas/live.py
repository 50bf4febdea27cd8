"""Live messages."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from app.schemas.user import AuthorResponse

MAX_LENGTH: Final = 4096
"""Characters of one message. What the server may read at all is its own setting."""


class LiveMessage(BaseModel):
    """What everybody is sent when somebody says something."""

    author: AuthorResponse
    text: Annotated[str, Field(max_length=MAX_LENGTH)]
