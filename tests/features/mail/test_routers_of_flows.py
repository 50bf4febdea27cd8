"""Each flow that sends mail has a router of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from fastauth_kit import ConfigurationError
from fastauth_kit.features.email_change import get_email_change_router
from fastauth_kit.features.email_verification import get_email_verification_router
from fastauth_kit.features.magic_links import get_magic_link_router
from fastauth_kit.features.password_reset import get_password_reset_router
from tests.kit_app import KitApp
from tests.mailing import every_feature

ROUTERS = [
    (get_password_reset_router, {"/password/forgot", "/password/reset"}),
    (get_email_verification_router, {"/email/verify/request", "/email/verify"}),
    (get_magic_link_router, {"/magic-link", "/magic-link/login"}),
    (
        get_email_change_router,
        {"/email/change", "/email/change/confirm", "/email/change/undo"},
    ),
]


@pytest.mark.parametrize(("make_router", "paths"), ROUTERS)
def test_a_router_has_the_routes_of_its_feature(
    make_app: Callable[..., KitApp], make_router: Any, paths: set[str]
) -> None:
    app = FastAPI()
    app.include_router(make_router(make_app(more_features=every_feature()).auth))

    assert set(app.openapi()["paths"]) == paths


@pytest.mark.parametrize(("make_router", "paths"), ROUTERS)
def test_there_is_none_without_the_feature(
    make_app: Callable[..., KitApp], make_router: Any, paths: set[str]
) -> None:
    with pytest.raises(ConfigurationError, match=r"to AuthKit\(features="):
        make_router(make_app().auth)
