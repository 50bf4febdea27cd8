"""Where all randomness comes from, and how secrets are compared."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from threading import Lock
from uuid import UUID


def random_text(byte_count: int = 16) -> str:
    """Return unguessable text of URL-safe characters, 8 bits for each byte."""
    return secrets.token_urlsafe(byte_count)


def time_ordered_id(now: datetime) -> UUID:
    """Return a UUID that sorts by its time of making (UUIDv7, RFC 9562, section 5.7)."""
    milliseconds = _milliseconds(now)
    random = secrets.randbits(74)
    high = milliseconds << 16 | 0x7000 | random >> 62
    low = 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=high << 64 | low)


class TimeOrderedIds:
    """Makes ids that sort in the order of their making, within a millisecond, too.

    Of one process; those of several are interleaved by the time alone (RFC 9562,
    section 6.2, method 2).
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = Lock()

    def make(self, now: datetime) -> UUID:
        """Return the next id."""
        with self._lock:
            fresh = time_ordered_id(now).int
            if fresh >> 80 == self._last >> 80 and fresh < self._last:
                fresh = self._last + 1
            self._last = fresh
        return UUID(int=fresh)


def first_id_of(moment: datetime) -> UUID:
    """Return an id that none made at a moment, or later, comes before."""
    return UUID(int=_milliseconds(moment) << 80)


def last_id_of(moment: datetime) -> UUID:
    """Return an id that none made at a moment, or earlier, comes after."""
    return UUID(int=(_milliseconds(moment) + 1 << 80) - 1)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000) & 0xFFFF_FFFF_FFFF


def mac_text(key: bytes, *parts: bytes) -> str:
    """Return the HMAC-SHA256 of ``parts`` as URL-safe text.

    Each part goes in with its length, so that no two lists of parts collide.
    """
    mac = hmac.new(key, digestmod=sha256)
    for part in parts:
        mac.update(len(part).to_bytes(8, "big") + part)
    return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def same_text(left: str, right: str) -> bool:
    """Compare two texts in a time that does not tell where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
