"""The private registration stands in place of the open one, whichever router is asked."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from fastauth_kit import ConfigurationError, Routes, get_auth_router, get_register_router
from fastauth_kit.features.email_verification import (
    EmailVerification,
    get_email_verification_router,
)
from fastauth_kit.features.private_registration import get_private_registration_router
from tests.features.private_registration.flow import private_features
from tests.kit_app import KitApp
from tests.mailing import once


def paths_of(router: Any) -> dict[str, Any]:
    """Return what OpenAPI shows; a duplicate is a warning, an error here."""
    app = FastAPI()
    app.include_router(router)
    paths: dict[str, Any] = app.openapi()["paths"]
    return paths


def answers(operation: dict[str, Any]) -> set[str]:
    return set(operation["post"]["responses"])


@once
async def test_every_router_has_the_private_one(make_app: Callable[..., KitApp]) -> None:
    auth = make_app(more_features=private_features()).auth

    whole = paths_of(get_auth_router(auth))
    alone = paths_of(get_register_router(auth))
    own = paths_of(get_private_registration_router(auth))

    assert list(alone) == ["/register"]
    assert list(own) == ["/register", "/email/verify"]
    assert set(own) <= set(whole)
    for shown in (whole, alone, own):
        assert answers(shown["/register"]) == {"202", "400", "413", "422", "503"}
        refusal = shown["/register"]["post"]["responses"]["400"]["description"]
        assert "email_taken" not in refusal
    assert answers(own["/email/verify"]) == {"204", "400", "409", "413", "422", "503"}


@once
async def test_both_features_share_the_route_that_links_end_at(
    make_app: Callable[..., KitApp],
) -> None:
    auth = make_app(more_features=private_features(EmailVerification())).auth

    whole = paths_of(get_auth_router(auth))
    other = paths_of(get_email_verification_router(auth))

    assert whole["/email/verify"] == other["/email/verify"]


@once
async def test_the_private_one_can_be_picked_and_dropped(make_app: Callable[..., KitApp]) -> None:
    auth = make_app(more_features=private_features()).auth

    assert "/register" not in paths_of(get_auth_router(auth, routes=Routes(without=["register"])))
    assert paths_of(get_register_router(auth, routes=Routes(only=["register"])))


@once
async def test_there_is_no_router_without_the_feature(make_app: Callable[..., KitApp]) -> None:
    with pytest.raises(ConfigurationError, match="add PrivateRegistration"):
        get_private_registration_router(make_app().auth)
