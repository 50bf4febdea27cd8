"""E-mail verification: a link after the registration, and on request."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import AuthError, ConfigurationError
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import Event, EventSink, LoginCondition, RequestCondition
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import find
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts, UserCreated
from fastauth_kit.features.email_verification.errors import EmailNotVerified
from fastauth_kit.features.email_verification.router import add_email_verification_routes
from fastauth_kit.features.mail import Mail, Template, check_page
from fastauth_kit.features.mailed_links import MailedLink
from fastauth_kit.features.one_time_tokens import (
    InvalidOneTimeToken,
    MailboxVerifier,
    OneTimeTokens,
    Purpose,
    prove_mailbox,
)

LINK = Template("email_verification", "fastauth_kit.features.email_verification")


@dataclass(frozen=True, kw_only=True)
class EmailVerification(Feature, EventSink, LoginCondition, RequestCondition, MailboxVerifier):
    """Proof that a user reads the mailbox of their account.

    Args:
        page: Path of the page that the link opens. It takes ``token`` from the
            fragment and sends it when somebody presses a button: programs open
            links, too.
        lifetime: How long a link works.
        required: Nobody signs in before.
        grace: With ``required``: how long after its making an account is
            spared. When that is over, requests within a session are refused.

    Raises:
        ConfigurationError: ``page`` is no path, ``lifetime`` not positive, or
            ``grace`` negative or without ``required``.
    """

    name: ClassVar[str] = "email_verification"
    requires: ClassVar[tuple[type[Feature], ...]] = (Accounts, OneTimeTokens, Mail)

    page: str = "/verify-email"
    lifetime: timedelta = timedelta(days=1)
    required: bool = False
    grace: timedelta = timedelta(days=0)

    def __post_init__(self) -> None:
        check_page("page", self.page)
        self._own  # noqa: B018  # a lifetime that cannot be is to fail at start
        if self.grace < timedelta(0) or (self.grace and not self.required):
            raise ConfigurationError("grace must not be negative, and needs required=True")

    @cached_property
    def _own(self) -> Purpose:
        """Of links that the registration or a session of the account asked for."""
        return Purpose("ev", "email_verification", self.lifetime)

    @cached_property
    def _anybodys(self) -> Purpose:
        """Of links that somebody asked for who was not signed in."""
        return Purpose("ea", "email_verification_anybody", self.lifetime)

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add both routes."""
        add_email_verification_routes(self, table)

    async def receive(self, work: Work, event: Event) -> None:
        """Mail a link when an account is made."""
        if isinstance(event, UserCreated) and event.user.is_active and not event.user.is_verified:
            await self._send(work, event.user, self._own)

    async def send_link(self, work: Work, email: str, asked_by: Any = None) -> None:
        """Mail a link to the owner of an address, if there is an account to be verified.

        Args:
            asked_by: Id of the signed-in user who asks.
        """
        model = work.auth.user_model
        owner = (
            model.email == lookup_form(email),
            model.is_active.is_(True),
            model.is_verified.is_(False),
        )
        user: UserMixin[Any] | None = await find(work, model, *owner)
        if user is not None:
            await self._send(work, user, self._own if user.id == asked_by else self._anybodys)

    @property
    def verified_kinds(self) -> Collection[str]:
        """The kinds of its links."""
        return (self._own.kind, self._anybodys.kind)

    async def verify(self, work: Work, token: str) -> None:
        """Prove the mailbox with the token of a link.

        Where nobody had proven it before, and the link was asked for by
        somebody who was not signed in, the account's password and sessions
        end: see ``prove_mailbox``. Every other outstanding link ends, too.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer, or the
                mailbox that it was sent to is no longer the user's.
        """
        same_flow = token.startswith(f"{self._own.kind}.")
        tokens = work.auth.feature(OneTimeTokens)
        purpose = self._own if same_flow else self._anybodys
        user, proof = await tokens.consume(work, token, purpose)
        if not (user.is_active and user.email == proof.email):
            raise InvalidOneTimeToken
        await prove_mailbox(work, user, same_flow=same_flow)
        await tokens.void(work, user.id)

    @property
    def login_errors(self) -> Collection[type[AuthError]]:
        """What a login is refused with."""
        return (EmailNotVerified,) if self.required else ()

    async def check_login(self, work: Work, user: UserMixin[Any]) -> None:
        """Refuse a login once the grace is over."""
        self._refuse(user, work.now)

    @property
    def request_errors(self) -> Collection[type[AuthError]]:
        """What a request is refused with."""
        return self.login_errors

    def check_request(self, auth: Assembly[Any], user: UserMixin[Any]) -> None:
        """Refuse a request once the grace is over, in mid-session, too."""
        if self.required:
            self._refuse(user, auth.clock())

    def _refuse(self, user: UserMixin[Any], now: datetime) -> None:
        if self.required and not user.is_verified and now >= user.created_at + self.grace:
            raise EmailNotVerified

    async def _send(self, work: Work, user: UserMixin[Any], purpose: Purpose) -> None:
        await MailedLink(purpose, self.page, LINK).send(work, user)
