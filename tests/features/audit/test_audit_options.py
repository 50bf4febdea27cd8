"""What is recorded, and what is not; what is refused at start."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    AuthKit,
    AuthSettings,
    ConfigurationError,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
)
from fastauth_kit.features.audit import Audit, AuditEventMixin, get_audit_router
from tests.features.audit.trail import log_in, trail
from tests.kit_app import SECRET, IntAuditEvent, KitApp

SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

SECRET_TYPED = "hunter2 in the wrong box"


@SQLITE
@pytest.mark.parametrize(
    ("typed", "kept"), [("mark", "hmac:"), ("keep", SECRET_TYPED), ("drop", "")]
)
async def test_what_was_typed_is_marked_kept_or_dropped(
    make_app: Callable[..., KitApp], typed: Any, kept: str
) -> None:
    """Somebody may type a password into the field of the address."""
    audit = Audit(model=IntAuditEvent, typed=typed)
    kit_app = make_app(more_features=(audit,))
    for _ in range(2):
        await log_in(kit_app, email=SECRET_TYPED)

    first, second = [row.data for row in await trail(kit_app, "login_failed")]

    assert first == second  # one can tell that it was the same
    assert first.get("email", "").startswith(kept)
    assert (SECRET_TYPED in str(first)) == (typed == "keep")
    if typed == "mark":
        assert first["email"] == audit.mark(kit_app.auth, SECRET_TYPED)
        assert len(first["email"]) == len("hmac:") + 43
    if typed == "drop":
        assert first == {}


@SQLITE
async def test_kinds_and_fields_can_be_left_out(make_app: Callable[..., KitApp]) -> None:
    audit = Audit(model=IntAuditEvent, without=["user_created"], redact=["methods"])
    kit_app = make_app(more_features=(audit,))
    await kit_app.add_user()
    await log_in(kit_app)

    (row,) = await trail(kit_app)
    assert (row.kind, set(row.data)) == ("logged_in", {"session_id"})


@SQLITE
async def test_a_request_is_named_as_in_other_logs(make_app: Callable[..., KitApp]) -> None:
    audit = Audit(model=IntAuditEvent, request_id=lambda: "4711\r\n" + "x" * 100)
    kit_app = make_app(more_features=(audit,))
    await log_in(kit_app)

    (row,) = await trail(kit_app)
    assert row.request_id == "4711" + "x" * 60


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"without": "user_created"}, "without=...\\) takes a list"),
        ({"unlisted": "user_created"}, "unlisted=...\\) takes a list"),
        ({"redact": "email"}, "redact=...\\) takes a list"),
        ({"typed": "hash"}, "'mark', 'keep' or 'drop'"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Audit(model=IntAuditEvent, **options)


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class Login(SessionMixin[int], Base):
    __tablename__ = "logins"
    __auth_user__ = User


class LongUser(UserMixin[str], Base):
    __tablename__ = "long_users"
    id: Mapped[str] = mapped_column(String(300), primary_key=True)


class LongLogin(SessionMixin[str], Base):
    __tablename__ = "long_logins"
    __auth_user__ = LongUser


class Indexed(AuditEventMixin, Base):
    __tablename__ = "indexed"
    __table_args__ = (Index("by_user", "user_id", "id", "kind"),)


class NotIndexed(AuditEventMixin, Base):
    __tablename__ = "not_indexed"
    __table_args__ = ()


class Whole(AuditEventMixin, Base):
    __tablename__ = "whole"


class InTwoTables(Whole):
    __tablename__ = "second_half"
    __table_args__ = ()
    id: Mapped[UUID] = mapped_column(ForeignKey("whole.id"), primary_key=True)


def build(model: type[AuditEventMixin], login: type[SessionMixin[Any]] = Login) -> AuthKit[Any]:
    return AuthKit(
        user_model=login.__auth_user__,
        get_session=lambda: None,
        settings=AuthSettings(secret_key=SECRET),
        features=(Passwords(), Sessions(model=login), Audit(model=model)),
    )


@pytest.mark.parametrize(
    ("model", "login", "sentence"),
    [
        (NotIndexed, Login, 'needs Index\\(None, "user_id", "id"\\)'),
        (Whole, LongLogin, "may be longer than 255 characters"),
        (InTwoTables, Login, "must keep its columns in one table"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(model: Any, login: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        build(model, login)


def test_its_router_has_both_lists_and_an_index_of_ones_own_will_do() -> None:
    app = FastAPI()
    app.include_router(get_audit_router(build(Indexed)), prefix="/log")

    assert set(app.openapi()["paths"]) == {"/log/events", "/log/audit"}
