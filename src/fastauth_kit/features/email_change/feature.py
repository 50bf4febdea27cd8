"""E-mail change: asked for with the password, confirmed by the new mailbox, undone by the old."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from fastauth_kit.core.authentication import Authenticated
from fastauth_kit.core.current_request import disown
from fastauth_kit.core.errors import ConfigurationError, InvalidInput
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import (
    CredentialChange,
    CurrentSession,
    Event,
    EventSink,
    announce_credential_change,
    tell,
)
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import find
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts, UserUpdated
from fastauth_kit.features.email_change.events import EmailChanged, EmailChangeUndone
from fastauth_kit.features.email_change.router import add_email_change_routes
from fastauth_kit.features.mail import Mail, Template, check_page
from fastauth_kit.features.mailed_links import MailedLink
from fastauth_kit.features.one_time_tokens import (
    InvalidOneTimeToken,
    MailboxProven,
    OneTimeTokens,
    Purpose,
)
from fastauth_kit.features.passwords import PasswordChanged, Passwords

_PACKAGE = "fastauth_kit.features.email_change"

LINK = Template("email_change", _PACKAGE)
REQUESTED = Template("email_change_requested", _PACKAGE)
CHANGED = Template("email_was_changed", _PACKAGE)
UNDONE = Template("email_change_undone", _PACKAGE)


@dataclass(frozen=True, kw_only=True)
class EmailChange(Feature, EventSink):
    """Another address for an account: nothing changes before its mailbox is proven.

    Args:
        page: Path of the page that the link to the new address opens. It takes
            ``token`` from the fragment and sends it when somebody presses a
            button; with the access token, if there is one, so that this
            session stays.
        lifetime: How long that link works.
        undo_page: Path of the page that the link to the former address opens.
            It sends the token with a new password.
        undo_lifetime: How long that one works.

    Raises:
        ConfigurationError: A page is no path, ``lifetime`` not positive, or
            ``undo_lifetime`` less than a day.
    """

    name: ClassVar[str] = "email_change"
    requires: ClassVar[tuple[type[Feature], ...]] = (Accounts, Passwords, OneTimeTokens, Mail)

    page: str = "/change-email"
    lifetime: timedelta = timedelta(minutes=30)
    undo_page: str = "/undo-email-change"
    undo_lifetime: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        check_page("page", self.page)
        check_page("undo_page", self.undo_page)
        self._change  # noqa: B018  # a lifetime that cannot be is to fail at start
        self._undo  # noqa: B018
        if self.undo_lifetime < timedelta(days=1):
            raise ConfigurationError("undo_lifetime must be at least a day: mail is read late")

    @cached_property
    def _change(self) -> Purpose:
        return Purpose("ec", "email_change", self.lifetime)

    @cached_property
    def _undo(self) -> Purpose:
        """Of links that whoever made the change must not be able to void."""
        return Purpose("eu", "email_change_undo", self.undo_lifetime, lasting=True)

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add the three routes."""
        add_email_change_routes(self, table)

    async def receive(self, work: Work, event: Event) -> None:
        """Void every way back when the address is changed by an administrator.

        They have the last word: one of these links may be in the mailbox of
        whoever they took the account back from.
        """
        if isinstance(event, UserUpdated) and "email" in event.fields:
            await work.auth.feature(OneTimeTokens).void(work, event.user.id, self._undo)

    async def ask(
        self, work: Work, who: Authenticated[Any], address: str, password: str | None
    ) -> None:
        """Mail a link to an address, and a notice to the one in force. Nothing changes.

        Whether the address has an account is not looked up, so nobody learns it.

        Args:
            address: In canonical form.

        Raises:
            InvalidInput: It is the address in force.
            InvalidPassword: The password is wrong, or no longer in force.
            RecentLoginRequired: The account has none, and the login is old.
        """
        if address == who.user.email:
            message = "This is your address already."
            raise InvalidInput.at("body", "new_email", type="email_unchanged", msg=message)
        passwords, session = work.auth.feature(Passwords), who.session
        stored = await passwords.prove(work, who, password)
        user = await passwords.hold_proven(work, session, stored)
        link = MailedLink(self._change, self.page, LINK)
        await link.send(work, user, to=address, old_email=user.email)
        await work.auth.feature(Mail).send_later(work, REQUESTED, to=user.email, user=user)

    async def confirm(
        self, work: Work, token: str, *, asked_by: CurrentSession | None = None
    ) -> None:
        """Make the mailbox that a link was sent to that of the account.

        Every other link of the account ends, and every session.

        Args:
            asked_by: The session that presents it: stays. One of another
                account has nothing to do with it, and goes on anyway.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer.
            EmailTaken: Another account has the address by now.
        """
        tokens = work.auth.feature(OneTimeTokens)
        user, proof = await tokens.consume(work, token, self._change)
        if not user.is_active:
            raise InvalidOneTimeToken
        former = user.email if user.is_verified else None
        await work.auth.feature(Accounts).move(work, user, proof.email)
        if asked_by is not None and asked_by.user_id != user.id:
            disown()
        keep = None if asked_by is None else asked_by.id
        await announce_credential_change(work, user, CredentialChange.EMAIL, keep_session=keep)
        await tell(work, EmailChanged(user.id))
        if former is None:
            # nobody has proven that mailbox, it may be a stranger's: no way back for it
            await tell(work, MailboxProven(user.id))
        else:
            await self._offer_undo(work, user, former)

    async def undo(self, work: Work, token: str, password: str) -> None:
        """Give an account back to the mailbox it had before, with a new password.

        Every session and every link ends, and so does every way back that was
        mailed later: to mailboxes of whoever took the account.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer.
            EmailTaken: Another account has the former address by now.
            InvalidInput: The policy refuses the password.
            Busy: The hashing queue is full.
        """
        passwords, tokens = work.auth.feature(Passwords), work.auth.feature(OneTimeTokens)
        proof = await tokens.look_at(work, token, self._undo)
        name = await self._name_of(work, proof.user_id)
        # no connection is held while hashing, so everything is looked at again
        hashed = await passwords.hash_new(
            work, password, place="new_password", email=proof.email, name=name
        )
        user, proof = await tokens.consume(work, token, self._undo)
        if not user.is_active:
            raise InvalidOneTimeToken
        await work.auth.feature(Accounts).move(work, user, proof.email, new_hash=hashed)
        for change in (CredentialChange.EMAIL, CredentialChange.PASSWORD):
            await announce_credential_change(work, user, change)
        await tokens.void_younger(work, user.id, token, self._undo)
        await tell(work, EmailChangeUndone(user.id))
        await tell(work, PasswordChanged(user.id))
        await work.auth.feature(Mail).send_later(work, UNDONE, to=user.email, user=user)

    async def _offer_undo(self, work: Work, user: UserMixin[Any], former: str) -> None:
        link = MailedLink(self._undo, self.undo_page, CHANGED)
        days = self.undo_lifetime // timedelta(days=1)
        await link.send(work, user, to=former, days=days)

    async def _name_of(self, work: Work, user_id: Any) -> str | None:
        """Return what the policy needs to know of an active user."""
        model = work.auth.user_model
        active = (model.id == user_id, model.is_active.is_(True))
        user: UserMixin[Any] | None = await find(work, model, *active)
        if user is None:
            raise InvalidOneTimeToken
        return getattr(user, "name", None)
