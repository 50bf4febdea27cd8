"""Password reset: forgotten, mailed, chosen anew (OWASP Forgot Password)."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import CredentialChange, announce_credential_change, tell
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import find
from fastauth_kit.core.work import Work
from fastauth_kit.features.mail import Mail, Template, check_page
from fastauth_kit.features.mailed_links import MailedLink
from fastauth_kit.features.one_time_tokens import (
    InvalidOneTimeToken,
    OneTimeTokens,
    Proof,
    Purpose,
    prove_mailbox,
)
from fastauth_kit.features.password_reset.events import PasswordResetRequested
from fastauth_kit.features.password_reset.router import add_password_reset_routes
from fastauth_kit.features.passwords import PasswordChanged, Passwords

LINK = Template("password_reset", "fastauth_kit.features.password_reset")
NOTICE = Template("password_was_reset", "fastauth_kit.features.password_reset")


@dataclass(frozen=True, kw_only=True)
class PasswordReset(Feature):
    """A new password for whoever reads the mailbox of an account.

    Args:
        page: Path of the page that the link opens. It takes ``token`` from the
            fragment and sends it with the new password.
        lifetime: How long a link works.

    Raises:
        ConfigurationError: ``page`` is no path, or ``lifetime`` not positive.
    """

    name: ClassVar[str] = "password_reset"
    requires: ClassVar[tuple[type[Feature], ...]] = (Passwords, OneTimeTokens, Mail)

    page: str = "/reset-password"
    lifetime: timedelta = timedelta(minutes=30)

    def __post_init__(self) -> None:
        check_page("page", self.page)
        self.purpose  # noqa: B018  # a lifetime that cannot be is to fail at start

    @cached_property
    def purpose(self) -> Purpose:
        """What its tokens are for."""
        return Purpose("pr", "password_reset", self.lifetime)

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add both routes."""
        add_password_reset_routes(self, table)

    async def send_link(self, work: Work, email: str) -> None:
        """Mail a link to the owner of an address, if there is an active account.

        To the address of the account, not to what was typed.
        """
        model = work.auth.user_model
        owner = (model.email == lookup_form(email), model.is_active.is_(True))
        user: UserMixin[Any] | None = await find(work, model, *owner)
        if user is None:
            return
        await MailedLink(self.purpose, self.page, LINK).send(work, user)
        await tell(work, PasswordResetRequested(user.id))

    async def reset(self, work: Work, token: str, password: str) -> None:
        """Choose a new password with the token of a link; every session ends.

        A password that the policy refuses does not use the token up. Nobody is
        signed in by it: a second factor stays one.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer, or the
                mailbox that it was sent to is no longer the user's.
            InvalidInput: The policy refuses the password.
            Busy: The hashing queue is full.
        """
        passwords, tokens = work.auth.feature(Passwords), work.auth.feature(OneTimeTokens)
        owner = await self._owner(work, await tokens.look_at(work, token, self.purpose))
        email, name = owner.email, getattr(owner, "name", None)
        # no connection is held while hashing, so everything is looked at again
        hashed = await passwords.hash_new(
            work, password, place="new_password", email=email, name=name
        )
        user, proof = await tokens.consume(work, token, self.purpose)
        if not (user.is_active and user.email == proof.email):
            raise InvalidOneTimeToken
        await prove_mailbox(work, user, same_flow=False, new_hash=hashed)
        await announce_credential_change(work, user, CredentialChange.PASSWORD)
        await tell(work, PasswordChanged(user.id))
        await work.auth.feature(Mail).send_later(work, NOTICE, to=user.email, user=user)

    async def _owner(self, work: Work, proof: Proof) -> UserMixin[Any]:
        model = work.auth.user_model
        still: tuple[ColumnElement[bool], ...] = (
            model.id == proof.user_id,
            model.email == proof.email,
            model.is_active.is_(True),
        )
        user: UserMixin[Any] | None = await find(work, model, *still)
        if user is None:
            raise InvalidOneTimeToken
        return user
