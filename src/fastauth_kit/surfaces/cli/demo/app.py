"""The app of the demonstration, for uvicorn's ``--factory``.

Over synchronous sessions: the driver of those comes with Python.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

from fastapi import Depends, FastAPI
from fastapi.responses import RedirectResponse
from sqlalchemy import String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from fastauth_kit.core.install import install_errors
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.routes import get_auth_router
from fastauth_kit.core.settings import AuthSettings
from fastauth_kit.features.accounts import Accounts, get_users_router
from fastauth_kit.features.audit import Audit, AuditEventMixin
from fastauth_kit.features.passwords import Passwords
from fastauth_kit.features.sessions import SessionMixin, Sessions

FOLDER = "FASTAUTH_DEMO_FOLDER"
DATABASE = "demo.db"
SECRET = "demo.secret"


class Base(DeclarativeBase):
    """Tables of the demonstration."""


class User(UserMixin[int], Base):
    """An account, with a name of its own."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class AuthSession(SessionMixin[int], Base):
    """A login."""

    __tablename__ = "auth_sessions"
    __auth_user__: ClassVar[type[UserMixin[Any]]] = User


class AuditEvent(AuditEventMixin, Base):
    """What happened."""

    __tablename__ = "audit_events"


def make_auth() -> AuthKit[User]:
    """Return the installation over the folder that the environment names."""
    folder = Path(os.environ[FOLDER])
    engine = create_engine(f"sqlite:///{folder / DATABASE}")
    Base.metadata.create_all(engine)
    maker = sessionmaker(engine)

    def get_db() -> Iterator[Session]:
        with maker() as session:
            yield session

    return AuthKit(
        user_model=User,
        get_session=get_db,
        settings=AuthSettings(secret_key=(folder / SECRET).read_text("ascii")),
        features=(
            Accounts(),
            Passwords(),
            Sessions(model=AuthSession),
            Audit(model=AuditEvent),
        ),
    )


def make_app() -> FastAPI:
    """Return the app: the kit's routes, and one of the caller's."""
    auth = make_auth()
    app = FastAPI(title="fastauth-kit demo")
    app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
    app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
    install_errors(app)

    async def hello(user: Annotated[User, Depends(auth.current_user)]) -> str:
        return f"Hello {user.name or user.email}"

    async def start() -> RedirectResponse:
        return RedirectResponse("/docs")

    app.get("/hello", tags=["yours"], summary="A route of your own")(hello)
    app.get("/", include_in_schema=False)(start)
    return app
