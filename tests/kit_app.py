"""The app that the tests call: what a caller would write, for each key type."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy import Engine, ForeignKey, String, create_engine, delete, event, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.core.feature import Feature
from fastauth_kit.features.audit import AuditEventMixin
from fastauth_kit.features.lockout import LoginFailureMixin
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin
from fastauth_kit.features.passwords import PasswordHasher, default_context
from fastauth_kit.features.passwords.passlib_interface import PasswordContext
from fastauth_kit.features.private_registration import PendingRegistrationMixin
from tests.cookie_front import CookieFront
from tests.servers import modes

SECRET = "a secret of the tests, 32 bytes and more of it"
PASSWORD = "correct horse battery"

KeyKind = Literal["int", "uuid"]

SessionStyle = Literal["async", "sync"]
"""What the caller's session dependency yields: an ``AsyncSession`` or a ``Session``."""

SYNC_DRIVERS = {
    "sqlite": "pysqlite",
    "postgresql": "psycopg",
    "mysql": "pymysql",
    "mariadb": "pymysql",
}


class IntBase(DeclarativeBase):
    """Tables with whole-number keys."""


class IntUser(UserMixin[int], IntBase):
    __tablename__ = "int_users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class IntSession(SessionMixin[int], IntBase):
    __tablename__ = "int_sessions"
    __auth_user__ = IntUser


class IntOneTimeToken(OneTimeTokenMixin[int], IntBase):
    __tablename__ = "int_one_time_tokens"
    __auth_user__ = IntUser


class IntLoginFailure(LoginFailureMixin[int], IntBase):
    __tablename__ = "int_login_failures"
    __auth_user__ = IntUser


class IntPendingRegistration(PendingRegistrationMixin, IntBase):
    __tablename__ = "int_pending_registrations"


class IntAuditEvent(AuditEventMixin, IntBase):
    __tablename__ = "int_audit_events"


class IntPost(IntBase):
    """Rows of the caller's that keep their author."""

    __tablename__ = "int_posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("int_users.id"))
    title: Mapped[str] = mapped_column(String(100))


class UuidBase(DeclarativeBase):
    """Tables with UUID keys."""


class UuidUser(UserMixin[UUID], UuidBase):
    __tablename__ = "uuid_people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))


class UuidSession(SessionMixin[UUID], UuidBase):
    __tablename__ = "uuid_sessions"
    __auth_user__ = UuidUser


class UuidOneTimeToken(OneTimeTokenMixin[UUID], UuidBase):
    __tablename__ = "uuid_one_time_tokens"
    __auth_user__ = UuidUser


class UuidLoginFailure(LoginFailureMixin[UUID], UuidBase):
    __tablename__ = "uuid_login_failures"
    __auth_user__ = UuidUser


class UuidPendingRegistration(PendingRegistrationMixin, UuidBase):
    __tablename__ = "uuid_pending_registrations"


class UuidAuditEvent(AuditEventMixin, UuidBase):
    __tablename__ = "uuid_audit_events"


class UuidPost(UuidBase):
    __tablename__ = "uuid_posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("uuid_people.id"))
    title: Mapped[str] = mapped_column(String(100))


MODELS: dict[KeyKind, tuple[Any, Any, Any]] = {
    "int": (IntUser, IntSession, IntPost),
    "uuid": (UuidUser, UuidSession, UuidPost),
}


START = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


class Clock:
    """Time that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        """Move by an amount in the words of ``timedelta``; may be negative."""
        self.now += timedelta(**amount)


def cheap_context() -> PasswordContext:
    """Return the default schemes at the least cost they allow."""
    return default_context(argon2__memory_cost=8, argon2__time_cost=1, bcrypt__rounds=4)


class Source:
    """The session dependency of an app, over one database after the other."""

    make_session: Callable[[], Any]

    async def asynchronous(self) -> AsyncIterator[AsyncSession]:
        """Yield a session, as a caller's ``async def get_db()`` does."""
        async with self.make_session() as session:
            yield session

    def synchronous(self) -> Iterator[Session]:
        """Yield a session, as a caller's ``def get_db()`` does."""
        with self.make_session() as session:
            yield session


@dataclass
class Built:
    """What takes long to build and knows no database yet: the app and its kit."""

    app: FastAPI
    auth: AuthKit[Any]
    clock: Clock
    source: Source

    def __post_init__(self) -> None:
        self._routes = self._fingerprint()

    @property
    def is_untouched(self) -> bool:
        """Whether another test may have it."""
        return self._fingerprint() == self._routes

    def _fingerprint(self) -> tuple[object, ...]:
        app = self.app
        parts = (app.router.routes, app.exception_handlers, app.dependency_overrides)
        return (*map(len, parts), len(app.user_middleware))


@dataclass
class KitApp:
    """One installation: the app, its parts, and a clock.

    ``engine`` and ``sessions`` are for tests that look for themselves. Where
    sessions are asynchronous they are those of the app, too.
    """

    app: FastAPI
    auth: AuthKit[Any]
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    clock: Clock
    user_model: Any
    session_model: Any
    post_model: Any
    app_engine: Engine
    """What the app's own connections come from."""
    style: SessionStyle = "async"
    statements: list[str] = field(default_factory=list[str])
    """Every statement the app sent, as text; clear it before counting."""
    cookie_front: CookieFront | None = None
    """Where clients send cookies instead of bearer tokens; they do not notice."""

    def make_session(self) -> AsyncSession | Session:
        """Return a session as the app's own are."""
        return self.sessions() if self.style == "async" else Session(self.app_engine)

    async def close(self) -> None:
        """End what runs in the background, and every connection."""
        await self.auth.aclose()
        await self.engine.dispose()
        self.app_engine.dispose()

    def client(self, *, ip: str = "203.0.113.7", **options: Any) -> httpx2.AsyncClient:
        """Return a client of the app; an unhandled error fails the test."""
        app: Any = self.app
        if self.cookie_front is not None:
            app = self.cookie_front.before(app, self.auth)
        transport = httpx2.ASGITransport(app, client=(ip, 4711))
        return httpx2.AsyncClient(transport=transport, base_url="https://app.test", **options)

    async def add_user(self, email: str = "ada@example.com", **columns: Any) -> Any:
        """Make an account without HTTP and return its id."""
        password = columns.pop("password", PASSWORD)
        async with self.sessions() as session, self.auth.work_for(session) as work:
            accounts = self.auth.feature(Accounts)
            user = await accounts.create(work, email=email, password=password, **columns)
            return user.id

    async def sign_in(
        self, email: str = "ada@example.com", password: str = PASSWORD
    ) -> dict[str, Any]:
        """Sign in and return the tokens."""
        async with self.client() as client:
            answer = await client.post(
                "/api/auth/login", json={"email": email, "password": password}
            )
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """Return the header that presents an access token."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def build_app(
    url: str,
    *,
    key: KeyKind = "int",
    style: SessionStyle = "async",
    engine_options: dict[str, Any] | None = None,
    mode: modes.Mode | None = None,
    built: Built | None = None,
    **options: Any,
) -> KitApp:
    """Build an installation on a database whose tables exist.

    Args:
        built: Of ``build``, with the same key and style.
        options: Of ``build``.
    """
    user_model, session_model, post_model = MODELS[key]
    engine = create_async_engine(url, **modes.engine_options(url, engine_options, mode=mode))
    sessions = async_sessionmaker(engine)
    app_engine = engine.sync_engine
    if style == "sync":
        app_engine = make_sync_engine(url, engine_options, mode=mode)
    built = built or build(key=key, style=style, **options)
    built.source.make_session = sessions if style == "async" else sessionmaker(app_engine)
    kit_app = KitApp(
        built.app,
        built.auth,
        engine,
        sessions,
        built.clock,
        user_model,
        session_model,
        post_model,
        app_engine,
        style,
    )
    _listen(kit_app)
    return kit_app


def build(
    *,
    key: KeyKind = "int",
    style: SessionStyle = "async",
    accounts: Accounts | None = None,
    more_features: Sequence[Feature] = (),
    sessions_options: dict[str, Any] | None = None,
    settings: AuthSettings | None = None,
    configure: Callable[[FastAPI, AuthKit[Any]], None] | None = None,
    **kit_options: Any,
) -> Built:
    """Build an app with its kit, on no database yet."""
    user_model, session_model, _ = MODELS[key]
    clock, source = Clock(), Source()
    auth: AuthKit[Any] = AuthKit(
        user_model=user_model,
        get_session=source.asynchronous if style == "async" else source.synchronous,
        settings=settings or AuthSettings(secret_key=SECRET),
        features=(
            accounts or Accounts(),
            Passwords(hasher=PasswordHasher(context=cheap_context())),
            Sessions(model=session_model, **(sessions_options or {})),
            *more_features,
        ),
        clock=clock,
        **kit_options,
    )
    app = FastAPI()
    app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
    app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
    if configure is not None:
        configure(app, auth)
    return Built(app, auth, clock, source)


def make_sync_engine(
    url: str, options: dict[str, Any] | None = None, *, mode: modes.Mode | None = None
) -> Engine:
    """Return an engine for ``Session``; a statement on the event loop's thread fails."""
    backend = make_url(url).get_backend_name()
    address = make_url(url).set(drivername=f"{backend}+{SYNC_DRIVERS[backend]}")
    text = address.render_as_string(hide_password=False)
    engine = create_engine(address, **modes.engine_options(text, options, mode=mode))

    @event.listens_for(engine, "before_cursor_execute")
    def look_where(*_: Any) -> None:
        assert threading.current_thread() is not threading.main_thread(), "blocks the event loop"

    return engine


def _listen(built: KitApp) -> None:
    @event.listens_for(built.app_engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        built.statements.append(arguments[2])


async def create_tables(engine: AsyncEngine) -> None:
    """Create what is missing of every table."""
    async with engine.begin() as connection:
        for base in (IntBase, UuidBase):
            await connection.run_sync(base.metadata.create_all)


async def empty_tables(engine: AsyncEngine) -> None:
    """Delete every row."""
    async with engine.begin() as connection:
        for base in (IntBase, UuidBase):
            for table in reversed(base.metadata.sorted_tables):
                await connection.execute(delete(table))
