"""Bodies of the verification of addresses."""

from pydantic import BaseModel

from fastauth_kit.core.addresses import TypedAddress


class RequestVerificationBody(BaseModel):
    """The address of an account, which may not exist."""

    email: TypedAddress
