"""How often something may be asked for. Arithmetic only: no clock, no storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fastauth_kit.core.client_address import network_of
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.hooks import Attempt


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts within a time, counted over a window that moves along.

    Args:
        attempts: 1 or more.
        per: Whole seconds.

    Raises:
        ConfigurationError: Either is out of range.
    """

    attempts: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ConfigurationError("Limit(attempts=...) must be at least 1")
        if self.per < timedelta(seconds=1) or self.per % timedelta(seconds=1):
            raise ConfigurationError("Limit(per=...) must be whole seconds, at least one")

    @property
    def seconds(self) -> int:
        """Length of the window."""
        return self.per // timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one kind of attempt; each one is counted by itself.

    Several limits for one subject, such as 5 in a minute and 10 in a quarter
    of an hour, make the wait grow with the number of attempts.

    Args:
        per_address_and_network: For one address, as tried from one network.
        per_address: For one address, over all networks. Whoever uses it up
            shuts everybody else out, so it is not for logins.
        per_network: For one network, whatever it tries.
        per_user: For one signed-in user.
    """

    per_address_and_network: Sequence[Limit] = ()
    per_address: Sequence[Limit] = ()
    per_network: Sequence[Limit] = ()
    per_user: Sequence[Limit] = ()

    def counted(self, attempt: Attempt, address: str | None) -> list[tuple[Limit, str, str]]:
        """Return what an attempt counts against: limit, scope, subject.

        The shortest time comes first: it refuses most, hence after the fewest
        places were taken and given back. The network comes last.

        Args:
            address: That of the attempt, in canonical form.
        """
        network, user = network_of(attempt.device.ip), attempt.user_id
        pair = None if address is None else f"{network} {address}"
        scopes = (
            ("user", None if user is None else str(user), self.per_user),
            ("pair", pair, self.per_address_and_network),
            ("address", address, self.per_address),
            ("network", network, self.per_network),
        )
        return [
            (limit, scope, subject)
            for scope, subject, limits in scopes
            if subject is not None
            for limit in sorted(limits, key=lambda limit: limit.per)
        ]


def whole_seconds_after(moment: float, now: float) -> int:
    """Return how many seconds to wait until a moment has passed, 1 at the least."""
    return max(1, int(moment - now) + 1)
