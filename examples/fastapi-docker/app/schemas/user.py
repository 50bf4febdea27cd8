"""Accounts: the kit's fields, and ours."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

import fastauth_kit

Name = Annotated[str | None, Field(max_length=100)]

# what /docs fills in when somebody presses "Try it out"
ADA: JsonDict = {
    "email": "ada@example.com",
    "password": "correct horse battery",
    "name": "Ada",
}


class UserCreate(fastauth_kit.UserCreate):
    """A registration."""

    model_config = ConfigDict(json_schema_extra={"examples": [ADA]})

    name: Name = None


class UserUpdate(fastauth_kit.UserUpdate):
    """What people may change about themselves. Superusers may change more; the kit adds it."""

    name: Name = None


class UserResponse(fastauth_kit.UserRead[int]):
    """An account as its owner and superusers see it: never a hash."""

    name: str | None


class AuthorResponse(BaseModel):
    """Somebody as everybody sees them: no address."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str | None
