"""``AuthKit``: the caller's parts, bound once, and the dependencies they use."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import APIRouter
from fastapi.params import Depends
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.assembly import Assembly, UserT
from fastauth_kit.core.authentication import (
    Access,
    Authenticated,
    Authentication,
    ClaimsAccess,
    OptionalAccess,
)
from fastauth_kit.core.blocking import Waiter
from fastauth_kit.core.database import Database, opened
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.event_log import EventLog
from fastauth_kit.core.feature import Hook
from fastauth_kit.core.hooks import CurrentSession, SessionIssuer
from fastauth_kit.core.http import AuthRoute, run_with_retries
from fastauth_kit.core.problems import ErrorShape
from fastauth_kit.core.requirement import Requirement
from fastauth_kit.core.routing import AuthRouter
from fastauth_kit.core.session_source import check_session_source
from fastauth_kit.core.transport import SessionTransport
from fastauth_kit.core.websockets import WebSocketUserDependency, build_websocket_user
from fastauth_kit.core.work import Work

ResultT = TypeVar("ResultT")

SessionScope = Literal["function", "request"]


@dataclass(frozen=True, kw_only=True, eq=False)
class AuthKit(Assembly[UserT], Generic[UserT]):
    """One installation of the kit in a caller's app.

    Args:
        get_session: The caller's dependency; yields an ``AsyncSession`` or a
            ``Session``.
        session_scope: The ``scope`` with which the caller writes
            ``Depends(get_session, scope=...)``. FastAPI shares a dependency by
            callable and scope, so only with the same one are the user and the
            caller's own rows in the same session.
        error_response: How refusals look on the kit's routes.

    Raises:
        ConfigurationError: The parts do not fit together; the sentence says
            what to do.
    """

    get_session: Callable[..., Any]
    session_scope: SessionScope | None = None
    error_response: ErrorShape = ErrorShape()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_session_source(self.get_session)
        issuers = self.taking_part(SessionIssuer)
        if len(issuers) != 1:
            raise ConfigurationError(
                f"exactly one feature must issue sessions, {len(issuers)} do; "
                "add Sessions(model=...) to AuthKit(features=...)"
            )
        if len(self.taking_part(SessionTransport)) > 1:
            raise ConfigurationError("one part at most may be a SessionTransport")
        self.keys  # noqa: B018  # deriving them now lets a bad key fail at start

    @property
    def own_parts(self) -> tuple[Hook, ...]:
        """The log of events."""
        return (EventLog(),)

    @cached_property
    def session_dependency(self) -> Depends:
        """``Depends`` on the caller's session, as the caller writes it."""
        return Depends(self.get_session, scope=self.session_scope)

    @cached_property
    def authentication(self) -> Authentication[UserT]:
        """What the dependencies below share."""
        return Authentication(self, self.user_load_options)

    @cached_property
    def unconditional_authentication(self) -> Authentication[UserT]:
        """The same, where a user may be whom a ``RequestCondition`` refuses elsewhere."""
        return Authentication(self, (), conditional=False)

    @cached_property
    def current_user(self) -> Callable[..., Coroutine[Any, Any, UserT]]:
        """The signed-in user, active, with a session in force."""
        return self.require_user()

    @cached_property
    def current_superuser(self) -> Callable[..., Coroutine[Any, Any, UserT]]:
        """The signed-in user, who must be a superuser."""
        return self.require_user(superuser=True)

    @cached_property
    def current_verified_user(self) -> Callable[..., Coroutine[Any, Any, UserT]]:
        """The signed-in user, whose address must be verified."""
        return self.require_user(verified=True)

    @cached_property
    def optional_user(self) -> Callable[..., Coroutine[Any, Any, UserT | None]]:
        """The signed-in user, or ``None`` without a credential."""
        return OptionalAccess(
            self.authentication, self, self.session_dependency, lambda who: who.user
        )

    @cached_property
    def current_session(self) -> Callable[..., Coroutine[Any, Any, CurrentSession]]:
        """The session behind the request."""
        return Access(self.authentication, self, self.session_dependency, lambda who: who.session)

    @cached_property
    def authenticated(self) -> Callable[..., Coroutine[Any, Any, Authenticated[UserT]]]:
        """The user and their session, together."""
        return Access(self.authentication, self, self.session_dependency, lambda who: who)

    @cached_property
    def claims(self) -> ClaimsAccess:
        """What the access token says, without asking the database.

        Cheaper, and blind: logout, revocation, deactivation and demotion count
        only once the token has expired.
        """
        return ClaimsAccess(self.authentication, self)

    @cached_property
    def websocket_user(self) -> WebSocketUserDependency[UserT]:
        """Who opened a WebSocket; holds no connection of the pool."""
        return build_websocket_user(self.authentication, self.session_dependency)

    def require_user(
        self,
        *,
        verified: bool = False,
        superuser: bool = False,
        max_age: timedelta | None = None,
        methods: Sequence[str] = (),
        load_options: Sequence[ORMOption] | None = None,
    ) -> Callable[..., Coroutine[Any, Any, UserT]]:
        """Build a stricter ``current_user``.

        Args:
            verified: The address must be verified.
            superuser: Superusers only.
            max_age: They proved who they are no longer ago than this; else 401
                ``recent_login_required`` (RFC 9470).
            methods: The session used one of these methods (RFC 8176 names);
                else 401 ``stronger_login_required``. With ``max_age``, one of
                them was used within it.
            load_options: Loader options instead of ``user_load_options``.

        Raises:
            ConfigurationError: ``max_age`` is less than a second, or
                ``methods`` are no list of names.
        """
        requirement = Requirement(
            verified=verified,
            superuser=superuser,
            max_age=max_age,
            methods=methods,
        )
        authentication = self.authentication
        if load_options is not None:
            authentication = Authentication(self, load_options)
        return Access(
            authentication,
            self,
            self.session_dependency,
            lambda who: who.user,
            requirement=requirement,
        )

    @cached_property
    def work(self) -> Callable[..., Coroutine[Any, Any, Work]]:
        """The unit of work of a route of the kit's."""

        async def open_work(session: Annotated[Any, self.session_dependency]) -> Work:
            return Work(self, Database(session), may_join=False)

        return open_work

    def work_for(self, session: AsyncSession | Session) -> Work:
        """Return the unit of work over a session of the caller's.

        For scripts, jobs, tests and the caller's own routes. Within their own
        ``session.begin()`` it joins: they commit. Code that cannot await uses
        ``with``, a ``Session``, and ``work.wait(operation)``.
        """
        return Work(self, Database(session))

    async def run(
        self,
        make_session: Callable[[], AsyncSession | Session],
        operation: Callable[[Work], Awaitable[ResultT]],
    ) -> ResultT:
        """Run an operation in a session and a transaction of its own.

        For scripts, jobs and start-up code. As on the kit's routes, it runs
        again when the database asks for it (a deadlock, a serialization
        failure), so it must bear that.

        Args:
            make_session: Such as the caller's ``async_sessionmaker``.

        Raises:
            DatabaseUnavailable: The database is away, or kept refusing.
        """
        return await self._run(make_session, operation)

    def run_sync(
        self,
        make_session: Callable[[], Session],
        operation: Callable[[Work], Awaitable[ResultT]],
    ) -> ResultT:
        """Do the same for code that cannot await, and wait for it.

        In a script it returns once what runs after the commit is done too.

        Args:
            make_session: Such as the caller's ``sessionmaker``.

        Raises:
            ConfigurationError: This thread can await; use ``run``.
            DatabaseUnavailable: The database is away, or kept refusing.
        """
        waiter = Waiter()
        running = self._run(make_session, operation, in_place=waiter.is_alone)
        return waiter.finish(running, self.after_commit)

    async def _run(
        self,
        make_session: Callable[[], AsyncSession | Session],
        operation: Callable[[Work], Awaitable[ResultT]],
        *,
        in_place: bool = False,
    ) -> ResultT:
        async def attempt() -> ResultT:
            async with opened(make_session()) as database:
                database.in_place = in_place
                async with Work(self, database) as work:
                    return await operation(work)

        return await run_with_retries(attempt)

    async def find_user(self, work: Work, email: str) -> UserT | None:
        """Return the user with this address, however it is spelled."""
        statement = select(self.user_model).where(self.user_model.email == lookup_form(email))
        user: UserT | None = await work.scalar(statement.options(*self.user_load_options))
        return user

    def router(self) -> APIRouter:
        """Return an empty router whose routes behave as the kit's do."""
        attributes = {
            "shape": self.error_response,
            "max_body_bytes": self.settings.max_body_bytes,
            "auth": self,
        }
        route_class = type("AuthRoute", (AuthRoute,), attributes)
        return AuthRouter(route_class=route_class, lifespan=self._lifespan)

    async def aclose(self) -> None:
        """Finish what runs in the background. Routers do so at shutdown."""
        await self.after_commit.drain()
        for feature in self.features:
            await feature.aclose()

    @asynccontextmanager
    async def _lifespan(self, app: Any) -> AsyncGenerator[None]:
        yield
        await self.aclose()
