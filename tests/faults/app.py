"""The app that is killed, cut off and starved: a caller's, with a route of its own."""

import itertools
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Response
from sqlalchemy import event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    get_auth_router,
    get_users_router,
    install_errors,
)
from fastauth_kit.core import http
from fastauth_kit.core.models import utc_now
from fastauth_kit.features.passwords import PasswordHasher
from tests.docs.programs import load
from tests.kit_app import SECRET, IntSession, IntUser, cheap_context

TimeLimit = load("outages.py").TimeLimit

GRACE = timedelta(minutes=1)
"""Longer than any outage of these tests, as an operator would choose it."""


Moment = Literal["before commit", "after commit"]

RECORD = "\x1e"
"""Begins a record of the log; ASCII's own separator of records."""


class FaultyApp(FastAPI):
    """An app, and its parts that a test may want."""

    auth: AuthKit[IntUser]
    engine: AsyncEngine
    retries: int = 0
    """How often a request was tried again without its caller's knowing."""


def build(
    url: str,
    *,
    engine_options: dict[str, Any] | None = None,
    limit_seconds: float | None = None,
    clock: Callable[[], datetime] = utc_now,
    **lifetimes: timedelta,
) -> FaultyApp:
    """Build the app on a database whose tables exist.

    Args:
        limit_seconds: How long a request may take, for drivers without a limit of
            their own.
    """
    engine = make_engine(url, **(engine_options or {}))
    make_session = async_sessionmaker(engine)

    async def get_session() -> AsyncIterator[Any]:
        session = make_session()
        try:
            yield session
        finally:
            # the connection may have died since the last statement; raised here, after
            # the answer, it would end the client's connection under its next request
            with suppress(DBAPIError, OSError):
                await session.close()

    auth: AuthKit[IntUser] = AuthKit(
        user_model=IntUser,
        get_session=get_session,
        settings=AuthSettings(secret_key=SECRET),
        features=(
            Accounts(),
            Passwords(hasher=PasswordHasher(context=cheap_context())),
            Sessions(model=IntSession, **{"refresh_grace": GRACE, **lifetimes}),
        ),
        clock=clock,
    )
    app = FaultyApp()
    app.auth, app.engine = auth, engine
    app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
    app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])
    install_errors(app)
    if limit_seconds is not None:
        app.add_middleware(TimeLimit, seconds=limit_seconds)

    @app.get("/own")
    async def own(user: Annotated[IntUser, Depends(auth.current_user)]) -> str:
        return user.email

    @app.get("/retries", include_in_schema=False)
    async def retries() -> Response:
        return Response(str(app.retries), media_type="text/plain")

    @app.post("/die", include_in_schema=False)
    async def die(moment: Moment, commits: int) -> None:
        """Kill this process before or after its n-th commit from now on."""
        _die(engine, moment, commits)

    _count_retries(app)
    return app


def make_engine(url: str, **options: Any) -> AsyncEngine:
    """Make an engine with a small pool and timeouts, as docs/reliability.md has them."""
    kind = make_url(url).get_backend_name()
    if kind == "sqlite":
        engine = create_async_engine(url, **options)
        _set_up_sqlite(engine)
        return engine
    return create_async_engine(
        url, **{"pool_size": 8, "max_overflow": 4, "pool_timeout": 3, **options}
    )


def _set_up_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.close()


def _count_retries(app: FaultyApp) -> None:
    """Count in the one place where a retry waits."""
    wait = http._backoff_seconds

    def counted(attempt: int) -> float:
        app.retries += 1
        return wait(attempt)

    http._backoff_seconds = counted


def _die(engine: AsyncEngine, moment: Moment, number: int) -> None:
    """End the process at the one moment or the other of its n-th commit."""
    commits = itertools.count(1)

    def die(_: Any) -> None:
        if next(commits) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    if moment == "before commit":
        event.listen(engine.sync_engine, "commit", die)
    else:
        # the server has answered; our client is about to be
        event.listen(Session, "after_commit", die)


def log_to_stderr() -> None:
    """Let every library say what it has to say, each record after a mark."""
    logging.basicConfig(level=logging.WARNING, format=f"{RECORD}%(name)s: %(message)s")
    logging.captureWarnings(capture=True)
    sys.unraisablehook = lambda fault: logging.getLogger("unraisable").error(
        "%s", fault.err_msg, exc_info=fault.exc_value
    )
