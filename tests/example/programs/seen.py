"""The example app, with two routes that tell what a request looks like to it."""

from app.main import app
from fastapi import Request, WebSocket


@app.get("/seen")
async def seen(request: Request) -> dict[str, str | None]:
    """Return whom the app takes the client for."""
    client = request.client
    return {
        "client": client.host if client else None,
        "url": str(request.url),
        "request_id": request.headers.get("x-request-id"),
    }


@app.websocket("/seen")
async def seen_by_socket(websocket: WebSocket) -> None:
    """Send the same, then repeat what comes."""
    await websocket.accept()
    client = websocket.client
    await websocket.send_json(
        {"client": client.host if client else None, "url": str(websocket.url)}
    )
    async for text in websocket.iter_text():
        await websocket.send_text(text)
