"""One-time tokens: sent to a mailbox, presented once."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.sql.elements import ColumnElement

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import AccountRemover, CredentialChange, CredentialListener, tell
from fastauth_kit.core.models import UserMixin, check_table
from fastauth_kit.core.secrets import mac_text
from fastauth_kit.core.store import change, hold, reserve
from fastauth_kit.core.work import Work
from fastauth_kit.features.one_time_tokens.errors import InvalidOneTimeToken
from fastauth_kit.features.one_time_tokens.events import OneTimeTokenRefused
from fastauth_kit.features.one_time_tokens.models import OneTimeTokenMixin
from fastauth_kit.features.one_time_tokens.token import (
    OneTimeToken,
    Purpose,
    new_one_time_token,
    parse_one_time_token,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a token proved when it was presented."""

    user_id: Any
    email: str
    """The mailbox that its bearer reads."""


@dataclass(frozen=True, kw_only=True)
class OneTimeTokens(Feature, CredentialListener, AccountRemover):
    """Tokens that are sent to a mailbox and work once, for one purpose.

    The flows that send them are features of their own; each names its purpose.
    A change of any credential of a user's makes theirs void, except lasting ones.

    Args:
        model: The caller's table, built on ``OneTimeTokenMixin``.
        max_attempts: A token is void after so many wrong secrets for its id.

    Raises:
        ConfigurationError: ``max_attempts`` is below 1.
    """

    name: ClassVar[str] = "one_time_tokens"

    model: type[OneTimeTokenMixin[Any]]
    max_attempts: int = 10

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ConfigurationError("max_attempts must be at least 1")

    def check(self, auth: Assembly[Any]) -> None:
        """Check that the tokens belong to this user table."""
        check_table(self.model, owner=auth.user_model)

    async def issue(self, work: Work, user_id: Any, purpose: Purpose, *, email: str) -> str:
        """Make a token; the one before, of the same user and purpose, is void.

        A lasting purpose has one for each mailbox of the user's.

        Args:
            email: The mailbox it will be sent to.

        Returns:
            The token. It is nowhere else: the database keeps a digest.
        """
        token = new_one_time_token(purpose.kind, work.now)
        if purpose.lasting:
            await self._forget_expired(work, user_id)
            token = await self._after_earlier_ones(work, user_id, purpose, token)
        slot = _slot(work, user_id, purpose, email)
        values = {
            "id": token.id,
            "digest": token.digest,
            "email": email,
            "created_at": work.now,
            "expires_at": work.now + purpose.lifetime,
            "attempts": 0,
            "consumed_at": None,
        }
        taking_over = update(self.model).where(self.model.slot == slot).values(values)
        named = {"user_id": user_id, "purpose": purpose.name, "lasting": purpose.lasting}
        row = {**values, **named, "slot": slot}
        if not await change(work, taking_over) and not await reserve(work, self.model(**row)):
            # another request has made the first one meanwhile; the later one wins
            await change(work, taking_over)
        return token.text

    async def look_at(self, work: Work, text: str, purpose: Purpose) -> Proof:
        """Return what a token would prove; it is not used up.

        For what costs time before it is consumed, such as hashing a password.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer.
        """
        token = _parsed(text)
        found = await self._find(work, token, purpose)
        if found is None:
            work.record(lambda work: self._note_refusal(work, token, purpose))
            raise InvalidOneTimeToken
        return Proof(found.user_id, found.email)

    async def consume(
        self, work: Work, text: str, purpose: Purpose
    ) -> tuple[UserMixin[Any], Proof]:
        """Use a token up; return its user, held until the end of the work, and what it proved.

        Of any number that present it at once, one gets through.

        Raises:
            InvalidOneTimeToken: It does not work, or no longer.
        """
        token, proof = _parsed(text), await self.look_at(work, text, purpose)
        # the user first, as everything that changes a user does: no deadlocks with those
        model = work.auth.user_model
        user: UserMixin[Any] | None = await hold(work, model, model.id == proof.user_id)
        this = self._works(work, token, purpose)
        using_up = update(self.model).where(*this).values(consumed_at=work.now)
        if user is None or not await change(work, using_up):
            raise InvalidOneTimeToken
        return user, proof

    async def void(self, work: Work, user_id: Any, *purposes: Purpose) -> int:
        """Make a user's tokens void; return how many.

        Args:
            purposes: None for all that are not lasting.
        """
        if not purposes:
            return await self._void(work, user_id, self.model.lasting.is_(False))
        names = [purpose.name for purpose in purposes]
        return await self._void(work, user_id, self.model.purpose.in_(names))

    async def void_younger(self, work: Work, user_id: Any, text: str, purpose: Purpose) -> int:
        """Make void what a user was issued for a purpose after a token; return how many."""
        # ids are in the order of their making
        later = (self.model.purpose == purpose.name, self.model.id > _parsed(text).id)
        return await self._void(work, user_id, *later)

    async def credential_changed(
        self,
        work: Work,
        user: UserMixin[Any],
        change: CredentialChange,
        *,
        keep_session: UUID | None = None,
    ) -> None:
        """End every link that was sent under credentials that no longer hold.

        Lasting ones go on, unless the account is deactivated: only a superuser
        does that, and its later reactivation must not revive them.
        """
        ends_all = change is CredentialChange.DEACTIVATED
        await self._void(work, user.id, *(() if ends_all else (self.model.lasting.is_(False),)))

    async def before_removal(self, work: Work, user: UserMixin[Any]) -> None:
        """Delete a user's tokens: not every database cascades (SQLite does when asked)."""
        await change(work, delete(self.model).where(self.model.user_id == user.id))

    async def _void(self, work: Work, user_id: Any, *conditions: ColumnElement[bool]) -> int:
        working = (self.model.user_id == user_id, self.model.consumed_at.is_(None), *conditions)
        return await change(work, update(self.model).where(*working).values(consumed_at=work.now))

    async def _forget_expired(self, work: Work, user_id: Any) -> None:
        """Delete lasting tokens that are over: nothing else would take their places."""
        over = (self.model.lasting.is_(True), self.model.expires_at <= work.now)
        await change(work, delete(self.model).where(self.model.user_id == user_id, *over))

    async def _after_earlier_ones(
        self, work: Work, user_id: Any, purpose: Purpose, token: OneTimeToken
    ) -> OneTimeToken:
        """Return a token whose id comes after all others', whatever other machines' clocks say.

        The user is held: nobody else issues one meanwhile.
        """
        own = (self.model.user_id == user_id, self.model.purpose == purpose.name)
        ids = select(self.model.id).where(*own).order_by(self.model.id.desc()).limit(1)
        last: UUID | None = await work.scalar(ids)
        if last is None or last < token.id:
            return token
        return replace(token, id=UUID(int=last.int + 1))

    async def _find(self, work: Work, token: OneTimeToken, purpose: Purpose) -> Row[Any] | None:
        statement = select(self.model.user_id, self.model.email)
        result = await work.execute(statement.where(*self._works(work, token, purpose)))
        return result.one_or_none()

    def _works(
        self, work: Work, token: OneTimeToken, purpose: Purpose
    ) -> tuple[ColumnElement[bool], ...]:
        return (
            *self._names(token, purpose),
            self.model.digest == token.digest,
            self.model.consumed_at.is_(None),
            self.model.expires_at > work.now,
            self.model.attempts < self.max_attempts,
        )

    def _names(self, token: OneTimeToken, purpose: Purpose) -> tuple[ColumnElement[bool], ...]:
        return self.model.id == token.id, self.model.purpose == purpose.name

    async def _note_refusal(self, work: Work, token: OneTimeToken, purpose: Purpose) -> None:
        await self._count(work, token, purpose)
        await tell(work, OneTimeTokenRefused(purpose.name))

    async def _count(self, work: Work, token: OneTimeToken, purpose: Purpose) -> None:
        """Count a wrong secret; a used token that comes again is none."""
        guessing = (*self._names(token, purpose), self.model.digest != token.digest)
        attempts = self.model.attempts + 1
        await change(work, update(self.model).where(*guessing).values(attempts=attempts))


def _parsed(text: str) -> OneTimeToken:
    token = parse_one_time_token(text)
    if token is None:
        raise InvalidOneTimeToken
    return token


def _slot(work: Work, user_id: Any, purpose: Purpose, email: str) -> str:
    """Return what only the same user and purpose have: a caller's key may be of any length.

    Were the mailbox not part of it where tokens last, a second change of the
    address would take the place of the link that the first mailbox holds.
    """
    parts = [purpose.name.encode(), work.auth.user_key.write(user_id).encode()]
    if purpose.lasting:
        parts.append(email.encode())
    return mac_text(b"one-time-token", *parts)
