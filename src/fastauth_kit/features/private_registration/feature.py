"""Private registration: always the same answer; the mailbox learns what became of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import AuthError, ConfigurationError, DataConflict
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import tell
from fastauth_kit.core.models import UserMixin, check_table
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.store import find
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts import Accounts, EmailTaken, UserCreate
from fastauth_kit.features.mail import Mail, Template, check_page
from fastauth_kit.features.one_time_tokens import (
    InvalidOneTimeToken,
    MailboxProven,
    MailboxVerifier,
    OneTimeToken,
    OneTimeTokenRefused,
    OneTimeTokens,
    Purpose,
    new_one_time_token,
    parse_one_time_token,
)
from fastauth_kit.features.passwords import Passwords
from fastauth_kit.features.private_registration.models import PendingRegistrationMixin
from fastauth_kit.features.private_registration.own_columns import given_columns, kept_columns
from fastauth_kit.features.private_registration.router import add_private_registration_routes
from fastauth_kit.features.private_registration.store import (
    add_pending,
    count_attempt,
    delete_expired,
    drop_oldest,
    end_pending,
    find_pending,
)

_PACKAGE = "fastauth_kit.features.private_registration"

LINK = Template("registration", _PACKAGE)
EXISTS = Template("account_exists", _PACKAGE)


@dataclass(frozen=True, kw_only=True)
class PrivateRegistration(Feature, MailboxVerifier):
    """Registration that tells nobody who has an account already.

    It replaces the route ``register`` of ``Accounts``. There is no account
    before its mailbox is proven: a registration waits in a table of its own,
    and the password that becomes the account's is the one typed in the
    registration whose link was opened.

    Args:
        model: The caller's table, built on ``PendingRegistrationMixin``.
        page: Path of the page that the link opens. It takes ``token`` from the
            fragment and sends it to ``POST /email/verify`` when somebody
            presses a button: programs open links, too.
        lifetime: How long a link works.
        most_pending: How many may wait for one mailbox, the latest ones. Keep
            it at or above what ``Throttling`` lets register one address in an hour.

    Raises:
        ConfigurationError: An option is out of range, or ``Accounts`` says that
            registration is closed.
    """

    name: ClassVar[str] = "private_registration"
    requires: ClassVar[tuple[type[Feature], ...]] = (Accounts, Passwords, OneTimeTokens, Mail)
    replaced_routes: ClassVar[frozenset[str]] = frozenset({"register"})

    model: type[PendingRegistrationMixin]
    page: str = "/verify-email"
    lifetime: timedelta = timedelta(days=1)
    most_pending: int = 5

    def __post_init__(self) -> None:
        check_page("page", self.page)
        self._purpose  # noqa: B018  # a lifetime that cannot be is to fail at start
        if self.most_pending < 1:
            raise ConfigurationError("most_pending must be at least 1")

    def check(self, auth: Assembly[Any]) -> None:
        """Check that registration is open, and that the table is a plain one."""
        if not auth.feature(Accounts).registration_open:
            raise ConfigurationError(
                "PrivateRegistration(...) is a registration: drop it, or registration_open=False"
            )
        check_table(self.model)

    @cached_property
    def _purpose(self) -> Purpose:
        return Purpose("rg", "registration", self.lifetime)

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add the registration and the route that its links end at."""
        add_private_registration_routes(self, table)

    async def hash_password(self, work: Work, body: UserCreate) -> str:
        """Return the hash of the password in a body, whoever has the address.

        Raises:
            InvalidInput: The policy refuses it.
            Busy: The hashing queue is full.
        """
        return await work.auth.feature(Passwords).hash_new(
            work,
            body.password.get_secret_value(),
            place="password",
            email=body.email,
            name=getattr(body, "name", None),
        )

    async def register(self, work: Work, body: UserCreate, hashed: str) -> None:
        """Mail a link to whom an address is new, and a notice to whom it is not."""
        model = work.auth.user_model
        owner: UserMixin[Any] | None = await find(work, model, model.email == body.email)
        mail = work.auth.feature(Mail)
        if owner is not None:
            await mail.send_later(work, EXISTS, to=owner.email, user=owner)
            return
        token = new_one_time_token(self._purpose.kind, work.now)
        values = {"email": body.email, "hashed_password": hashed, "columns": kept_columns(body)}
        await add_pending(work, self.model, token, lifetime=self.lifetime, **values)
        await drop_oldest(work, self.model, body.email, keep=self.most_pending)
        link = mail.link(self.page, token.text)
        await mail.send_later(work, LINK, to=body.email, user=None, link=link)

    @property
    def verified_kinds(self) -> Collection[str]:
        """The kind of its links."""
        return (self._purpose.kind,)

    @property
    def verification_errors(self) -> Collection[type[AuthError]]:
        """What making the account may be refused with."""
        return (DataConflict,)

    async def verify(self, work: Work, token: str) -> None:
        """Make the account of the registration that a link belongs to; its mailbox is proven.

        Every other registration of the address ends.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer, or the address
                has an account by now.
            DataConflict: A rule of the caller's own columns refuses.
        """
        parsed = parse_one_time_token(token)
        if parsed is None:
            raise InvalidOneTimeToken
        most = work.auth.feature(OneTimeTokens).max_attempts
        pending = await find_pending(work, self.model, parsed, max_attempts=most)
        if pending is None:
            work.record(lambda work: self._note_refusal(work, parsed))
            raise InvalidOneTimeToken
        user = await self._make_account(work, pending)
        # the unique address has decided who is first; this row may have been dropped since
        if not await end_pending(work, self.model, user.email, parsed):
            raise InvalidOneTimeToken
        await tell(work, MailboxProven(user.id))

    async def _note_refusal(self, work: Work, token: OneTimeToken) -> None:
        await count_attempt(work, self.model, token)
        await tell(work, OneTimeTokenRefused(self._purpose.name))

    async def prune(self, work: Work, *, at_most: int = 1000) -> int:
        """Delete registrations that nobody completed in time; return how many.

        For a job: call it until it returns 0.
        """
        return await delete_expired(work, self.model, at_most=at_most)

    async def _make_account(self, work: Work, pending: PendingRegistrationMixin) -> UserMixin[Any]:
        accounts = work.auth.feature(Accounts)
        schema = accounts.schemas(work.auth).create
        columns = given_columns(schema, pending.columns)
        try:
            return await accounts.create_with_hash(
                work, pending.email, pending.hashed_password, is_verified=True, **columns
            )
        except EmailTaken:
            raise InvalidOneTimeToken from None
