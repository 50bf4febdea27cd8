"""Isolation levels under which sessions could survive what should end them."""

from typing import Any

import pytest

from fastauth_kit import ConfigurationError
from tests.kit_app import PASSWORD

LOGIN = {"email": "ada@example.com", "password": PASSWORD}


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_repeatable_read_on_postgresql_is_refused(make_app: Any) -> None:
    await make_app().add_user()
    risky = make_app(engine_options={"isolation_level": "REPEATABLE READ"})

    async with risky.client() as client:
        with pytest.raises(ConfigurationError, match="use READ COMMITTED"):
            await client.post("/api/auth/login", json=LOGIN)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("level", ["READ COMMITTED", "SERIALIZABLE"])
async def test_other_levels_on_postgresql_are_fine(make_app: Any, level: str) -> None:
    kit_app = make_app(engine_options={"isolation_level": level})
    await kit_app.add_user()

    async with kit_app.client() as client:
        answers = [await client.post("/api/auth/login", json=LOGIN) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
