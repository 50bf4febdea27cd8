"""Routes of the magic links."""

from typing import TYPE_CHECKING, Annotated

from fastapi import BackgroundTasks, Depends, Request, Response

from fastauth_kit.core.afterwards import ACCEPTED, Accepted, afterwards
from fastauth_kit.core.guards import admit
from fastauth_kit.core.hooks import Attempt, AttemptKind
from fastauth_kit.core.http import device_of
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.tokens import PENDING, SessionTokens, answer_login
from fastauth_kit.core.work import Work
from fastauth_kit.features.magic_links.schemas import MagicLinkLoginBody, RequestMagicLinkBody
from fastauth_kit.features.one_time_tokens import InvalidOneTimeToken

if TYPE_CHECKING:
    from fastauth_kit.features.magic_links.feature import MagicLinks


def add_magic_link_routes(links: "MagicLinks", table: RouteTable) -> None:
    """Add every route of the feature."""
    auth = table.auth

    async def request_magic_link(
        body: RequestMagicLinkBody,
        request: Request,
        background: BackgroundTasks,
        work: Annotated[Work, Depends(auth.work)],
    ) -> Accepted:
        """Have a link mailed, if there is such an account. Nobody learns whether."""
        device = device_of(request, auth.settings)
        await admit(
            auth, Attempt(AttemptKind.MAIL, "request_magic_link", device, address=body.email)
        )
        afterwards(background, work, lambda work: links.send_link(work, body.email))
        return ACCEPTED

    async def log_in_by_magic_link(
        body: MagicLinkLoginBody,
        request: Request,
        response: Response,
        work: Annotated[Work, Depends(auth.work)],
    ) -> SessionTokens | Response:
        """Sign in with the token of a link."""
        device = device_of(request, auth.settings)
        await admit(auth, Attempt(AttemptKind.TOKEN, "log_in_by_magic_link", device))
        async with work:
            outcome = await links.log_in(work, body.token.get_secret_value(), device=device)
        return answer_login(auth, outcome, request, response)

    table.add(
        "request_magic_link",
        "POST",
        "/magic-link",
        request_magic_link,
        limited=True,
        status_code=202,
        response_model=Accepted,
    )
    table.add(
        "log_in_by_magic_link",
        "POST",
        "/magic-link/login",
        log_in_by_magic_link,
        errors=[InvalidOneTimeToken],
        signs_in=True,
        limited=True,
        response_model=SessionTokens,
        responses=PENDING,
    )
