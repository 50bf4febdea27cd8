"""Hashes and passwords as text and as bytes, whichever they came as."""


def as_bytes(secret: str | bytes) -> bytes:
    return secret.encode() if isinstance(secret, str) else secret


def as_text(hash: str | bytes) -> str:
    """Return the stored hash as text; latin-1 takes any byte, as passlib does."""
    return hash if isinstance(hash, str) else hash.decode("latin-1")
