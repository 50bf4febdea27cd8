"""The steps of a private registration, as its tests take them."""

from typing import Any

import httpx2
from sqlalchemy import func, select

from fastauth_kit.core.feature import Feature
from fastauth_kit.features.private_registration import PrivateRegistration
from tests.kit_app import PASSWORD, IntPendingRegistration, KitApp
from tests.mailing import mail_features

ADA = "ada@example.com"
STRANGERS = "a stranger's own words"


def private_features(*more: Feature, **options: Any) -> tuple[Feature, ...]:
    """Return the private registration and what it stands on."""
    return mail_features(PrivateRegistration(model=IntPendingRegistration), *more, **options)


async def register(
    client: httpx2.AsyncClient, email: str = ADA, password: str = PASSWORD, **more: Any
) -> httpx2.Response:
    body = {"email": email, "password": password, **more}
    return await client.post("/api/auth/register", json=body)


async def verify(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await client.post("/api/auth/email/verify", json={"token": token})


async def count(kit_app: KitApp, model: Any) -> int:
    """Return how many rows there are."""
    async with kit_app.sessions() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0
