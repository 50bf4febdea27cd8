"""What follows when somebody proves to read the mailbox of an account."""

from typing import Any

from fastauth_kit.core.hooks import CredentialChange, announce_credential_change, tell
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.work import Work
from fastauth_kit.features.one_time_tokens.events import MailboxProven


async def prove_mailbox(
    work: Work, user: UserMixin[Any], *, same_flow: bool, new_hash: str | None = None
) -> None:
    """Take note that the mailbox of a user, who is held, was proven.

    An account whose mailbox nobody ever proved may have been set up by a
    stranger, in wait for the owner. So the first proof ends its password, its
    sessions and its outstanding tokens.

    Args:
        same_flow: The proof answers a mail that the registration or a session
            of the account itself asked for; then these stay.
        new_hash: Of a password that was chosen along with the proof.
    """
    first = not user.is_verified
    if not first and new_hash is None:
        return
    takes_over = first and not same_flow
    if takes_over or new_hash is not None:
        user.hashed_password = new_hash
    user.is_verified = True
    user.updated_at = work.now
    await work.flush()
    if takes_over:
        await announce_credential_change(work, user, CredentialChange.OWNER_PROVEN)
    if first:
        await tell(work, MailboxProven(user.id))
