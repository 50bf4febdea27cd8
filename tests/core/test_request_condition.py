"""A hook that refuses signed-in users on any request."""

from collections.abc import Callable
from typing import Any

from fastauth_kit import AuthError, RequestCondition, UserMixin
from fastauth_kit.core.assembly import Assembly
from tests.kit_app import KitApp, bearer


class Maintenance(AuthError):
    code = "maintenance"
    status = 403


class ForSuperusers(RequestCondition):
    """Lets nobody else in."""

    def check_request(self, auth: Assembly[Any], user: UserMixin[Any]) -> None:
        assert isinstance(user, auth.user_model)
        if not user.is_superuser:
            raise Maintenance


async def test_it_is_asked_on_each_request_at_no_cost(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(ForSuperusers(),))
    await kit_app.add_user()
    await kit_app.add_user("root@example.com", is_superuser=True)
    ada, root = await kit_app.sign_in(), await kit_app.sign_in("root@example.com")
    kit_app.statements.clear()

    async with kit_app.client() as client:
        refused = await client.get("/api/users/me", headers=bearer(ada))
        allowed = await client.get("/api/users/me", headers=bearer(root))

    assert (refused.status_code, refused.json()["code"]) == (403, "maintenance")
    assert allowed.status_code == 200
    assert len(kit_app.statements) == 2


async def test_who_is_refused_can_sign_out(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(hooks=(ForSuperusers(),))
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())

    async with kit_app.client() as client:
        answer = await client.post("/api/auth/logout", headers=headers)

    assert answer.status_code == 204


def test_what_it_does_not_name_is_not_documented(make_app: Callable[..., KitApp]) -> None:
    documented = make_app(hooks=(ForSuperusers(),)).app.openapi()["paths"]["/api/users/me"]

    assert documented == make_app().app.openapi()["paths"]["/api/users/me"]
