"""Bodies of the magic links."""

from pydantic import BaseModel, Field, SecretStr

from fastauth_kit.core.addresses import TypedAddress


class RequestMagicLinkBody(BaseModel):
    """The address of an account, which may not exist."""

    email: TypedAddress


class MagicLinkLoginBody(BaseModel):
    """The token of a link."""

    token: SecretStr = Field(description="From the link in the mail; works once.")
