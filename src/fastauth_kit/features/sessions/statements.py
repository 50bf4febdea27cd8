"""What is sent at every login and refresh: built once, because building costs most.

Building an INSERT of a mapped class took longer than all else that a login does
in the database. Where only the session's own columns are written, the statement
is one of its table: the ORM would add nothing but time.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, Row, bindparam, insert, inspect, literal, select, update
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from fastauth_kit.features.sessions.feature import Sessions

_OURS = "kit_"
"""Before the parameters of an UPDATE: one named as a column would be a value for it."""


class SessionStatements:
    """The statements of one table of sessions, with their parameters left open."""

    def __init__(self, sessions: "Sessions") -> None:
        mapper = inspect(sessions.model)
        # for callers whose sessions choose the engine by it
        self._bind = {"mapper": mapper}
        self._keys = {name: column.key for name, column in mapper.c.items()}
        self._insertion = insert(mapper.local_table)
        self._search = _search(sessions)
        self._rotation = _rotation(sessions)

    def insert_session(self, session: Session, values: Mapping[str, Any]) -> None:
        """Insert a row with these attributes."""
        row = {self._keys[name]: value for name, value in values.items()}
        session.execute(self._insertion, row, bind_arguments=self._bind)

    def find(self, session: Session, **values: Any) -> Row[Any] | None:
        """Return what a refresh needs of a session in force, of an active user.

        Args:
            values: ``session_id`` and ``now``.
        """
        return session.execute(self._search, values).one_or_none()

    def rotate(self, session: Session, **values: Any) -> bool:
        """Move a session in force to its next generation, unless another request did.

        Args:
            values: ``session_id``, ``now``, ``generation`` (the latest one),
                ``key_id`` and ``idle_end``.
        """
        values["next_generation"] = values["generation"] + 1
        named = {_OURS + name: value for name, value in values.items()}
        result = session.execute(self._rotation, named, bind_arguments=self._bind)
        assert isinstance(result, CursorResult)  # noqa: S101  # what DML gives; for the types
        return result.rowcount == 1


def _search(sessions: "Sessions") -> Any:
    model = sessions.model
    user: Any = model.__auth_user__
    return (
        select(
            model.id,
            model.user_id,
            model.refresh_generation,
            model.refresh_salt,
            model.refresh_key_id,
            model.rotated_at,
            model.absolute_expires_at,
        )
        .join(user, user.id == model.user_id)
        .where(model.id == bindparam("session_id"), user.is_active.is_(True))
        .where(*sessions.in_force(bindparam("now")))
    )


def _rotation(sessions: "Sessions") -> Any:
    mapper, user = inspect(sessions.model), inspect(sessions.model.__auth_user__)
    own = mapper.c
    active = (
        select(literal(1))
        .select_from(user.persist_selectable)
        .where(user.c.id == own.user_id, user.c.is_active.is_(True))
        .exists()
    )
    return (
        update(mapper.local_table)
        .where(
            own.id == bindparam(_OURS + "session_id"),
            own.refresh_generation == bindparam(_OURS + "generation"),
        )
        .where(*sessions.in_force(bindparam(_OURS + "now"), own), active)
        .values(
            {
                own.refresh_generation: bindparam(_OURS + "next_generation"),
                own.refresh_key_id: bindparam(_OURS + "key_id"),
                own.rotated_at: bindparam(_OURS + "now"),
                own.last_used_at: bindparam(_OURS + "now"),
                own.idle_expires_at: bindparam(_OURS + "idle_end"),
            }
        )
    )
