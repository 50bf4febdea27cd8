"""Time that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from fastauth_kit.core.models import utc_now


class FrozenClock:
    """A clock for ``AuthKit``.

    Args:
        start: Where it stands at first, aware; ``None`` for this moment.

    Raises:
        ValueError: ``start`` has no time zone.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self.now: datetime = utc_now()
        """The time that it shows, in UTC."""
        if start is not None:
            self.set(start)

    def __call__(self) -> datetime:
        """Return the time, as ``AuthKit`` asks for it."""
        return self.now

    def advance(
        self,
        by: timedelta = timedelta(),
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Move on by a duration, or back by a negative one; return the new time."""
        self.now += by + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self.now

    def set(self, moment: datetime) -> datetime:
        """Show this moment from now on; return it in UTC.

        Raises:
            ValueError: It has no time zone.
        """
        if moment.tzinfo is None:
            raise ValueError("a clock is set to a moment with a time zone: tzinfo=UTC")
        self.now = moment.astimezone(UTC)
        return self.now
