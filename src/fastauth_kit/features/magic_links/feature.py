"""Magic links: the mailbox instead of a password."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import Device, IssuedSession, tell
from fastauth_kit.core.login import PendingLogin, finish_first_factor
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import find
from fastauth_kit.core.work import Work
from fastauth_kit.features.magic_links.events import MagicLinkRequested
from fastauth_kit.features.magic_links.router import add_magic_link_routes
from fastauth_kit.features.mail import Mail, Template, check_page
from fastauth_kit.features.mailed_links import MailedLink
from fastauth_kit.features.one_time_tokens import (
    InvalidOneTimeToken,
    OneTimeTokens,
    Purpose,
    prove_mailbox,
)

METHOD = "email"
"""Name of the method in ``amr``. RFC 8176 has none for mail and lets parties agree on one;
its "otp" would pass for the code of an authenticator in ``require_user(method="otp")``."""

LINK = Template("magic_link", "fastauth_kit.features.magic_links")


@dataclass(frozen=True, kw_only=True)
class MagicLinks(Feature):
    """Login with a link that is mailed.

    Args:
        page: Path of the page that the link opens. It takes ``token`` from the
            fragment and sends it when somebody presses a button: programs open
            links, too.
        lifetime: How long a link works.

    Raises:
        ConfigurationError: ``page`` is no path, or ``lifetime`` not positive.
    """

    name: ClassVar[str] = "magic_links"
    requires: ClassVar[tuple[type[Feature], ...]] = (OneTimeTokens, Mail)

    page: str = "/magic-link"
    lifetime: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        check_page("page", self.page)
        self._purpose  # noqa: B018  # a lifetime that cannot be is to fail at start

    @cached_property
    def _purpose(self) -> Purpose:
        return Purpose("ml", "magic_link", self.lifetime)

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add both routes."""
        add_magic_link_routes(self, table)

    async def send_link(self, work: Work, email: str) -> None:
        """Mail a link to the owner of an address, if there is an active account."""
        model = work.auth.user_model
        owner = (model.email == lookup_form(email), model.is_active.is_(True))
        user: UserMixin[Any] | None = await find(work, model, *owner)
        if user is None:
            return
        await MailedLink(self._purpose, self.page, LINK).send(work, user)
        await tell(work, MagicLinkRequested(user.id))

    async def log_in(
        self, work: Work, token: str, *, device: Device = Device()
    ) -> IssuedSession | PendingLogin:
        """Go on with the token of a link: to the second factor, or to the session.

        It proves the mailbox: where nobody had done so before, an older
        password and older sessions end; see ``prove_mailbox``.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer, or the
                mailbox that it was sent to is no longer the user's.
            AuthError: A ``LoginCondition`` refuses; the link still works then.
        """
        tokens = work.auth.feature(OneTimeTokens)
        user, proof = await tokens.consume(work, token, self._purpose)
        if not (user.is_active and user.email == proof.email):
            raise InvalidOneTimeToken
        await prove_mailbox(work, user, same_flow=False)
        return await finish_first_factor(work, user, method=METHOD, device=device)
