"""An app may choose the engine by the model, as one with several databases does."""

from collections.abc import Callable

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import sessionmaker

from fastauth_kit.features.audit import Audit
from tests.kit_app import (
    PASSWORD,
    IntAuditEvent,
    IntBase,
    KitApp,
    SessionStyle,
    bearer,
    build,
)

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
NEW_PASSWORD = "another correct horse"


@ONE_DATABASE
async def test_sessions_may_know_engines_of_models_alone(
    make_app: Callable[..., KitApp], session_style: SessionStyle
) -> None:
    built = build(style=session_style, more_features=(Audit(model=IntAuditEvent),))
    kit_app = make_app(built=built)
    built.source.make_session = (
        async_sessionmaker(binds={IntBase: kit_app.engine})
        if session_style == "async"
        else sessionmaker(binds={IntBase: kit_app.app_engine})
    )
    ada = {"email": "ada@example.com", "password": PASSWORD}

    async with kit_app.client() as client:
        registered = await client.post("/api/auth/register", json=ada)
        first = await client.post("/api/auth/login", json=ada)
        refreshed = await client.post(
            "/api/auth/refresh", json={"refresh_token": first.json()["refresh_token"]}
        )
        signed_in = bearer(refreshed.json())
        changed = await client.post(
            "/api/auth/password/change",
            json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
            headers=signed_in,
        )
        listed = await client.get("/api/auth/sessions", headers=signed_in)
        signed_out = await client.post("/api/auth/logout", headers=signed_in)

    answers = [registered, first, refreshed, changed, listed, signed_out]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 204, 200, 204]
