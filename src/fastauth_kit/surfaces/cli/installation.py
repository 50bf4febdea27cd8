"""The caller's installation, outside of any request: units of work over their ``get_session``.

Their dependency may be of any kind that FastAPI takes, with dependencies of its own.
So FastAPI solves it: in an app of one route that nobody serves and that is called here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

import typer
from fastapi import FastAPI, Request
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import Message

from fastauth_kit.core.current_request import during
from fastauth_kit.core.database import is_unavailable
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.http import run_with_retries
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.work import Work
from fastauth_kit.surfaces.cli.target import find_auth

ResultT = TypeVar("ResultT")
Operation = Callable[[Work], Awaitable[ResultT]]

AGENT = "fastauth-kit (command line)"
"""What events say they came from."""

_CALL = "fastauth_kit.call"


class _Call(Generic[ResultT]):
    """One operation in one session."""

    def __init__(self, operation: Operation[ResultT]) -> None:
        self._operation = operation
        self.session_opened = False
        self.results: list[ResultT] = []
        self.failure: Exception | None = None
        self.engine: Engine | None = None

    async def answer(self, auth: AuthKit[Any], session: Any) -> None:
        self.session_opened = True
        try:
            async with auth.work_for(session) as work:
                self.engine = work.engine
                self.results = [await self._operation(work)]
        except Exception as failure:
            # seen by the caller's dependency as in a route; FastAPI would make answers of some
            self.failure = failure
            raise


class Installation:
    """Runs operations over the caller's own sessions.

    Args:
        auth: The caller's.
    """

    def __init__(self, auth: AuthKit[Any]) -> None:
        self.auth = auth
        self._app = _app_of_one_route(auth)
        self._engines: set[Engine] = set()

    async def run(self, operation: Operation[ResultT]) -> ResultT:
        """Run an operation in a transaction of its own, again if the database asks for it.

        Raises:
            DatabaseUnavailable: The database is away, or kept refusing.
            ConfigurationError: ``get_session`` works within requests alone.
        """
        return await run_with_retries(lambda: self._attempt(operation))

    async def aclose(self) -> None:
        """Wait for what runs after the commits, and close what was opened."""
        await self.auth.aclose()
        for engine in self._engines:
            if engine.dialect.is_async:
                await AsyncEngine(engine).dispose()
            else:
                engine.dispose()

    async def _attempt(self, operation: Operation[ResultT]) -> ResultT:
        call = _Call(operation)
        try:
            await self._app({**_SCOPE, _CALL: call}, _receive, _ignore)
        except Exception as error:
            if call.session_opened or is_unavailable(error):
                raise
            raise ConfigurationError(_not_outside(type(error).__name__)) from error
        finally:
            if call.engine is not None:
                self._engines.add(call.engine)
        if call.failure is not None:
            raise call.failure
        if not call.session_opened:
            raise ConfigurationError(_not_outside("it was refused"))
        return call.results[0]


_SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "root_path": "",
    "query_string": b"",
    "headers": [(b"user-agent", AGENT.encode())],
    "client": None,
    "server": None,
}


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(message: Message) -> None:
    """Nobody reads the answer."""


def _app_of_one_route(auth: AuthKit[Any]) -> FastAPI:
    app = FastAPI(openapi_url=None)

    async def hold(request: Request, session: Annotated[Any, auth.session_dependency]) -> None:
        with during(request):
            await request.scope[_CALL].answer(auth, session)

    app.get("/")(hold)
    return app


def _not_outside(what: str) -> str:
    return (
        f"get_session gave no session outside a request ({what}): whatever it depends on must "
        "work without headers, without app.state and without the lifespan of your app; "
        "or name an AuthKit for scripts with another get_session in --app"
    )


def operate(context: typer.Context, use: Callable[[Installation], Awaitable[ResultT]]) -> ResultT:
    """Find the installation that ``--app`` names, use it and close it."""
    auth = find_auth(context.obj)

    async def used() -> ResultT:
        installation = Installation(auth)
        try:
            return await use(installation)
        finally:
            await installation.aclose()

    return asyncio.run(used())


def run_operation(context: typer.Context, operation: Operation[ResultT]) -> ResultT:
    """Run one operation of the installation that ``--app`` names."""
    return operate(context, lambda installation: installation.run(operation))
