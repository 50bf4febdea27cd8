"""What nobody foresaw."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import SHAPE

logger = logging.getLogger("app")


class ServerErrors:
    """Answers 500 without a word about the inside; the log has the traceback.

    Starlette would do that outside of all other middleware, so that the answer
    would lack the request id, and the headers without which browsers show
    nothing of it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception:
            if begun:  # too late for another answer: the server cuts this one off
                raise
            logger.exception("%s %r failed", scope["method"], scope["path"])
            detail = "Something went wrong here. It was noted."
            await SHAPE.response(500, "internal_server_error", detail)(scope, receive, send)
