"""Users and signed-in clients for tests that await."""

from collections.abc import Sequence
from typing import Any, Generic

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from fastauth_kit.core.assembly import UserT
from fastauth_kit.core.database import Database
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.surfaces.testing.callers_session import CallersSession
from fastauth_kit.surfaces.testing.credentials import BASE_URL, Transport, credentials, httpx2
from fastauth_kit.surfaces.testing.guard import refuse_outside_tests
from fastauth_kit.surfaces.testing.users import made_user, sign_in_as


class AuthAsyncClient(httpx2.AsyncClient):
    """An asynchronous client that calls the app itself, without a server.

    It does not start the app's lifespan, as no ``ASGITransport`` does.
    """

    tokens: IssuedSession | None = None
    """``None`` for a client that is signed in as nobody."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(transport=httpx2.ASGITransport(app), base_url=BASE_URL)
        self.app = app


class AsyncAuthClients(Generic[UserT]):
    """Makes clients; the fixture ``async_auth_client``.

    Raises:
        ConfigurationError: No test is running.
    """

    def __init__(self, auth: AuthKit[UserT], app: FastAPI) -> None:
        refuse_outside_tests("AsyncAuthClients(auth, app)")
        self._auth = auth
        self._app = app

    async def __call__(
        self,
        user: UserT | None = None,
        *,
        transport: Transport = "bearer",
        methods: Sequence[str] = ("pwd",),
    ) -> AuthAsyncClient:
        """Return a client with a session of its own.

        Args:
            user: Who is signed in; nobody without one.
            transport: ``cookie`` sends cookies and ``X-CSRF-Token``, as a page does.
            methods: How they proved who they are (RFC 8176 names), all just now.

        Raises:
            InactiveUser: Their account is deactivated: sign in first, then
                deactivate.
            AuthError: A ``LoginCondition`` refuses.
            ConfigurationError: The app has no ``Cookies``, or no such user.
        """
        client = AuthAsyncClient(self._app)
        if user is not None:
            sessions = CallersSession(self._auth, self._app)
            issued = await sessions.run(sign_in_as(self._auth, user, methods))
            credentials(self._auth, issued, transport)(client)
            client.tokens = issued
        return client


class AsyncMakeUser(Generic[UserT]):
    """Makes accounts; the fixture ``async_make_user``.

    Raises:
        ConfigurationError: No test is running.
    """

    def __init__(self, auth: AuthKit[UserT], app: FastAPI) -> None:
        refuse_outside_tests("AsyncMakeUser(auth, app)")
        self._auth = auth
        self._app = app

    async def __call__(
        self, *, session: AsyncSession | Session | None = None, **columns: Any
    ) -> UserT:
        """Insert an account and return it, with every column loaded.

        Args:
            session: A session of the test's; the user stays in it. Without one
                it is made in a session of the app's, and belongs to none after.
            columns: Such as ``is_superuser=True``, ``is_verified=True``,
                ``is_active=False`` or your own. ``email`` is new each time,
                ``password`` is ``PASSWORD``.

        Raises:
            EmailTaken: The address has an account already.
            InvalidInput: Not an address, or the policy refuses the password.
        """
        if session is not None:
            return await made_user(self._auth, Database(session), columns, detach=False)
        sessions = CallersSession(self._auth, self._app)
        return await sessions.run(
            lambda database: made_user(self._auth, database, columns, detach=True)
        )
