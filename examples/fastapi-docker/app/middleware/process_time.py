"""How long an answer took."""

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ProcessTime:
    """Says in ``X-Process-Time`` how many seconds passed until the answer began."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_with_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                taken = time.perf_counter() - began
                MutableHeaders(scope=message)["X-Process-Time"] = f"{taken:.6f}"
            await send(message)

        await self.app(scope, receive, send_with_time)
