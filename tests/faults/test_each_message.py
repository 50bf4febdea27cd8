"""Every flow, with its connection cut at the first message, at the second, and so on.

The messages are those of the wire: statements, what drivers add to them, and
the COMMIT. What is refused was not done, or all of it was; what is answered
was done.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.faults.forms import form, say
from tests.faults.proxy import Line, Proxy
from tests.faults.test_broken_network import PATIENT, Wired, wired
from tests.kit_app import PASSWORD

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)

MOST_MESSAGES = 60
NEW = "another horse battery"


@dataclass
class Person:
    """Somebody for whom nothing has failed yet."""

    email: str
    tokens: dict[str, Any]


@dataclass(frozen=True)
class Flow:
    """A request, and how to see what became of it.

    Args:
        request: Method, path and body; ``{}`` in the path is the session's id.
        success: Its status when it is done.
        again: Statuses of the same request once it has been done.
        registered: Whether the account is there before.
    """

    method: str
    path: str
    body: Callable[[Person], Any]
    success: int
    again: frozenset[int]
    registered: bool = True


def nothing(person: Person) -> None:
    return None


FLOWS = {
    "register": Flow(
        "POST",
        "/api/auth/register",
        lambda person: {"email": person.email, "password": PASSWORD},
        201,
        frozenset({400}),
        registered=False,
    ),
    "log in": Flow(
        "POST",
        "/api/auth/login",
        lambda person: {"email": person.email, "password": PASSWORD},
        200,
        frozenset({200}),
    ),
    "refresh": Flow(
        "POST",
        "/api/auth/refresh",
        lambda person: {"refresh_token": person.tokens["refresh_token"]},
        200,
        frozenset({200}),
    ),
    "confirm the password": Flow(
        "POST",
        "/api/auth/password/confirm",
        lambda _: {"password": PASSWORD},
        204,
        frozenset({204}),
    ),
    "change the password": Flow(
        "POST",
        "/api/auth/password/change",
        lambda person: {"current_password": PASSWORD, "new_password": NEW},
        204,
        frozenset({400}),
    ),
    "log out": Flow("POST", "/api/auth/logout", nothing, 204, frozenset({401})),
    "sign out elsewhere": Flow("DELETE", "/api/auth/sessions", nothing, 204, frozenset({204})),
    "end one session": Flow("DELETE", "/api/auth/sessions/{}", nothing, 204, frozenset({401})),
    "rename": Flow("PATCH", "/api/users/me", lambda _: {"name": "Ada"}, 200, frozenset({200})),
    "close the account": Flow(
        "DELETE", "/api/users/me", lambda _: {"password": PASSWORD}, 204, frozenset({401})
    ),
}
SHORT = ("refresh", "change the password")


@pytest.fixture
async def wire(tables: str, database_kind: str) -> AsyncIterator[Wired]:
    async with wired(tables, PATIENT) as those:
        yield those


class CutAt:
    """Cuts the connection that carries the n-th message from now on, in its place or after it."""

    def __init__(self, proxy: Proxy, number: int, *, arrives: bool) -> None:
        self.seen = 0
        self._number, self._arrives = number, arrives
        self._cut: Line | None = None
        proxy.on_request = self._request
        proxy.on_answer = self._answer

    def _request(self, line: Line, data: bytes) -> bool:
        self.seen += 1
        if self.seen != self._number:
            return True
        self._cut = line
        if not self._arrives:
            line.cut()
        return self._arrives

    def _answer(self, line: Line, data: bytes) -> bool:
        if line is self._cut:
            line.hang_up_on_client()
        return line is not self._cut


@pytest.mark.parametrize("arrives", [False, True], ids=["lost", "unanswered"])
@pytest.mark.parametrize("name", form(short=SHORT, long=tuple(FLOWS)))
async def test_a_cut_at_any_message_leaves_nothing_half_done(
    wire: Wired, name: str, arrives: bool, database_kind: str
) -> None:
    flow = FLOWS[name]
    statuses: list[int] = []
    for number in range(1, MOST_MESSAGES):
        person = await _person(wire, f"ada-{number}@example.org", registered=flow.registered)
        cut = CutAt(wire.proxy, number, arrives=arrives)
        answer = await _send(wire, flow, person)
        statuses.append(answer.status_code)
        wire.proxy.heal()
        assert answer.status_code in {flow.success, 503}, answer.text
        await _assert_whole(wire, flow, person, answer.status_code)
        if cut.seen < number:
            break
    say(f"{database_kind}: {name}, cut at each of {number - 1} messages: {statuses}")
    assert number > 3
    assert statuses[-1] == flow.success


async def _person(wire: Wired, email: str, *, registered: bool) -> Person:
    if not registered:
        return Person(email, {})
    body = {"email": email, "password": PASSWORD}
    # the connections that were cut a moment ago come to light here, and are replaced
    await _until_answered(wire, "POST", "/api/auth/register", body)
    tokens = await _until_answered(wire, "POST", "/api/auth/login", body)
    return Person(email, tokens.json())


async def _send(wire: Wired, flow: Flow, person: Person) -> httpx2.Response:
    wire.tokens = person.tokens or wire.tokens
    path = flow.path.format(wire.tokens["refresh_token"].split(".")[1])
    return await wire.send(flow.method, path, json=flow.body(person))


async def _assert_whole(wire: Wired, flow: Flow, person: Person, status: int) -> None:
    """Send it once more: done already, if that was answered; else done now or before."""
    for _ in range(10):
        again = await _send(wire, flow, person)
        if again.status_code != 503:
            break
    possible = flow.again if status == flow.success else flow.again | {flow.success}
    assert again.status_code in possible, again.text


async def _until_answered(wire: Wired, method: str, path: str, body: Any) -> httpx2.Response:
    for _ in range(10):
        answer = await wire.send(method, path, json=body)
        if answer.status_code != 503:
            return answer
    raise AssertionError("the database does not come back")
