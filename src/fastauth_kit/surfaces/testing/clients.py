"""Users and signed-in clients for tests that cannot await."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Any, Generic, Self, TypeVar

from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from fastauth_kit.core.assembly import UserT
from fastauth_kit.core.database import Database
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.surfaces.testing.callers_session import CallersSession
from fastauth_kit.surfaces.testing.credentials import BASE_URL, Transport, credentials
from fastauth_kit.surfaces.testing.guard import refuse_outside_tests
from fastauth_kit.surfaces.testing.users import create_user, loaded, made_user, sign_in_as

ResultT = TypeVar("ResultT")


class AuthTestClient(TestClient):
    """A ``TestClient`` that knows the tokens it was signed in with."""

    tokens: IssuedSession | None = None
    """``None`` for a client that is signed in as nobody."""


class RunningApp(Generic[UserT]):
    """An app between its start and its shutdown, for tests that cannot await.

    Every client of it shares one event loop, and so do ``make_user`` and the
    app: connections belong to the loop that opened them.

    Raises:
        ConfigurationError: No test is running.
    """

    def __init__(self, auth: AuthKit[UserT], app: FastAPI) -> None:
        refuse_outside_tests("RunningApp(auth, app)")
        self.auth = auth
        self.app = app
        self.auth_client: AuthClients[UserT] = AuthClients(self)
        self.make_user: MakeUser[UserT] = MakeUser(self)
        self._first = TestClient(app, base_url=BASE_URL)
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        self._undo.enter_context(self._first)
        self._sessions = CallersSession(self.auth, self.app, self._first.app_state)
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def run(self, operation: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
        """Run an operation in a session of the app's, on the app's loop."""
        portal = self._first.portal
        assert portal is not None  # noqa: S101  # it is there from __enter__ on; for the types
        return portal.call(self._sessions.run, operation)

    def new_client(self) -> AuthTestClient:
        """Return another client, signed in as nobody."""
        client = AuthTestClient(self.app, base_url=BASE_URL)
        client.portal = self._first.portal
        client.app_state.update(self._first.app_state)
        return client


class AuthClients(Generic[UserT]):
    """Makes clients; the fixture ``auth_client``."""

    def __init__(self, running: RunningApp[UserT]) -> None:
        self._running = running

    def __call__(
        self,
        user: UserT | None = None,
        *,
        transport: Transport = "bearer",
        methods: Sequence[str] = ("pwd",),
    ) -> AuthTestClient:
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
        client = self._running.new_client()
        if user is not None:
            auth = self._running.auth
            issued = self._running.run(sign_in_as(auth, user, methods))
            credentials(auth, issued, transport)(client)
            client.tokens = issued
        return client


class MakeUser(Generic[UserT]):
    """Makes accounts; the fixture ``make_user``."""

    def __init__(self, running: RunningApp[UserT]) -> None:
        self._running = running

    def __call__(self, *, session: Session | None = None, **columns: Any) -> UserT:
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
        auth = self._running.auth
        if session is None:
            return self._running.run(
                lambda database: made_user(auth, database, columns, detach=True)
            )
        with auth.work_for(session) as work:
            user_id = work.wait(create_user(auth, work, columns))
        return loaded(auth, session, user_id, detach=False)
