"""A time limit for a whole request, for drivers that have none for a statement."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastauth_kit.core.errors import DatabaseUnavailable
from fastauth_kit.core.problems import ErrorShape


class TimeLimit:
    """Middleware: answers 503 when a request took too long; what it waited for is cut off."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds if scope["type"] == "http" else None):
                await self._app(scope, receive, note)
        except TimeoutError:
            if not begun:
                await ErrorShape().respond(DatabaseUnavailable())(scope, receive, send)
