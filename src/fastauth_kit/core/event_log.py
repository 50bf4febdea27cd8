"""Every event as a record of the standard library's logging.

The message is the name of the kind and never changes; what is particular is in
``extra``, for formatters and for structlog. Nothing is computed unless the
logger is enabled for it.
"""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi.requests import HTTPConnection

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.events import Event, data_of, kind_of, subject_of
from fastauth_kit.core.hooks import Device, EventSink
from fastauth_kit.core.origin import Origin, origin_of
from fastauth_kit.core.text import printable
from fastauth_kit.core.work import Work

MAX_PATH = 200
MAX_METHOD = 20

logger: logging.Logger = logging.getLogger("fastauth_kit.events")


class EventLog(EventSink):
    """Logs each event once it is committed: ``INFO``, a refusal or an attack ``WARNING``."""

    async def receive(self, work: Work, event: Event) -> None:
        """Log an event after the commit."""
        level = logging.INFO if event.succeeded else logging.WARNING
        if not logger.isEnabledFor(level):
            return
        auth = work.auth
        extra = _fields(auth, origin_of(auth, event), subject_of(event), work.now.isoformat())
        extra["data"] = data_of(event, leave_out=event.typed)
        extra["succeeded"] = event.succeeded
        work.after_commit(partial(_write, level, kind_of(type(event)), extra))


async def _write(level: int, kind: str, extra: Mapping[str, Any]) -> None:
    logger.log(level, kind, extra={"kind": kind, **extra})


def log_refusal(
    auth: Assembly[Any],
    kind: str,
    data: Mapping[str, str],
    *,
    device: Device | None = None,
    user_id: Any = None,
) -> None:
    """Log a refusal that is no event, at once: nothing of it is kept anywhere else.

    Args:
        data: What was refused; nothing that somebody typed.
        device: Where it came from, if the caller knows; else that of the request.
    """
    if not logger.isEnabledFor(logging.WARNING):
        return
    origin = origin_of(auth)
    given = Origin(device or origin.device, origin.actor_id)
    extra = _fields(auth, given, user_id, auth.clock().isoformat())
    logger.warning(kind, extra={"kind": kind, "data": dict(data), "succeeded": False, **extra})


def log_denial(auth: Assembly[Any], code: str, connection: HTTPConnection) -> None:
    """Log that somebody asked for what they may not do (OWASP ASVS 16.3.2)."""
    path = printable(connection.scope["path"], at_most=MAX_PATH)
    # a WebSocket has none
    method = printable(connection.scope.get("method", ""), at_most=MAX_METHOD)
    data = {"code": code, "path": path, "method": method}
    log_refusal(auth, "access_denied", data)


def _fields(auth: Assembly[Any], origin: Origin, user_id: Any, at: str) -> dict[str, Any]:
    """Return what every record has; none of it is a name of ``logging.LogRecord``."""
    return {
        "at": at,
        "user_id": auth.write_user_id(user_id),
        "actor_id": auth.write_user_id(origin.actor_id),
        "ip": origin.device.ip,
        "user_agent": origin.device.user_agent,
    }
