"""Who made something happen, and from where, as far as the request at hand tells."""

from dataclasses import dataclass
from typing import Any

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.current_request import answering, signed_in_user_id
from fastauth_kit.core.devices import device_of
from fastauth_kit.core.events import Event
from fastauth_kit.core.hooks import Device


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event came from.

    Args:
        actor_id: Who was signed in; ``None`` where nobody was, or no request.
    """

    device: Device = Device()
    actor_id: Any = None


def origin_of(auth: Assembly[Any], event: Event | None = None) -> Origin:
    """Return where an event that is being told came from.

    What the event says itself counts more. Nothing is computed before somebody asks.
    """
    connection = answering.get()
    device = getattr(event, "device", None)
    if connection is None:
        return Origin(device if isinstance(device, Device) else Device())
    if not isinstance(device, Device):
        device = device_of(connection, auth.settings)
    return Origin(device, signed_in_user_id(connection))
