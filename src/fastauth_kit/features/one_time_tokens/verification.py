"""The one route where the proof of a mailbox is presented, whoever mailed the link."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, Field, SecretStr

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import AuthError
from fastauth_kit.core.feature import Hook
from fastauth_kit.core.guards import admit
from fastauth_kit.core.hooks import Attempt, AttemptKind
from fastauth_kit.core.http import device_of
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.work import Work
from fastauth_kit.features.one_time_tokens.errors import InvalidOneTimeToken


class MailboxVerifier(Hook, ABC):
    """Mails links of which the token comes back to ``POST /email/verify``."""

    @property
    @abstractmethod
    def verified_kinds(self) -> Collection[str]:
        """The kinds of its tokens: two letters in front of each."""

    @property
    def verification_errors(self) -> Collection[type[AuthError]]:
        """What else it refuses with, for OpenAPI."""
        return ()

    @abstractmethod
    async def verify(self, work: Work, token: str) -> None:
        """Take a token of one of its kinds.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer.
        """


class VerifyEmailBody(BaseModel):
    """The token of a link."""

    token: SecretStr = Field(description="From the link in the mail; works once.")


async def verify_email_with(work: Work, token: str) -> None:
    """Hand a token to whoever mailed it.

    Raises:
        InvalidOneTimeToken: Nobody did, or it does not work.
    """
    kind = token.partition(".")[0]
    for verifier in work.auth.taking_part(MailboxVerifier):
        if kind in verifier.verified_kinds:
            return await verifier.verify(work, token)
    raise InvalidOneTimeToken


def add_verify_email_route(table: RouteTable) -> None:
    """Add ``POST /email/verify``, unless another feature has added it to the same router."""
    if table.has("verify_email"):
        return
    auth = table.auth

    async def verify_email(
        body: VerifyEmailBody, request: Request, work: Annotated[Work, Depends(auth.work)]
    ) -> None:
        """Prove the address with the token of a link."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.TOKEN, "verify_email", device))
        async with work:
            await verify_email_with(work, body.token.get_secret_value())

    table.add(
        "verify_email",
        "POST",
        "/email/verify",
        verify_email,
        errors=[InvalidOneTimeToken, *_errors_of_verifiers(auth)],
        limited=True,
        status_code=204,
    )


def _errors_of_verifiers(auth: Assembly[Any]) -> set[type[AuthError]]:
    verifiers = auth.taking_part(MailboxVerifier)
    return {error for verifier in verifiers for error in verifier.verification_errors}
