"""Runs an operation in a session of the app's own, as a request would get it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from fastapi import FastAPI
from fastapi.requests import Request
from starlette.types import Message

from fastauth_kit.core.database import Database
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.kit import AuthKit

ResultT = TypeVar("ResultT")

_ERRAND = "fastauth_kit.testing.errand"


@dataclass(slots=True)
class _Errand(Generic[ResultT]):
    """One operation on its way into a session, and what came of it."""

    operation: Callable[[Database], Awaitable[ResultT]]
    results: list[ResultT] = field(default_factory=list[Any])
    error: Exception | None = None

    async def run(self, session: Any) -> None:
        try:
            self.results.append(await self.operation(Database(session)))
        except Exception as error:  # noqa: BLE001  # a dependency must not turn it into an answer
            self.error = error


class CallersSession:
    """Sessions from ``get_session``, by FastAPI's own way of solving dependencies.

    So it may depend on something, and ``app.dependency_overrides`` count.
    Middleware is not run.

    Args:
        app_state: What a lifespan yielded, for ``request.state``.
    """

    def __init__(
        self, auth: AuthKit[Any], app: FastAPI, app_state: dict[str, Any] | None = None
    ) -> None:
        inner = FastAPI(openapi_url=None)
        inner.dependency_overrides = app.dependency_overrides
        inner.state = app.state
        self._inner = inner
        self._app_state = app_state or {}

        async def run_errand(
            request: Request, session: Annotated[Any, auth.session_dependency]
        ) -> None:
            await request.scope[_ERRAND].run(session)

        inner.add_api_route("/", run_errand)

    async def run(self, operation: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
        """Return what an operation returns; the session ends with it.

        Raises:
            ConfigurationError: ``get_session`` answered the request itself.
        """
        errand: _Errand[ResultT] = _Errand(operation)
        status = await self._ask(errand)
        if errand.error is not None:
            raise errand.error
        if not errand.results:
            raise ConfigurationError(
                f"get_session yielded no session outside of a request: it answered {status}"
            )
        return errand.results[0]

    async def _ask(self, errand: _Errand[Any]) -> int:
        statuses: list[int] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {**_SCOPE, "state": dict(self._app_state), _ERRAND: errand}
        await self._inner(scope, receive, send)
        return statuses[0]


_SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "https",
    "path": "/",
    "raw_path": b"/",
    "root_path": "",
    "query_string": b"",
    "headers": [(b"host", b"testserver")],
    "client": ("testclient", 50000),
    "server": ("testserver", 443),
}
