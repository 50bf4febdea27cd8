"""What no answer and no log may hold, whatever fails."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.faults.app import RECORD

_TRACES = ("Traceback (most recent call last)", 'File "', "sqlalchemy.", "asyncpg", "pymysql")
"""What would show a reader of an answer how the server is made."""

_UNHANDLED = re.compile(
    r"Exception in ASGI application|never retrieved|never awaited|Exception ignored in"
    r"|Traceback \(most recent call last\)"
)

_EXPECTED = (
    # the pool's own words on a connection that cannot even be closed any more
    "sqlalchemy.pool.",
)


@dataclass
class Watch:
    """Looks at every answer, and remembers every secret."""

    answers: Counter[int] = field(default_factory=Counter[int])
    lost: int = 0
    """Requests that were sent and never answered."""
    secrets: set[str] = field(default_factory=set[str])
    logged: Counter[str] = field(default_factory=Counter[str])
    """First lines of what was logged."""
    _log_seen: int = 0

    def look(self, response: httpx2.Response) -> None:
        """Check an answer that has been read."""
        status = response.status_code
        self.answers[status] += 1
        self._remember_tokens(response)
        if status < 400:
            return
        assert status < 500 or status == 503, f"{status} {response.request.url}: {response.text}"
        assert response.headers["content-type"] == "application/problem+json", response.text
        for trace in _TRACES:
            assert trace not in response.text
        self._assert_no_secret(response.text)
        if status == 503:
            assert response.json()["code"] == "database_unavailable"
            assert int(response.headers["retry-after"]) > 0

    def look_at_log(self, log: str) -> None:
        """Check what has been logged since the last time.

        Nothing there may hold a secret. Only those who are told of in ``_EXPECTED``
        may speak of an error.
        """
        fresh, self._log_seen = log[self._log_seen :], len(log)
        self._assert_no_secret(fresh)
        for record in fresh.split(RECORD):
            if record:
                self.logged[record.partition("\n")[0][:70]] += 1
            expected = record.startswith(_EXPECTED)
            assert expected or not _UNHANDLED.search(record), record

    def _remember_tokens(self, response: httpx2.Response) -> None:
        if response.status_code == 200 and "access_token" in response.text:
            given = response.json()
            self.secrets |= {given["access_token"], given["refresh_token"]}

    def _assert_no_secret(self, text: str) -> None:
        assert not [secret for secret in self.secrets if secret in text]


class Caller:
    """Sends requests; ``None`` where nobody knows what became of one.

    That is a lost connection, and 503 too: the change may have been committed.
    """

    def __init__(self, client: httpx2.AsyncClient, watch: Watch) -> None:
        self._client = client
        self.watch = watch

    async def send(
        self, method: str, path: str, *, token: str = "", body: Any = None
    ) -> httpx2.Response | None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = await self._client.request(method, path, headers=headers, json=body)
        except httpx2.ConnectError:
            return None
        except httpx2.TransportError:
            self.watch.lost += 1
            return None
        self.watch.look(answer)
        return None if answer.status_code == 503 else answer
