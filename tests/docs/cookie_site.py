"""The program of the page on cookies, with a page of its own and a socket, for a browser."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import FileResponse, HTMLResponse, Response
from sqlalchemy.ext.asyncio import create_async_engine

from tests.docs.programs import EXAMPLES, load

PAGE = """<!doctype html><title>own</title><script type="module">
import * as client from "/cookies.js"; window.client = client; document.title = "ready";
</script>"""

program = load("cookies.py")
engine = create_async_engine(os.environ["SITE_DATABASE"])
program.maker.configure(bind=engine)
seen: list[dict[str, Any]] = []
"""What was asked for under /api, with or without the access or refresh cookie."""


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the tables."""
    async with engine.begin() as connection:
        await connection.run_sync(program.Base.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def note(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Remember what came."""
    answer = await call_next(request)
    if request.url.path.startswith("/api"):
        cookie = request.headers.get("cookie", "")
        sent = "__Host-access" in cookie or "__Secure-refresh" in cookie
        found = f"{request.method} {request.url.path.removeprefix('/api')}"
        seen.append({"asked": found, "cookie": sent, "status": answer.status_code})
    return answer


@app.get("/")
async def page() -> HTMLResponse:
    """A page that may use the cookies."""
    return HTMLResponse(PAGE)


@app.get("/cookies.js")
async def script() -> FileResponse:
    """The very file of the documentation."""
    return FileResponse(EXAMPLES / "cookies.js", media_type="text/javascript")


@app.get("/seen")
async def show() -> list[dict[str, Any]]:
    """What came since the last time."""
    found = list(seen)
    seen.clear()
    return found


@app.websocket("/socket")
async def socket(
    websocket: WebSocket, who: Annotated[Any, Depends(program.auth.websocket_user)]
) -> None:
    """Say who it is."""
    await websocket.accept()
    await websocket.send_text(who.user.email)
    await websocket.close()


app.mount("/", program.app)
