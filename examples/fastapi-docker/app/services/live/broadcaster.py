"""From worker to worker, through Redis."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from app.services.live.connections import ConnectionManager

logger = logging.getLogger("app.live")

WAITING: Final = 1000
"""Messages that may wait for Redis."""

PUBLISH_SECONDS: Final = 2.0
"""After so long Redis counts as gone."""

HEARTBEAT_SECONDS: Final = 3.0
"""How long the subscription may be silent before Redis is asked whether it lives."""

PAUSE_SECONDS: Final = 1.0
"""Between one attempt to reach Redis and the next."""


class Broadcaster:
    """Sends to this worker's sockets at once, and through Redis to those of the others.

    A message is delivered at most once. While Redis is away it reaches the
    sockets of this worker only; what must reach everybody belongs into the
    database.
    """

    def __init__(self, connections: ConnectionManager, redis: Redis | None, channel: str) -> None:
        self._connections = connections
        self._redis = redis
        self._channel = channel
        # to know our own messages when they come back
        self._name = secrets.token_hex(8)
        self._waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)

    # --8<-- [start:publish]
    def publish(self, message: str) -> None:
        """Send to everybody. Never waits, least of all for Redis."""
        self._connections.broadcast(message)
        if self._redis is None:
            return
        try:
            self._waiting.put_nowait(f"{self._name} {message}")
        except asyncio.QueueFull:
            logger.warning("Redis is too slow: a message stays on this worker")

    # --8<-- [end:publish]
    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep both directions open for as long as the app runs."""
        if self._redis is None:
            yield
            return
        directions = (self._publish_to(self._redis), self._subscribe_to(self._redis))
        tasks = [asyncio.create_task(_for_ever(direction)) for direction in directions]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _publish_to(self, redis: Redis) -> Callable[[], Awaitable[None]]:
        async def publish() -> None:
            while True:
                message = await self._waiting.get()
                try:
                    async with asyncio.timeout(PUBLISH_SECONDS):
                        await redis.publish(self._channel, message)
                except BaseException:
                    # what is old news by the time Redis is back
                    self._forget_waiting()
                    raise

        return publish

    def _subscribe_to(self, redis: Redis) -> Callable[[], Awaitable[None]]:
        async def subscribe() -> None:
            async with redis.pubsub() as subscription:
                await subscription.subscribe(self._channel)
                while True:
                    await self._receive(subscription)

        return subscribe

    async def _receive(self, subscription: PubSub) -> None:
        message: Any = await subscription.get_message(timeout=HEARTBEAT_SECONDS)
        if message is None:
            # subscribing again changes nothing, but a Redis that lives answers it
            await subscription.subscribe(self._channel)
            message = await subscription.get_message(timeout=HEARTBEAT_SECONDS)
            if message is None:
                raise TimeoutError
        if message["type"] == "message":
            sender, _, text = str(message["data"]).partition(" ")
            if sender != self._name:
                self._connections.broadcast(text)
        # with many messages at hand the driver never waits, and nobody would be sent any
        await asyncio.sleep(0)

    def _forget_waiting(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Begin again whatever goes wrong: nobody would notice a task that has ended."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # whatever the driver raises
            # the class alone: the text may hold the address of Redis, with its password
            logger.warning("live messages: Redis failed (%s)", type(error).__name__)
        await asyncio.sleep(PAUSE_SECONDS)
