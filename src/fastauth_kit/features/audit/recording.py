"""From an event to a row. The INSERT is built once, because building costs most."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, inspect
from sqlalchemy.orm import Session

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.events import Event, data_of, kind_of, subject_of
from fastauth_kit.core.origin import origin_of
from fastauth_kit.core.secrets import TimeOrderedIds
from fastauth_kit.core.text import printable
from fastauth_kit.core.work import Work
from fastauth_kit.features.audit.models import MAX_AGENT, MAX_IP, MAX_REQUEST_ID, AuditEventMixin

if TYPE_CHECKING:
    from fastauth_kit.features.audit.feature import Audit


class Recorder:
    """Inserts the rows of one installation."""

    def __init__(self, auth: Assembly[Any]) -> None:
        self._auth = auth
        self._ids = TimeOrderedIds()
        self._insertions: dict[type[AuditEventMixin], Any] = {}

    async def record(self, work: Work, audit: "Audit", event: Event) -> None:
        """Insert the row of an event."""
        values = self._values(work, audit, event)
        mapper = inspect(audit.model)
        insertion = self._insertions.get(audit.model)
        if insertion is None:
            insertion = self._insertions[audit.model] = insert(mapper.local_table)
        row = {mapper.c[name].key: value for name, value in values.items()}

        def step(session: Session) -> None:
            # for callers whose sessions choose the engine by it
            session.execute(insertion, row, bind_arguments={"mapper": mapper})

        await work.run(step)

    def _values(self, work: Work, audit: "Audit", event: Event) -> dict[str, Any]:
        origin = origin_of(self._auth, event)
        return {
            "id": self._ids.make(work.now),
            "kind": kind_of(type(event)),
            "at": work.now,
            "succeeded": event.succeeded,
            "user_id": self._auth.write_user_id(subject_of(event)),
            "actor_id": self._auth.write_user_id(origin.actor_id),
            "ip": _bounded(origin.device.ip, MAX_IP),
            "user_agent": _bounded(origin.device.user_agent, MAX_AGENT),
            "request_id": _bounded(
                audit.request_id() if audit.request_id else None, MAX_REQUEST_ID
            ),
            "data": self._data(audit, event),
        }

    def _data(self, audit: "Audit", event: Event) -> dict[str, Any]:
        dropped = event.typed if audit.typed == "drop" else ()
        data = data_of(event, leave_out={*audit.redact, *dropped})
        if audit.typed == "mark":
            for name in event.typed & data.keys():
                data[name] = audit.mark(self._auth, str(data[name]))
        return data


def _bounded(text: str | None, at_most: int) -> str | None:
    return printable(text or "", at_most=at_most) or None
