"""For those who test an app that uses the kit; extra ``testing``. Works within pytest only."""

from fastauth_kit.surfaces.testing.async_clients import (
    AsyncAuthClients,
    AsyncMakeUser,
    AuthAsyncClient,
)
from fastauth_kit.surfaces.testing.clients import AuthClients, AuthTestClient, MakeUser, RunningApp
from fastauth_kit.surfaces.testing.clock import FrozenClock
from fastauth_kit.surfaces.testing.installation import AuthTesting, under_test
from fastauth_kit.surfaces.testing.mailbox import Letter, Mailbox
from fastauth_kit.surfaces.testing.sweep import (
    assert_requires_login,
    assert_requires_superuser,
    async_assert_requires_login,
    async_assert_requires_superuser,
    login_required_routes,
)
from fastauth_kit.surfaces.testing.swept_route import SweptRoute
from fastauth_kit.surfaces.testing.users import PASSWORD

__all__ = [
    "PASSWORD",
    "AsyncAuthClients",
    "AsyncMakeUser",
    "AuthAsyncClient",
    "AuthClients",
    "AuthTestClient",
    "AuthTesting",
    "FrozenClock",
    "Letter",
    "Mailbox",
    "MakeUser",
    "RunningApp",
    "SweptRoute",
    "assert_requires_login",
    "assert_requires_superuser",
    "async_assert_requires_login",
    "async_assert_requires_superuser",
    "login_required_routes",
    "under_test",
]
