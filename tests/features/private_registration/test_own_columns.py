"""The caller's own columns wait with the registration, and keep their types and their rules."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import ConfigurationError, UserCreate
from fastauth_kit.features.one_time_tokens import OneTimeTokenMixin
from fastauth_kit.features.private_registration import (
    PendingRegistrationMixin,
    PrivateRegistration,
)
from fastauth_kit.features.private_registration.own_columns import given_columns, kept_columns
from tests.features.accounts.own_models import OWN, Base, Member, MemberCreate, build_auth, members
from tests.features.private_registration.flow import register, verify
from tests.kit_app import PASSWORD
from tests.mailing import mail_features, mailed_token, once


class MemberToken(OneTimeTokenMixin[int], Base):
    __tablename__ = "own_one_time_tokens"
    __auth_user__ = Member


class MemberPending(PendingRegistrationMixin, Base):
    __tablename__ = "own_pending_registrations"


class Colour(Enum):
    RED = "red"


class Address(BaseModel):
    street: str


class RichCreate(UserCreate):
    born: date
    worth: Decimal = Field(alias="netWorth", max_digits=9)
    colour: Colour | None = None
    friend: UUID | None = None
    homes: list[Address] = Field(default_factory=list[Address])
    unset: int = 5


def test_every_value_comes_back_as_it_went_in() -> None:
    body = RichCreate(
        email="ada@example.com",
        password=SecretStr(PASSWORD),
        born=date(1815, 12, 10),
        netWorth=Decimal("1.10"),
        colour=Colour.RED,
        friend=UUID(int=7),
        homes=[Address(street="St James's Square")],
    )

    kept = kept_columns(body)

    assert kept["born"] == "1815-12-10"
    assert "email" not in kept
    assert "password" not in kept
    assert given_columns(RichCreate, kept) == {
        "born": date(1815, 12, 10),
        "worth": Decimal("1.10"),
        "colour": Colour.RED,
        "friend": UUID(int=7),
        "homes": [{"street": "St James's Square"}],
    }


@once
async def test_own_columns_are_checked_first_and_filled_last(
    tables: str, session_style: str
) -> None:
    features = mail_features(PrivateRegistration(model=MemberPending), model=MemberToken)
    async with members(tables, more_features=features) as kit_app, kit_app.client() as client:
        refused = await register(client, nickname="x", team=3)
        await register(client, nickname="ada", team=3)
        await register(client, "eve@example.com", nickname="ada", team=4, is_superuser=True)
        made = await verify(client, await mailed_token(kit_app))
        clash = await verify(client, await mailed_token(kit_app, "eve@example.com"))

        async with kit_app.sessions() as session:
            ada = await session.get(Member, 1)
            assert ada is not None
            filled = (ada.nickname, ada.team, ada.is_superuser)

    assert refused.status_code == 422
    assert made.status_code == 204
    assert filled == ("ada", 3, False)
    assert (clash.status_code, clash.json()["code"]) == (409, "conflict")


class Apart(DeclarativeBase):
    """Tables of no use."""


class Plain(PendingRegistrationMixin, Apart):
    __tablename__ = "plain"


class More(Plain):
    __tablename__ = "more"
    id: Mapped[Any] = mapped_column(ForeignKey(Plain.id), primary_key=True)  # type: ignore[assignment]  # joined inheritance
    note: Mapped[str] = mapped_column(String(9))


@pytest.mark.parametrize(
    ("model", "accounts", "sentence"),
    [
        (More, OWN, "must keep its columns in one table"),
        (Plain, type(OWN)(create_schema=MemberCreate, registration_open=False), "drop it, or"),
    ],
)
def test_what_does_not_fit_is_refused(model: Any, accounts: Any, sentence: str) -> None:
    more = mail_features(PrivateRegistration(model=model), model=MemberToken)
    features = (*build_auth(accounts).features, *more)

    with pytest.raises(ConfigurationError, match=sentence):
        build_auth(accounts, features=features)
