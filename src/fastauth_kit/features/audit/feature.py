"""Audit: every event becomes a row, in the transaction that makes it true."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast, get_args

from sqlalchemy import Table, inspect

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.events import Event, kind_of
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import EventSink
from fastauth_kit.core.models import check_table
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.secrets import mac_text
from fastauth_kit.core.work import Work
from fastauth_kit.features.audit.models import MAX_USER_ID, AuditEventMixin
from fastauth_kit.features.audit.recording import Recorder
from fastauth_kit.features.audit.router import add_audit_routes

Typed = Literal["mark", "keep", "drop"]

_PURPOSE = "audit"


@dataclass(frozen=True, kw_only=True)
class Audit(Feature, EventSink):
    """Writes every event down: who, what, when, where from, and whether it succeeded.

    A success is written in the transaction of the change, a refusal in the one
    that follows its rollback. A row that cannot be written fails the request.

    Args:
        model: The caller's table, built on ``AuditEventMixin``.
        without: Kinds that are not recorded, such as ``session_refreshed``.
        unlisted: Kinds that users do not find in their own list.
        redact: Names of fields that are not recorded.
        typed: What becomes of an address that somebody typed to sign in or to
            register. It may be a password in the wrong box. ``mark``: an HMAC,
            so that equal ones can be told; ``keep``; or ``drop``.
        request_id: Returns what names the request at hand in other logs.

    Raises:
        ConfigurationError: A list of names is one text, or ``typed`` none of the three.
    """

    name: ClassVar[str] = "audit"

    model: type[AuditEventMixin]
    without: Collection[str] = ()
    unlisted: Collection[str] = ("session_refreshed",)
    redact: Collection[str] = ()
    typed: Typed = "mark"
    request_id: Callable[[], str | None] | None = None

    def __post_init__(self) -> None:
        for option in ("without", "unlisted", "redact"):
            if isinstance(getattr(self, option), str):
                raise ConfigurationError(f"Audit({option}=...) takes a list of names")
        if self.typed not in get_args(Typed):
            raise ConfigurationError("Audit(typed=...) must be 'mark', 'keep' or 'drop'")

    def check(self, auth: Assembly[Any]) -> None:
        """Check that the table fits."""
        check_table(self.model)
        name = self.model.__name__
        mapper = inspect(self.model)
        table = cast(Table, mapper.local_table)
        starts = {tuple(column.name for column in index.columns)[:2] for index in table.indexes}
        if (mapper.c.user_id.name, mapper.c.id.name) not in starts:
            raise ConfigurationError(
                f'{name}.__table_args__ needs Index(None, "user_id", "id"): '
                "users read their own events by it"
            )
        if auth.user_key.longest > MAX_USER_ID:
            raise ConfigurationError(
                f"ids of {auth.user_model.__name__} may be longer than {MAX_USER_ID} characters, "
                f"which {name}.user_id does not hold"
            )

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add both lists."""
        add_audit_routes(self, table)

    async def receive(self, work: Work, event: Event) -> None:
        """Insert a row."""
        if kind_of(type(event)) not in self.without:
            await work.auth.prepared(Recorder).record(work, self, event)

    def mark(self, auth: Assembly[Any], text: str) -> str:
        """Return what stands for a text that was typed: the same for the same text.

        Made with a key that is not in the database, so that nobody who reads the
        rows can try passwords on it.
        """
        key = auth.keys.current(_PURPOSE).value
        return f"hmac:{mac_text(key, text.encode())}"
