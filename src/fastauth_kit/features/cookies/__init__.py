"""Cookies: the tokens of a session where no script of a page can read them."""

from fastauth_kit.features.cookies.errors import CsrfFailed
from fastauth_kit.features.cookies.feature import Cookies
from fastauth_kit.features.cookies.schemas import CookieSession

__all__ = ["CookieSession", "Cookies", "CsrfFailed"]
