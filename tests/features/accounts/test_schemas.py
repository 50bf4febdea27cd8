"""Bodies of the caller's own: in use, and refused at start where they do not fit."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    ConfigurationError,
    SessionMixin,
    Sessions,
    UserCreate,
    UserMixin,
    UserUpdate,
)
from fastauth_kit import Passwords as PasswordsFeature
from fastauth_kit.features.accounts.schemas import default_schemas
from tests.features.accounts.answers import assert_invalid, assert_refused
from tests.features.accounts.own_models import (
    OWN,
    MemberCreate,
    MemberUpdate,
    build_auth,
    members,
)
from tests.features.accounts.people import join, stored
from tests.kit_app import PASSWORD, KitApp, bearer

ADA = {"email": "ada@example.com", "password": PASSWORD, "nickname": "ada", "team": 7}
SHOWN = {
    "id",
    "email",
    "is_active",
    "is_superuser",
    "is_verified",
    "created_at",
    "updated_at",
    "nickname",
    "badges",
}


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[KitApp]:
    """An installation with bodies of the caller's own."""
    async with members(database_url) as kit_app:
        yield kit_app


async def register(client: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    return await client.post("/api/auth/register", json={**ADA, **fields})


async def test_own_columns_are_registered_and_shown(own: KitApp) -> None:
    async with own.client() as client:
        answer = await register(client)

    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == SHOWN
    assert (body["nickname"], body["badges"]) == ("ada", [])
    user = await stored(own, body["id"])
    assert (user.nickname, user.team) == ("ada", 7)


@pytest.mark.parametrize(
    ("field", "value"), [("nickname", "a"), ("nickname", None), ("team", 0), ("team", "x")]
)
async def test_own_rules_hold(own: KitApp, field: str, value: Any) -> None:
    async with own.client() as client:
        answer = await register(client, **{field: value})

    assert_invalid(answer, ("body", field))


async def test_own_required_fields_are_required(own: KitApp) -> None:
    async with own.client() as client:
        body = {"email": "ada@example.com", "password": PASSWORD}
        answer = await client.post("/api/auth/register", json=body)

    assert_invalid(answer, ("body", "nickname"), ("body", "team"))


async def test_an_own_unique_rule_answers_with_a_conflict(own: KitApp) -> None:
    async with own.client() as client:
        await register(client)
        answer = await register(client, email="eve@example.com")

    assert_refused(answer, 409, "conflict")


async def test_the_address_is_what_is_taken_where_both_are(own: KitApp) -> None:
    async with own.client() as client:
        await register(client)
        answer = await register(client)

    assert_refused(answer, 400, "email_taken")


async def test_own_columns_are_changed_by_their_owner(own: KitApp) -> None:
    async with own.client() as client:
        user_id = (await register(client)).json()["id"]
        headers = bearer(await own.sign_in())
        answer = await client.patch("/api/users/me", json={"nickname": "king"}, headers=headers)

    assert answer.json()["nickname"] == "king"
    assert (await stored(own, user_id)).nickname == "king"


async def test_a_column_outside_the_update_schema_is_not_changed(own: KitApp) -> None:
    async with own.client() as client:
        user_id = (await register(client)).json()["id"]
        headers = bearer(await own.sign_in())
        answer = await client.patch("/api/users/me", json={"team": 9}, headers=headers)

    assert answer.status_code == 200
    assert (await stored(own, user_id)).team == 7


@pytest.mark.parametrize("path", ["me", "id"])
async def test_null_in_an_own_column_that_must_have_a_value_is_refused(
    own: KitApp, path: str
) -> None:
    """The schema allows it, so that the field may be left out; the table does not."""
    async with own.client() as client:
        user_id = (await register(client)).json()["id"]
        headers = bearer(await own.sign_in())
        target = path if path == "me" else user_id
        answer = await client.patch(
            f"/api/users/{target}", json={"nickname": None}, headers=headers
        )

    assert_invalid(answer, ("body", "nickname"))


async def test_a_change_against_an_own_unique_rule_is_a_conflict(own: KitApp) -> None:
    async with own.client() as client:
        await register(client)
        await register(client, email="eve@example.com", nickname="eve")
        headers = bearer(await own.sign_in())
        answer = await client.patch("/api/users/me", json={"nickname": "eve"}, headers=headers)

    assert_refused(answer, 409, "conflict")


async def test_a_superuser_sets_own_columns_and_flags_together(own: KitApp) -> None:
    root = await join(own, "root@example.com", is_superuser=True, nickname="root", team=1)
    async with own.client() as client:
        made = await client.post(
            "/api/users", json={**ADA, "is_verified": True}, headers=root.headers
        )
        changed = await client.patch(
            f"/api/users/{made.json()['id']}",
            json={"nickname": "king", "is_verified": False},
            headers=root.headers,
        )

    assert (made.json()["nickname"], made.json()["is_verified"]) == ("ada", True)
    assert (changed.json()["nickname"], changed.json()["is_verified"]) == ("king", False)


@pytest.mark.parametrize("field", ["is_superuser", "is_verified", "id"])
async def test_own_bodies_too_set_nothing_privileged(own: KitApp, field: str) -> None:
    async with own.client() as client:
        answer = await register(client, **{field: 1})

    assert answer.status_code == 201
    assert answer.json()["is_superuser"] is answer.json()["is_verified"] is False


async def test_related_rows_are_shown_wherever_an_account_is(own: KitApp) -> None:
    root = await join(own, "root@example.com", is_superuser=True, nickname="root", team=1)
    async with own.sessions.begin() as session:
        session.add(own.post_model(member_id=root.id, label="founder"))

    async with own.client(headers=root.headers) as client:
        answers = [
            (await client.get("/api/users/me")).json(),
            (await client.get(f"/api/users/{root.id}")).json(),
            (await client.get("/api/users")).json()["items"][0],
            (await client.get("/api/users?cursor=")).json()["items"][0],
            (await client.patch("/api/users/me", json={"nickname": "rot"})).json(),
        ]

    assert [answer["badges"] for answer in answers] == [[{"label": "founder"}]] * 5


async def test_own_cascades_apply_when_an_account_is_removed(own: KitApp) -> None:
    root = await join(own, "root@example.com", is_superuser=True, nickname="root", team=1)
    ada = await own.add_user(nickname="ada", team=1)
    async with own.sessions.begin() as session:
        session.add(own.post_model(member_id=ada, label="founder"))

    async with own.client() as client:
        answer = await client.delete(f"/api/users/{ada}", headers=root.headers)

    assert answer.status_code == 204
    assert await stored(own, ada) is None


# -- at start -----------------------------------------------------------------------------


class WithFlag(MemberCreate):
    is_superuser: bool = False


class WithHash(MemberCreate):
    hashed_password: str = ""


class WithId(MemberUpdate):
    id: int = 0


class WithAddress(MemberUpdate):
    email: str = ""


class WithActive(MemberUpdate):
    is_active: bool = True


class WithUnknown(MemberCreate):
    shoe_size: int = 0


class WithUnknownUpdate(MemberUpdate):
    shoe_size: int = 0


class WithoutTeam(UserCreate):
    nickname: str


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"create_schema": WithFlag}, "WithFlag must not have is_superuser"),
        ({"create_schema": WithHash}, "WithHash must not have hashed_password"),
        ({"update_schema": WithId}, "WithId must not have id"),
        ({"update_schema": WithAddress}, "WithAddress must not have email"),
        ({"update_schema": WithActive}, "WithActive must not have is_active"),
        ({"create_schema": WithUnknown}, "WithUnknown.shoe_size is no attribute of Member"),
        ({"update_schema": WithUnknownUpdate}, "WithUnknownUpdate.shoe_size is no attribute"),
        ({"create_schema": WithoutTeam}, "Member.team is required, but WithoutTeam has no such"),
        ({"create_schema": None}, "is required, but UserCreate has no such field"),
    ],
)
def test_bodies_that_do_not_fit_the_table_fail_at_start(
    options: dict[str, Any], sentence: str
) -> None:
    given = {"create_schema": MemberCreate, "update_schema": MemberUpdate, **options}

    with pytest.raises(ConfigurationError) as caught:
        build_auth(Accounts(**given))

    assert sentence in str(caught.value)


def test_bodies_that_fit_are_those_in_force() -> None:
    schemas = OWN.schemas(build_auth(OWN))

    assert (schemas.create, schemas.update) == (MemberCreate, MemberUpdate)


def test_without_passwords_there_are_no_accounts() -> None:
    with pytest.raises(ConfigurationError, match=r"add Passwords\(...\)"):
        build_auth(OWN, features=(OWN,))


# -- the bodies that fit by themselves ----------------------------------------------------


class PlainBase(DeclarativeBase):
    """Tables that are never made."""


class Nameless(UserMixin[int], PlainBase):
    __tablename__ = "nameless"
    id: Mapped[int] = mapped_column(primary_key=True)


class Named(UserMixin[int], PlainBase):
    __tablename__ = "named"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))


class NamedByDefault(UserMixin[int], PlainBase):
    __tablename__ = "named_by_default"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), server_default="somebody")


class NamelessSession(SessionMixin[int], PlainBase):
    __tablename__ = "nameless_sessions"
    __auth_user__ = Nameless


def test_a_table_without_a_name_has_bodies_without_one() -> None:
    create, update, read = default_schemas(Nameless)

    assert set(create.model_fields) == {"email", "password"}
    assert set(update.model_fields) == set()
    assert "name" not in read.model_fields


def test_a_table_without_a_name_works_by_itself() -> None:
    auth = build_auth(
        Accounts(),
        user_model=Nameless,
        features=(Accounts(), PasswordsFeature(), Sessions(model=NamelessSession)),
    )

    assert auth.feature(Accounts).schemas(auth).update is UserUpdate


@pytest.mark.parametrize(("model", "required"), [(Named, True), (NamedByDefault, False)])
def test_a_name_is_required_where_the_table_needs_one(model: Any, required: bool) -> None:
    create, _, _ = default_schemas(model)

    assert create.model_fields["name"].is_required() is required


@pytest.mark.parametrize("model", [Named, NamedByDefault])
def test_a_name_that_must_be_there_cannot_be_taken_back(model: Any) -> None:
    _, update, _ = default_schemas(model)

    with pytest.raises(ValueError, match="name"):
        update.model_validate({"name": None})
