"""Bodies of the password reset."""

from pydantic import BaseModel, Field, SecretStr

from fastauth_kit.core.addresses import TypedAddress


class ForgotPasswordBody(BaseModel):
    """The address of an account, which may not exist."""

    email: TypedAddress


class ResetPasswordBody(BaseModel):
    """The token of a link, and the password to come."""

    token: SecretStr = Field(description="From the link in the mail; works once.")
    new_password: SecretStr = Field(description="Subject to the password policy.")
