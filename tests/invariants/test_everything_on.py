"""What it costs to switch everything on, and that it still tells nobody who has an account."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fastauth_kit.core.hooks import LoginGuard, RequestGuard
from tests.features.password_reset.test_uniform import call
from tests.features.throttling.tries import counting
from tests.invariants.everything import everything
from tests.kit_app import PASSWORD, KitApp, bearer

# counts are the same for both kinds of sessions; how a statement is put may depend on the database
pytestmark = [
    pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True),
    pytest.mark.parametrize("session_style", ["async"], indirect=True),
]

ADA, NOBODY = "ada@example.com", "nobody@example.com"


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=everything())


async def sign_in(
    kit_app: KitApp, email: str = ADA, password: str = PASSWORD
) -> tuple[httpx2.Response, list[str]]:
    """Return the answer to a login, and the statements it took."""
    kit_app.statements.clear()
    async with kit_app.client() as client:
        body = {"email": email, "password": password}
        answer = await client.post("/api/auth/login", json=body)
    return answer, list(kit_app.statements)


async def test_an_authenticated_request_is_one_statement(kit_app: KitApp) -> None:
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())
    kit_app.statements.clear()

    async with kit_app.client() as client:
        answer = await client.get("/api/users/me", headers=headers)

    assert (answer.status_code, len(kit_app.statements)) == (200, 1)


async def test_a_login_costs_at_most_one_statement_more_for_each_guard(
    kit_app: KitApp, make_app: Callable[..., KitApp]
) -> None:
    await kit_app.add_user()
    _, bare = await sign_in(make_app())
    answer, full = await sign_in(kit_app)
    guards = {*kit_app.auth.taking_part(RequestGuard), *kit_app.auth.taking_part(LoginGuard)}

    assert answer.status_code == 200
    assert len(full) <= len(bare) + len(guards)


async def test_a_refused_login_tells_nothing_by_its_work(kit_app: KitApp) -> None:
    """As many statements, and as many hashes, for an account and for none."""
    await kit_app.add_user()
    counted_app, counted = counting(kit_app)
    await sign_in(counted_app, NOBODY)  # the first makes what unknown accounts are checked with
    found: list[tuple[int, Any, int, list[str]]] = []
    for email in (ADA, NOBODY):
        counted.work.clear()
        answer, statements = await sign_in(counted_app, email, "not the password")
        found.append((answer.status_code, answer.json(), len(statements), [*counted.work]))

    assert found[0] == found[1]
    assert found[0][0] == 401
    assert found[0][3] == ["verify"]


@pytest.mark.parametrize("path", ["password/forgot", "magic-link", "email/verify/request"])
async def test_a_mail_that_is_asked_for_tells_nothing_by_its_work(
    kit_app: KitApp, path: str
) -> None:
    """Nothing is asked of the database, and nothing hashed, until the answer has left."""
    await kit_app.add_user()
    counted_app, counted = counting(kit_app)
    before: list[tuple[int, int]] = []

    def note() -> None:
        before.append((len(counted_app.statements), len(counted.work)))

    answers: list[Any] = []
    for email in (ADA, NOBODY):
        counted_app.statements.clear()
        answers.append(await call(counted_app.app, email, note, path=f"/api/auth/{path}"))
    await counted_app.auth.after_commit.drain()

    assert before == [(0, 0), (0, 0)]
    assert answers[0] == answers[1]
    assert counted.work == []
