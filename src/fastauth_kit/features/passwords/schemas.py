"""Bodies of the password routes."""

from pydantic import BaseModel, Field, SecretStr


class LoginBody(BaseModel):
    """An address and a password."""

    email: str = Field(description="However it is spelled: case does not matter.")
    password: SecretStr = Field(description="As it was chosen.")


class ConfirmPasswordBody(BaseModel):
    """The password in force."""

    password: SecretStr = Field(description="As it was chosen.")


class ChangePasswordBody(BaseModel):
    """The password in force, and the one to come."""

    current_password: SecretStr | None = Field(
        default=None,
        description="May be left out only by accounts that have none; they sign in again instead.",
    )
    new_password: SecretStr = Field(description="Subject to the password policy.")
