"""Where attempts are counted: the interface of the stores."""

from abc import ABC, abstractmethod
from collections.abc import Callable

try:
    from limits import RateLimitItemPerSecond
    from limits.aio.storage import MemoryStorage, MovingWindowSupport, Storage
    from limits.aio.strategies import MovingWindowRateLimiter
except ImportError as error:
    raise ImportError("throttling needs: pip install 'fastauth-kit[throttling]'") from error

__all__ = [
    "Clock",
    "MemoryStorage",
    "MovingWindowRateLimiter",
    "RateLimitItemPerSecond",
    "Store",
    "Windows",
]

Clock = Callable[[], float]
"""Seconds since the epoch, as the installation has them."""


class Windows(Storage, MovingWindowSupport):
    """Moving windows of ``limits``, whose last place can be given back."""

    @abstractmethod
    async def give_back(self, key: str) -> None:
        """Free the place that was taken last; nothing, if none is."""


class Store(ABC):
    """Where the counts are."""

    @abstractmethod
    def windows(self, clock: Clock) -> Windows:
        """Return the counts, for the event loop that is running."""

    @abstractmethod
    async def aclose(self) -> None:
        """Give back what it holds."""
