"""A profile for every account."""

from app.models import Profile
from fastauth_kit import Event, EventSink, Work
from fastauth_kit.features.accounts import UserCreated


class ProfileWithAccount(EventSink):
    """Makes the profile in the transaction that makes the account: both, or neither."""

    async def receive(self, work: Work, event: Event) -> None:
        """Take part in what the kit is about to commit."""
        if isinstance(event, UserCreated):
            await work.add(Profile(user_id=event.user.id))
