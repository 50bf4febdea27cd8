"""Whether the options of ``Cookies`` are what they should be, said at start."""

import re
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.cookies.cookie import NAME, SameSite
from fastauth_kit.features.cookies.csrf import is_in_the_clear, why_not_an_origin

if TYPE_CHECKING:
    from fastauth_kit.features.cookies.feature import Cookies

_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,=:@%/-]*")
"""RFC 3986, section 3.3, without the semicolon, which ends an attribute."""


def check_options(cookies: "Cookies") -> None:
    """Check each option, and those that must fit together.

    Raises:
        ConfigurationError: One does not; the sentence says what to do.
    """
    _check_names(cookies.access_name, cookies.refresh_name, cookies.csrf_name)
    if cookies.same_site not in get_args(SameSite):
        raise ConfigurationError("Cookies(same_site=...) must be 'lax', 'strict' or 'none'")
    if isinstance(cookies.origins, str):
        raise ConfigurationError("Cookies(origins=...) must be a list of origins, not one")
    for origin in cookies.origins:
        _check_origin(origin, secure=cookies.secure)
    if cookies.same_site == "none":
        _check_cross_site(cookies)


def _check_names(*names: str) -> None:
    for name in names:
        if not NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} cannot be the name of a cookie: take letters, digits, - and _; "
                "Cookies puts the prefix in front by itself"
            )
    if len({name.lower() for name in names}) != len(names):
        raise ConfigurationError("access_name, refresh_name and csrf_name must differ")


def _check_origin(origin: str, *, secure: bool) -> None:
    wrong = why_not_an_origin(origin)
    if wrong is not None:
        raise ConfigurationError(f"Cookies(origins=...) names {origin!r}: {wrong}")
    if secure and is_in_the_clear(origin):
        raise ConfigurationError(
            f"Cookies(origins=...) names {origin!r}, whose pages anybody on the way could "
            "write; serve them by https"
        )
    if not secure and origin.startswith("https:"):
        raise ConfigurationError(
            f"Cookies(secure=False) is for development without TLS, and {origin!r} has it; "
            "leave secure=False out"
        )


def _check_cross_site(cookies: "Cookies") -> None:
    if not cookies.origins:
        raise ConfigurationError(
            "Cookies(same_site='none') sends the cookies from everywhere; name the pages "
            "that may use them: origins=['https://app.example.com']"
        )
    if not cookies.secure:
        raise ConfigurationError("browsers take same_site='none' only with secure=True")


def refresh_path(given: str | None, token_url: str) -> str:
    """Return the path of ``POST /refresh`` as browsers see it: given, or beside the login.

    Raises:
        ConfigurationError: It cannot be the path of a cookie.
    """
    beside = urlsplit(token_url).path.rpartition("/")[0] + "/refresh"
    path = beside if given is None else given
    if not _PATH.fullmatch(path):
        raise ConfigurationError(
            f"{path!r} cannot be the path of the refresh cookie; say where browsers find "
            "POST /refresh: Cookies(refresh_path='/api/auth/refresh')"
        )
    return path
