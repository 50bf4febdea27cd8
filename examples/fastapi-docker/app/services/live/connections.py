"""The sockets of this worker."""

import asyncio
from collections import Counter
from typing import Any, Final

WAITING: Final = 100
"""Messages that may wait for one socket."""

SOCKETS_PER_USER: Final = 20
"""On one worker."""


class TooManySockets(Exception):
    """One user has opened as many as one user may."""


# --8<-- [start:peer]
class Peer:
    """The far end of one socket, and what waits to be sent to it."""

    def __init__(self, user_id: Any) -> None:
        self.user_id = user_id
        self.waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self.too_slow = asyncio.Event()

    def offer(self, message: str) -> None:
        """Queue a message. Never waits: a peer that does not keep up is marked instead."""
        try:
            self.waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.too_slow.set()


# --8<-- [end:peer]
class ConnectionManager:
    """Knows who is connected, and tells them all without waiting for anybody."""

    def __init__(self) -> None:
        self.active: set[Peer] = set()
        self._of_user: Counter[Any] = Counter()

    def connect(self, user_id: Any) -> Peer:
        """Add a socket.

        Raises:
            TooManySockets: Their user has opened enough of them.
        """
        if self._of_user[user_id] >= SOCKETS_PER_USER:
            raise TooManySockets
        peer = Peer(user_id)
        self.active.add(peer)
        self._of_user[user_id] += 1
        return peer

    def disconnect(self, peer: Peer) -> None:
        """Forget a socket; the second time changes nothing."""
        if peer not in self.active:
            return
        self.active.remove(peer)
        self._of_user[peer.user_id] -= 1
        if not self._of_user[peer.user_id]:
            del self._of_user[peer.user_id]

    def broadcast(self, message: str) -> None:
        """Offer a message to everybody: no dead or slow peer can stop or delay it."""
        for peer in self.active:
            peer.offer(message)
