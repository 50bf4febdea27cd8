"""The answer to a sign-in or a refresh whose tokens are in cookies."""

from pydantic import BaseModel, Field


class CookieSession(BaseModel):
    """A session whose tokens are in cookies that no script can read."""

    token_type: str = Field(default="cookie", description="Not a type of RFC 6750: no token here.")
    expires_in: int = Field(description="Seconds until the access cookie expires.")
    csrf_token: str = Field(
        description="For the header `X-CSRF-Token`, where the browser sends neither "
        "`Sec-Fetch-Site` nor `Origin`; the same until the session ends."
    )
