"""Bodies of the change of address."""

from pydantic import BaseModel, Field, SecretStr

from fastauth_kit.features.accounts import EmailAddress


class ChangeEmailBody(BaseModel):
    """The address to come, and the password in force."""

    new_email: EmailAddress = Field(description="Gets a link. Nothing changes before it is used.")
    password: SecretStr | None = Field(
        default=None,
        description="May be left out only by accounts that have none; they sign in again instead.",
    )


class ConfirmEmailChangeBody(BaseModel):
    """The token of the link to the new address."""

    token: SecretStr = Field(description="From the link in the mail; works once.")


class UndoEmailChangeBody(BaseModel):
    """The token of the link to the former address, and a password that no thief knows."""

    token: SecretStr = Field(description="From the link in the mail; works once.")
    new_password: SecretStr = Field(description="Subject to the password policy.")
