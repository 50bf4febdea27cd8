"""Options that cannot work are refused at start."""

import logging
from typing import Any

import pytest

from fastauth_kit import AuthKit, AuthSettings, ConfigurationError, Passwords, Sessions
from fastauth_kit.core.transport import SessionTransport
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.cookies.options import refresh_path
from tests.kit_app import SECRET, IntSession, IntUser


def kit(
    *cookies: Cookies, token_url: str = "/api/auth/login", hooks: Any = (), sessions: bool = True
) -> AuthKit[Any]:
    return AuthKit(
        user_model=IntUser,
        get_session=lambda: None,
        settings=AuthSettings(secret_key=SECRET, token_url=token_url),
        features=(Passwords(), *cookies, *([Sessions(model=IntSession)] if sessions else [])),
        hooks=hooks,
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"origins": "https://app.example.com"}, "list of origins"),
        ({"origins": ["https://app.example.com/"]}, "write it as browsers do"),
        ({"origins": ["*"]}, "write it as browsers do"),
        ({"origins": ["http://app.example.com"]}, "serve them by https"),
        ({"origins": ["https://app.example.com"], "secure": False}, "leave secure=False out"),
        ({"same_site": "Lax"}, "'lax', 'strict' or 'none'"),
        ({"same_site": "none"}, "name the pages"),
        (
            {"same_site": "none", "origins": ["http://localhost:3000"], "secure": False},
            "only with secure=True",
        ),
        ({"access_name": "__Host-access"}, "puts the prefix in front"),
        ({"refresh_name": ""}, "cannot be the name"),
        ({"csrf_name": "a;b"}, "cannot be the name"),
        ({"access_name": "token", "refresh_name": "Token"}, "must differ"),
    ],
)
def test_an_option_that_cannot_work_says_what_to_do(options: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Cookies(**options)


@pytest.mark.parametrize(
    ("given", "token_url", "path"),
    [
        (None, "/api/auth/login", "/api/auth/refresh"),
        (None, "/login", "/refresh"),
        (None, "https://api.example.com/v1/auth/login?x=/y", "/v1/auth/refresh"),
        ("/auth/renew", "/api/auth/login", "/auth/renew"),
    ],
)
def test_the_refresh_cookie_has_the_path_of_the_refresh(
    given: str | None, token_url: str, path: str
) -> None:
    assert refresh_path(given, token_url) == path


@pytest.mark.parametrize("path", ["", "auth/refresh", "/auth;Path=/", "/auth/refresh\n", "/\xe4"])
def test_a_path_that_no_cookie_can_have_is_refused_at_start(path: str) -> None:
    with pytest.raises(ConfigurationError, match="refresh_path="):
        kit(Cookies(refresh_path=path))


def test_a_relative_token_url_does_not_say_the_path() -> None:
    with pytest.raises(ConfigurationError, match="say where browsers find"):
        kit(Cookies(), token_url="auth/login")


def test_cookies_need_sessions() -> None:
    with pytest.raises(ConfigurationError, match=r"add Sessions\(...\)"):
        kit(Cookies(), sessions=False)


def test_there_is_one_transport_at_most() -> None:
    class Other(Cookies, SessionTransport):
        """Another part's."""

    with pytest.raises(ConfigurationError, match="one part at most"):
        kit(Cookies(), hooks=(Other(),))


def test_cookies_in_the_clear_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "fastauth_kit"):
        kit(Cookies(secure=False))
        kit(Cookies())

    assert [record.message for record in caplog.records] == [
        "Cookies(secure=False): tokens travel in the clear, for development"
    ]
