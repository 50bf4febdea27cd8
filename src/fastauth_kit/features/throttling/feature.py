"""Throttling: nobody tries without end, and the wait grows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.client_address import network_of
from fastauth_kit.core.errors import TooManyAttempts
from fastauth_kit.core.event_log import log_refusal
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import Attempt, AttemptKind, RequestGuard
from fastauth_kit.core.secrets import mac_text
from fastauth_kit.features.throttling.limits import Limit, Limits
from fastauth_kit.features.throttling.memory_store import MemoryStore
from fastauth_kit.features.throttling.store import Clock, Store, Window, Windows

_PURPOSE = "throttling"

_MINUTE, _QUARTER, _HOUR, _DAY = (
    timedelta(minutes=1),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(days=1),
)

# SP 800-63B, section 3.2.2: a wait "that increases as the account approaches its
# maximum"; 30 a day leave the lock, at 100 in all, more than three days away
_GUESSES = (Limit(5, _MINUTE), Limit(10, _QUARTER), Limit(30, _DAY))

LOGIN = Limits(per_address_and_network=_GUESSES, per_network=(Limit(100, _HOUR),))
REGISTRATION = Limits(per_address=(Limit(5, _HOUR),), per_network=(Limit(20, _HOUR),))
CONFIRMATION = Limits(per_user=_GUESSES)
# over all networks a multiple of what one may: or one could keep the owner from their mail
MAIL = Limits(
    per_address_and_network=(Limit(3, _QUARTER), Limit(10, _DAY)),
    per_address=(Limit(30, _HOUR),),
    per_network=(Limit(20, _HOUR),),
)
TOKEN = Limits(per_network=(Limit(30, _QUARTER),))


@dataclass(frozen=True, kw_only=True)
class Throttling(Feature, RequestGuard):
    """Limits how often things may be tried; beyond it 429 with ``Retry-After``.

    Args:
        store: Where attempts are counted.
        login: Logins. Good ones are given back.
        registration: Registrations, good or not.
        confirmation: Passwords of users who are signed in. Good ones are given back.
        mail: What sends a mail to an address that somebody typed.
        token: What takes a token that was sent by mail.
    """

    name: ClassVar[str] = "throttling"

    store: Store = field(default_factory=MemoryStore)
    login: Limits = LOGIN
    registration: Limits = REGISTRATION
    confirmation: Limits = CONFIRMATION
    mail: Limits = MAIL
    token: Limits = TOKEN

    async def admit(self, auth: Assembly[Any], attempt: Attempt) -> None:
        """Count an attempt against each of its limits.

        Raises:
            TooManyAttempts: One of them is used up.
        """
        windows = self._windows(auth, attempt)
        wait = await self._counts(auth).take(windows) if windows else None
        if wait is not None:
            log_refusal(
                auth,
                "too_many_attempts",
                {"operation": attempt.operation, "network": network_of(attempt.device.ip)},
                device=attempt.device if attempt.device.ip else None,
                user_id=attempt.user_id,
            )
            raise TooManyAttempts(wait)

    async def give_back(self, auth: Assembly[Any], attempt: Attempt) -> None:
        """Free the places that a good login took; those of failed ones stay taken."""
        windows = self._windows(auth, attempt)
        if windows:
            await self._counts(auth).give_back(windows)

    async def aclose(self) -> None:
        """Close the connections of the store."""
        await self.store.aclose()

    def _counts(self, auth: Assembly[Any]) -> Windows:
        return self.store.windows(auth.prepared(_seconds_of))

    def _windows(self, auth: Assembly[Any], attempt: Attempt) -> list[Window]:
        address = None if attempt.address is None else lookup_form(attempt.address)
        counted = self._limits[attempt.kind].counted(attempt, address)
        windows = [
            Window(_key(auth, attempt.operation, scope, subject), limit.attempts, limit.seconds)
            for limit, scope, subject in counted
        ]
        return list(dict.fromkeys(windows))  # a limit that is given twice is one

    @property
    def _limits(self) -> Mapping[AttemptKind, Limits]:
        return {
            AttemptKind.LOGIN: self.login,
            AttemptKind.REGISTRATION: self.registration,
            AttemptKind.CONFIRMATION: self.confirmation,
            AttemptKind.MAIL: self.mail,
            AttemptKind.TOKEN: self.token,
        }


def _seconds_of(auth: Assembly[Any]) -> Clock:
    return lambda: auth.clock().timestamp()


def _key(auth: Assembly[Any], operation: str, scope: str, subject: str) -> str:
    """Return a key that tells nobody who it is about, of one length whatever was typed."""
    key = auth.keys.current(_PURPOSE).value
    return mac_text(key, operation.encode(), scope.encode(), subject.encode())
