"""What cannot be written down does not happen: no success, and no refusal either."""

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from sqlalchemy import event, select

from fastauth_kit.features.audit import Audit
from tests.core.parts import fetch
from tests.features.accounts.people import join
from tests.features.accounts.tokens import opens
from tests.kit_app import PASSWORD, IntAuditEvent, KitApp

NEW = {"email": "new@example.com", "password": PASSWORD}
ADA = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=(Audit(model=IntAuditEvent),))


@pytest.fixture
async def client(kit_app: KitApp) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(kit_app.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client


def break_the_audit(kit_app: KitApp) -> None:
    """Let the database refuse every row of the audit."""

    @event.listens_for(kit_app.app_engine, "before_cursor_execute", retval=True)
    def misspell(*arguments: object) -> tuple[str, object]:
        text = str(arguments[2])
        is_row = text.startswith("INSERT INTO int_audit_events")
        return (text.replace("int_audit_events", "gone") if is_row else text), arguments[3]


async def test_nothing_succeeds_that_cannot_be_written_down(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    ada = await join(kit_app)
    sessions = len(await fetch(kit_app, select(kit_app.session_model.id)))
    break_the_audit(kit_app)

    answers = [
        await client.post("/api/auth/register", json=NEW),
        await client.post("/api/auth/login", json=ADA),
        await client.post("/api/auth/logout", headers=ada.headers),
        await client.patch("/api/users/me", headers=ada.headers, json={"name": "A"}),
    ]
    refused = await client.post("/api/auth/login", json={**ADA, "password": "wrong"})

    assert [answer.status_code for answer in answers] == [500] * 4
    assert refused.status_code == 500
    model = kit_app.user_model
    assert await fetch(kit_app, select(model.email)) == ["ada@example.com"]
    assert await fetch(kit_app, select(model.name)) == [None]
    assert len(await fetch(kit_app, select(kit_app.session_model.id))) == sessions
    assert await opens(client, ada.tokens)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_what_reads_only_goes_on(kit_app: KitApp, client: httpx2.AsyncClient) -> None:
    ada = await join(kit_app)
    break_the_audit(kit_app)

    for path in ("/api/users/me", "/api/auth/sessions", "/api/auth/events"):
        assert (await client.get(path, headers=ada.headers)).status_code == 200
