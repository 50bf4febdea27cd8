"""Bodies that do not fit the table are refused at start; some fit by themselves."""

from typing import Any

import pytest
from pydantic import AliasChoices, AliasPath, ConfigDict, Field
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
from tests.features.accounts.own_models import (
    OWN,
    MemberCreate,
    MemberRead,
    MemberUpdate,
    build_auth,
)


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


class WithAnythingElse(MemberCreate):
    model_config = ConfigDict(extra="allow")


class WithAnythingElseUpdate(MemberUpdate):
    model_config = ConfigDict(extra="allow")


class ShowingHash(MemberRead):
    hashed_password: str | None


class ShowingHashByAlias(MemberRead):
    note: str = Field(validation_alias="hashed_password")


class ShowingHashByChoice(MemberRead):
    note: str = Field(validation_alias=AliasChoices("note", "hashed_password"))


class ShowingHashByPath(MemberRead):
    note: str = Field(validation_alias=AliasPath("__dict__", "hashed_password"))


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
        ({"create_schema": WithAnythingElse}, 'WithAnythingElse must not have extra="allow"'),
        ({"update_schema": WithAnythingElseUpdate}, 'Update must not have extra="allow"'),
        ({"read_schema": ShowingHash}, "ShowingHash.hashed_password must not show"),
        ({"read_schema": ShowingHashByAlias}, "ShowingHashByAlias.note must not show"),
        ({"read_schema": ShowingHashByChoice}, "ShowingHashByChoice.note must not show"),
        ({"read_schema": ShowingHashByPath}, "ShowingHashByPath.note must not show"),
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
