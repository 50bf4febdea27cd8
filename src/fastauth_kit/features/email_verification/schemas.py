"""Bodies of the verification of addresses."""

from pydantic import BaseModel, Field, SecretStr

from fastauth_kit.core.addresses import TypedAddress


class RequestVerificationBody(BaseModel):
    """The address of an account, which may not exist."""

    email: TypedAddress


class VerifyEmailBody(BaseModel):
    """The token of a link."""

    token: SecretStr = Field(description="From the link in the mail; works once.")
