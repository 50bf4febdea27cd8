"""Whether a store that others share is away, as far as this process knows."""

import logging

logger: logging.Logger = logging.getLogger("fastauth_kit")


class Outage:
    """Whether Redis is away, as far as this process knows. Said once in the log."""

    def __init__(self, pause_seconds: float) -> None:
        self._pause = pause_seconds
        self._next_try: float | None = None

    def may_try(self, now: float) -> bool:
        """Whether to ask Redis; during an outage one attempt in a while does."""
        if self._next_try is None:
            return True
        if now < self._next_try:
            return False
        self._next_try = now + self._pause
        return True

    def begin(self, now: float, error: BaseException) -> None:
        """Redis did not answer."""
        if self._next_try is None:
            # its text may hold the URL, hence a password
            logger.warning(
                "throttling: Redis is away (%s); counting in memory", type(error).__name__
            )
        self._next_try = now + self._pause

    def end(self) -> None:
        """Redis answered."""
        if self._next_try is not None:
            logger.warning("throttling: Redis is back")
        self._next_try = None
