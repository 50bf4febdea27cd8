"""How much a request may send."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastauth_kit.core.errors import BodyTooLarge


class BodyLimit:
    """Answers 413 as soon as a body is longer, whatever its Content-Length says.

    ``FastAPI(max_body_size=...)`` does as much, but answers in plain text, also
    where the kit's routes would have said it in the shape of every other error.

    Args:
        most: Bytes of the longest body.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        left = self.most

        async def receive_bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise BodyTooLarge
            return message

        await self.app(scope, receive_bounded, send)
