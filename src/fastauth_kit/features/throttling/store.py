"""Where attempts are counted: the interface of the stores."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

try:
    from limits import RateLimitItemPerSecond
except ImportError as _error:
    raise ImportError("throttling needs: pip install 'fastauth-kit[throttling]'") from _error

Clock = Callable[[], float]
"""Seconds since the epoch, as the installation has them."""


@dataclass(frozen=True, slots=True)
class Window:
    """One limit for one subject, over the last so many seconds."""

    subject: str
    attempts: int
    seconds: int

    @property
    def key(self) -> str:
        """What the places are kept under, as ``limits`` names it."""
        item = RateLimitItemPerSecond(self.attempts, self.seconds, namespace="fastauth")
        return item.key_for(self.subject)


class Windows(ABC):
    """Moving windows. All that an attempt counts against is asked for at once."""

    @abstractmethod
    async def take(self, wanted: Sequence[Window]) -> int | None:
        """Take a place in every window, or in none.

        Returns:
            ``None``; or, if one is full, the seconds until all have room. No
            place is kept then, so that who hammers waits no longer for it.
        """

    @abstractmethod
    async def give_back(self, taken: Sequence[Window]) -> None:
        """Free the place that was taken last in each window; nothing where none is."""


class Store(ABC):
    """Where the counts are."""

    @abstractmethod
    def windows(self, clock: Clock) -> Windows:
        """Return the counts, for the event loop that is running."""

    @abstractmethod
    async def aclose(self) -> None:
        """Give back what it holds."""
