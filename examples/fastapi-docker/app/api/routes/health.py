"""Whether the process lives, and whether it can work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response
from sqlalchemy import text

from app.database import engine
from app.redis import get_redis

logger = logging.getLogger("app")
router = APIRouter()

SECONDS = 2.0
"""After so long a service counts as gone."""


@router.get("/health")
async def health_check() -> dict[str, str]:
    """Say that the process answers. An orchestrator restarts it when it does not."""
    return {"status": "healthy"}


@router.get("/ready")
async def readiness_check(response: Response) -> dict[str, str]:
    """Say whether the services behind it answer. A load balancer waits until they do."""
    states = {"database": await _state_of("database", _ask_database)}
    redis = get_redis()
    if redis is not None:
        states["redis"] = await _state_of("redis", redis.ping)
    if "unavailable" in states.values():
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return states


async def _ask_database() -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def _state_of(name: str, ask: Callable[[], Awaitable[object]]) -> str:
    try:
        async with asyncio.timeout(SECONDS):
            await ask()
    except Exception as error:  # noqa: BLE001  # whatever its driver raises
        # the class alone: the text may hold the address and the password of the service
        logger.warning("%s is unavailable: %s", name, type(error).__name__)
        return "unavailable"
    return "ok"
