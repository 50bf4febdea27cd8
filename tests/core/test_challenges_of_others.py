"""A challenge is of one user, whoever else there is."""

from collections.abc import Callable

from fastauth_kit.core.login import resume_login
from tests.core.parts import working
from tests.core.test_login_gate import Toy
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
