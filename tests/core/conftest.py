"""What the tests of the core share."""

import pytest

from fastauth_kit.core import http


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The attempts after which a handler paused; the pauses take no time."""
    found: list[int] = []

    def no_time(attempt: int) -> float:
        found.append(attempt)
        return 0

    monkeypatch.setattr(http, "_backoff_seconds", no_time)
    return found
