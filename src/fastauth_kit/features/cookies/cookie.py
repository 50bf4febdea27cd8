"""One cookie: how it is read, set and cleared (RFC 6265)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fastapi import Response
from fastapi.requests import HTTPConnection

from fastauth_kit.core.errors import AmbiguousCredentials

SameSite = Literal["lax", "strict", "none"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""What a cookie may be called: fewer letters than RFC 6265 allows, none that need care."""

_BLANKS = " \t"
"""All that RFC 6265, section 5.2, has browsers take off. Python's ``strip()`` takes more
off: a name after a no-break space would become one whose prefix browsers guard."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of one name, and the attributes that it is always set with."""

    name: str
    path: str
    secure: bool
    http_only: bool
    same_site: SameSite

    def read(self, connection: HTTPConnection) -> str | None:
        """Return the value that was sent; see ``read_cookie``."""
        return read_cookie(connection, self.name)

    def set(self, response: Response, value: str, *, max_age_seconds: int) -> None:
        """Have the browser keep a value; for no other domain than this very one."""
        response.set_cookie(
            self.name,
            value,
            max_age=max_age_seconds,
            path=self.path,
            secure=self.secure,
            httponly=self.http_only,
            samesite=self.same_site,
        )

    def clear(self, response: Response) -> None:
        """Have the browser forget it; it does so only by the same attributes."""
        self.set(response, "", max_age_seconds=0)


def read_cookie(connection: HTTPConnection, name: str) -> str | None:
    """Return the value of a cookie; as it is, quotes included.

    Raises:
        AmbiguousCredentials: There are several: a sibling domain may have set
            another one of this name, and nothing tells which is ours.
    """
    values = cookie_values(connection.headers.getlist("cookie"), name)
    if len(values) > 1:
        raise AmbiguousCredentials
    return values[0] if values else None


def cookie_values(headers: Iterable[str], name: str) -> list[str]:
    """Return every value of a cookie, from one or several ``Cookie`` headers.

    Starlette's ``request.cookies`` will not do: of several it takes the last
    one, and it takes quotes and all kinds of spaces off.
    """
    found: list[str] = []
    for header in headers:
        for pair in header.split(";"):
            given, equals, value = pair.partition("=")
            if equals and given.strip(_BLANKS) == name:
                found.append(value.strip(_BLANKS))
    return found
