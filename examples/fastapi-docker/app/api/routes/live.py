"""Live messages: whoever is signed in hears what others say."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, WebSocket

from app.auth import auth
from app.models import User
from app.services.live import broadcaster
from app.services.live.server_log import shorten_server_log
from app.services.live.socket import serve
from fastauth_kit import WebSocketUser

SocketUser = Annotated[WebSocketUser[User], Depends(auth.websocket_user)]


@asynccontextmanager
async def lifespan(_: Any) -> AsyncGenerator[None]:
    """Reach other workers for as long as the app runs."""
    shorten_server_log()
    async with broadcaster.running():
        yield


router = APIRouter(lifespan=lifespan)


@router.websocket("/ws")
async def live(websocket: WebSocket, opened_by: SocketUser) -> None:
    """Send what somebody says to everybody.

    The token comes in the Authorization header, or from a browser:
    ``new WebSocket(url, ["fastauth-kit.bearer", token])``. Never in the URL.
    """
    await serve(websocket, opened_by)
