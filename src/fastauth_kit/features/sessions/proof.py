"""When, and how, the user of a session proved who they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastauth_kit.core.errors import InvalidToken
from fastauth_kit.core.hooks import CurrentSession, Device, tell
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.secrets import random_text, time_ordered_id
from fastauth_kit.core.store import hold
from fastauth_kit.core.work import Work
from fastauth_kit.features.sessions.events import Reauthenticated
from fastauth_kit.features.sessions.refresh_token import SALT_BYTES

if TYPE_CHECKING:
    from fastauth_kit.features.sessions.feature import Sessions


def new_row(
    sessions: "Sessions",
    now: datetime,
    user: UserMixin[Any],
    methods: Sequence[str],
    device: Device,
) -> dict[str, Any]:
    """Return the row of a session that begins with a proof by these methods."""
    return {
        "id": time_ordered_id(now),
        "user_id": user.id,
        "created_at": now,
        "authenticated_at": now,
        "amr": {method: now.isoformat() for method in methods},
        "ip": device.ip,
        "user_agent": device.user_agent,
        "last_used_at": now,
        "idle_expires_at": now + sessions.idle_lifetime,
        "absolute_expires_at": now + sessions.absolute_lifetime,
        "refresh_salt": random_text(SALT_BYTES),
    }


async def renew_proof(
    work: Work, sessions: "Sessions", session: CurrentSession, method: str
) -> None:
    """Note in a session in force that its user proved again who they are.

    Raises:
        InvalidToken: It has ended meanwhile.
    """
    model = sessions.model
    row = await hold(work, model, model.id == session.id, *sessions.in_force(work.now))
    if row is None:
        raise InvalidToken
    row.authenticated_at = work.now
    # a new dictionary: the ORM does not see a change within the old one
    row.amr = {**row.amr, method: work.now.isoformat()}
    await work.flush()
    await tell(work, Reauthenticated(session.user_id, session.id, method))
