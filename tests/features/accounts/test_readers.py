"""Who may list and read accounts is for the caller to say."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI

from fastauth_kit import get_auth_router, get_users_router
from fastauth_kit.core.errors import NotEnoughPermissions
from tests.features.accounts.answers import assert_refused
from tests.features.accounts.people import join
from tests.kit_app import KitApp

USERS = "/api/users"


def with_readers(kit_app: KitApp, **arguments: Any) -> FastAPI:
    """Return an app where verified users may list or read."""
    app = FastAPI()
    app.include_router(get_auth_router(kit_app.auth), prefix="/api/auth")
    app.include_router(get_users_router(kit_app.auth, **arguments), prefix=USERS)
    return app


async def test_who_may_list_is_for_the_caller_to_say(kit_app: KitApp) -> None:
    kit_app.app = with_readers(kit_app, may_list=kit_app.auth.require_user(verified=True))
    verified = await join(kit_app, "verified@example.com", is_verified=True)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    async with kit_app.client() as client:
        allowed = await client.get(USERS, headers=verified.headers)
        refused = await client.get(USERS, headers=root.headers)

    assert allowed.status_code == 200
    assert_refused(refused, 403, "not_enough_permissions")


async def test_who_may_list_may_be_a_dependency_of_the_callers(kit_app: KitApp) -> None:
    async def staff(user: Annotated[Any, Depends(kit_app.auth.current_user)]) -> Any:
        if not user.email.endswith("@example.org"):
            raise NotEnoughPermissions
        return user

    kit_app.app = with_readers(kit_app, may_list=staff)
    one_of_us = await join(kit_app, "ada@example.org")
    other = await join(kit_app, "root@example.com", is_superuser=True)

    async with kit_app.client() as client:
        assert (await client.get(USERS, headers=one_of_us.headers)).status_code == 200
        refused = await client.get(USERS, headers=other.headers)

    assert_refused(refused, 403, "not_enough_permissions")


async def test_who_may_read_is_for_the_caller_to_say(kit_app: KitApp) -> None:
    kit_app.app = with_readers(kit_app, may_read=kit_app.auth.require_user(verified=True))
    verified = await join(kit_app, "verified@example.com", is_verified=True)
    root = await join(kit_app, "root@example.com", is_superuser=True)

    async with kit_app.client() as client:
        other = await client.get(f"{USERS}/{root.id}", headers=verified.headers)
        unknown = await client.get(f"{USERS}/{root.id + 1}", headers=verified.headers)
        refused = await client.get(f"{USERS}/{root.id}", headers=root.headers)

    assert other.json()["email"] == "root@example.com"
    assert_refused(unknown, 404, "user_not_found")
    assert_refused(refused, 403, "not_enough_permissions")


async def test_who_may_list_may_not_therefore_read(kit_app: KitApp) -> None:
    kit_app.app = with_readers(kit_app, may_list=kit_app.auth.current_user)
    other = await kit_app.add_user("other@example.com")
    ada = await join(kit_app)

    async with kit_app.client() as client:
        assert (await client.get(USERS, headers=ada.headers)).status_code == 200
        refused = await client.get(f"{USERS}/{other}", headers=ada.headers)

    assert_refused(refused, 403, "not_enough_permissions")
