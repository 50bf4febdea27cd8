"""Bodies whose fields are called otherwise in JSON set what their own names say."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from fastauth_kit import Accounts, UserCreate, UserUpdate
from fastauth_kit.features.accounts.feature import own_columns
from tests.features.accounts.answers import assert_invalid
from tests.features.accounts.own_models import MemberRead, members
from tests.features.accounts.people import join, stored
from tests.kit_app import PASSWORD, KitApp, bearer

ADA = {"email": "ada@example.com", "password": PASSWORD, "team": 7}
ROOT = {"is_superuser": True, "nickname": "root", "team": 1}

CAMEL = ConfigDict(
    alias_generator=lambda name: to_camel(f"my_{name}") if name == "nickname" else to_camel(name),
    serialize_by_alias=True,
)


class CamelCreate(UserCreate):
    model_config = CAMEL

    nickname: str
    team: int


class CamelUpdate(UserUpdate):
    model_config = CAMEL

    nickname: str | None = None


class DisguisedCreate(UserCreate):
    model_config = ConfigDict(serialize_by_alias=True)

    nickname: str = Field(alias="is_superuser")
    team: int


class DisguisedUpdate(UserUpdate):
    model_config = ConfigDict(serialize_by_alias=True)

    nickname: str | None = Field(
        default=None, validation_alias="is_verified", serialization_alias="is_superuser"
    )


CAMELS = Accounts(create_schema=CamelCreate, update_schema=CamelUpdate, read_schema=MemberRead)
DISGUISED = Accounts(
    create_schema=DisguisedCreate, update_schema=DisguisedUpdate, read_schema=MemberRead
)

one_database = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


@pytest.fixture
async def camels(database_url: str) -> AsyncIterator[KitApp]:
    async with members(database_url, CAMELS) as kit_app:
        yield kit_app


@pytest.fixture
async def disguised(database_url: str) -> AsyncIterator[KitApp]:
    async with members(database_url, DISGUISED) as kit_app:
        yield kit_app


async def register(client: httpx2.AsyncClient, **fields: Any) -> Any:
    answer = await client.post("/api/auth/register", json={**ADA, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@one_database
async def test_a_body_in_camel_case_registers_and_changes(camels: KitApp) -> None:
    async with camels.client() as client:
        user_id = await register(client, myNickname="ada")
        headers = bearer(await camels.sign_in())
        changed = await client.patch("/api/users/me", json={"myNickname": "king"}, headers=headers)

    assert changed.json()["nickname"] == "king"
    assert (await stored(camels, user_id)).nickname == "king"


@one_database
async def test_a_superuser_sets_flags_by_their_aliases(camels: KitApp) -> None:
    root = await join(camels, "root@example.com", **ROOT)
    async with camels.client(headers=root.headers) as client:
        made = await client.post(
            "/api/users", json={**ADA, "myNickname": "ada", "isVerified": True}
        )

    assert made.status_code == 201, made.text
    assert made.json()["is_verified"] is True


@one_database
async def test_a_field_called_like_a_flag_sets_its_own_attribute(disguised: KitApp) -> None:
    async with disguised.client() as client:
        user_id = await register(client, is_superuser="ada")

    user = await stored(disguised, user_id)
    assert (user.nickname, user.is_superuser, user.is_verified) == ("ada", False, False)


@one_database
@pytest.mark.parametrize("path", ["me", "id"])
async def test_a_change_called_like_a_flag_sets_its_own_attribute(
    disguised: KitApp, path: str
) -> None:
    async with disguised.client() as client:
        user_id = await register(client, is_superuser="ada")
        headers = bearer(await disguised.sign_in())
        target = path if path == "me" else user_id
        await client.patch(
            f"/api/users/{target}", json={"is_verified": "1", "is_superuser": True}, headers=headers
        )

    user = await stored(disguised, user_id)
    assert (user.nickname, user.is_superuser, user.is_verified) == ("1", False, False)


@one_database
async def test_a_field_is_not_taken_by_its_own_name_where_it_has_an_alias(camels: KitApp) -> None:
    async with camels.client() as client:
        answer = await client.post("/api/auth/register", json={**ADA, "nickname": "ada"})

    assert_invalid(answer, ("body", "myNickname"))


def test_what_a_body_does_not_name_is_no_column() -> None:
    """Such a schema is refused at start; what came along is left out all the same."""

    class Open(UserCreate):
        model_config = ConfigDict(extra="allow")

        nickname: str

    body = Open.model_validate({**ADA, "nickname": "ada", "is_superuser": True})

    assert own_columns(body) == {"nickname": "ada"}
