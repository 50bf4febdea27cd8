"""A challenge is of one user, whoever else there is."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from fastauth_kit import AuthSettings, SecondFactor, UserMixin, Work
from fastauth_kit.core.login import resume_login
from tests.core.parts import working
from tests.core.test_login_gate import Toy
from tests.features.accounts.people import rebuilt
from tests.kit_app import PASSWORD, KitApp


async def test_a_challenge_leads_to_the_user_it_was_made_for(
    make_app: Callable[..., KitApp],
) -> None:
    kit_app = make_app(hooks=(Toy(),))
    for name in ("ada", "bob", "eve"):
        await kit_app.add_user(f"{name}@example.com")
    async with kit_app.client() as client:
        body = {"email": "bob@example.com", "password": PASSWORD}
        challenge = (await client.post("/api/auth/login", json=body)).json()["challenge"]

    async with working(kit_app) as work:
        user, _ = await resume_login(work, challenge)
        assert user.email == "bob@example.com"


def stamp_of(challenge: str) -> Any:
    return jwt.decode(challenge, options={"verify_signature": False})["stamp"]


async def test_what_a_challenge_says_of_credentials_nobody_can_compute_without_the_secret(
    kit_app: KitApp,
) -> None:
    """Anyone can read a challenge; a stolen table alone must not explain its stamp."""
    await kit_app.add_user("ada@example.com")
    stamps = set()
    for secret in (
        "seven-Brave-Otters-swim-under-4-old-piers",
        "nine-Quick-Zebras-jump-over-2-gnus",
    ):
        built = rebuilt(kit_app, settings=AuthSettings(secret_key=secret), hooks=(Toy(),))
        async with built.client() as client:
            body = {"email": "ada@example.com", "password": PASSWORD}
            answer = await client.post("/api/auth/login", json=body)
        stamps.add(stamp_of(answer.json()["challenge"]))

    assert len(stamps) == 2


class OfBob(SecondFactor):
    """A factor that one user has."""

    factor_name = "fob"

    async def is_enrolled(self, work: Work, user: UserMixin[Any]) -> bool:
        return user.email == "bob@example.com"


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("bob", 202)])
async def test_a_second_factor_is_asked_of_those_who_have_it(
    make_app: Callable[..., KitApp], name: str, status: int
) -> None:
    kit_app = make_app(hooks=(OfBob(),))
    for each in ("ada", "bob"):
        await kit_app.add_user(f"{each}@example.com")

    async with kit_app.client() as client:
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        answer = await client.post("/api/auth/login", json=body)

    assert answer.status_code == status
