"""Cookie transport, beside bearer, over the same sessions."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from fastapi import Response
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.current_request import during
from fastauth_kit.core.errors import AmbiguousCredentials, AuthError, InvalidInput
from fastauth_kit.core.event_log import log_denial
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import IssuedSession
from fastauth_kit.core.routes import SAFE_METHODS
from fastauth_kit.core.secrets import same_text
from fastauth_kit.core.tokens import NO_STORE
from fastauth_kit.core.transport import SessionTransport, TransportScheme
from fastauth_kit.features.cookies.cookie import Cookie, SameSite, read_cookie
from fastauth_kit.features.cookies.csrf import Verdict, is_csrf_token, judge, make_csrf_token
from fastauth_kit.features.cookies.errors import CsrfFailed
from fastauth_kit.features.cookies.options import check_options, refresh_path
from fastauth_kit.features.cookies.schemas import CookieSession
from fastauth_kit.features.sessions import InvalidRefreshToken, Sessions

logger: logging.Logger = logging.getLogger("fastauth_kit")

TRANSPORT_HEADER = "X-Auth-Transport"
"""Asks for cookies at sign-in. A form cannot send it, and another origin's script
only if the app's CORS headers allow it."""

CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True, kw_only=True)
class Cookies(Feature, SessionTransport):
    """Tokens in cookies, for whoever signs in with ``X-Auth-Transport: cookie``.

    Args:
        origins: Pages that may use the cookies, as ``https://app.example.com``;
            your own origin, too, for WebSockets and for browsers that do not
            send ``Sec-Fetch-Site``.
        same_site: When browsers send the cookies to this site from another one
            (RFC 6265bis, section 5.6.7): ``lax``, when a link is followed;
            ``strict``, never; ``none``, always, which needs ``origins``.
        secure: ``False`` is for development without TLS: the names lose the
            prefixes by which browsers guard them.
        access_name: Name of the cookie with the access token, after its prefix.
        refresh_name: Name of the cookie with the refresh token.
        csrf_name: Name of the cookie with the CSRF token, which scripts may read.
        refresh_path: Path of ``POST /refresh`` as browsers see it. ``None``: the
            one beside ``token_url``.

    Raises:
        ConfigurationError: An option is none, or two do not fit together.
    """

    name: ClassVar[str] = "cookies"
    requires: ClassVar[tuple[type[Feature], ...]] = (Sessions,)
    answer_model: ClassVar[type[BaseModel]] = CookieSession
    refusals: ClassVar[tuple[type[AuthError], ...]] = (CsrfFailed,)

    origins: Sequence[str] = ()
    same_site: SameSite = "lax"
    secure: bool = True
    access_name: str = "access"
    refresh_name: str = "refresh"
    csrf_name: str = "csrf"
    refresh_path: str | None = None

    def __post_init__(self) -> None:
        check_options(self)

    def check(self, auth: Assembly[Any]) -> None:
        """Check that the path of the refresh cookie is known; warn of cookies in the clear."""
        self._refresh(auth)  # its path may be wrong
        if not self.secure:
            logger.warning("Cookies(secure=False): tokens travel in the clear, for development")

    @property
    def scheme(self) -> TransportScheme:
        """The access cookie, for OpenAPI."""
        model = APIKey.model_validate({"in": APIKeyIn.cookie, "name": self._access.name})
        return TransportScheme("AccessCookie", model)

    # -- signing in -------------------------------------------------------------------

    def is_asked_for(self, connection: HTTPConnection) -> bool:
        """Whether ``X-Auth-Transport`` asks for cookies.

        Raises:
            AmbiguousCredentials: It is there more than once.
            InvalidInput: It asks for something else.
        """
        asked = connection.headers.getlist(TRANSPORT_HEADER)
        if len(asked) > 1:
            raise AmbiguousCredentials
        if asked and asked[0] not in ("cookie", "bearer"):
            sentence = "Ask for cookie or bearer."
            raise InvalidInput.at("header", TRANSPORT_HEADER.lower(), type="enum", msg=sentence)
        return asked == ["cookie"]

    def check_sign_in(self, connection: HTTPConnection) -> None:
        """Refuse a sign-in that another page has a browser make (login CSRF).

        Raises:
            CsrfFailed: It asks for cookies, and comes from another page. Without a
                browser's headers the one that asks is proof: no form sends it.
        """
        if self.is_asked_for(connection) and self._judge(connection) is Verdict.FOREIGN:
            raise CsrfFailed

    def deliver(self, auth: Assembly[Any], issued: IssuedSession) -> Response:
        """Return an answer that sets all three cookies."""
        token = make_csrf_token(auth.keys, issued.session_id)
        body = CookieSession(expires_in=issued.expires_in, csrf_token=token)
        answer = JSONResponse(body.model_dump(), headers=NO_STORE)
        lasting = issued.session_expires_in
        self._access.set(answer, issued.access_token, max_age_seconds=issued.expires_in)
        self._refresh(auth).set(answer, issued.refresh_token, max_age_seconds=lasting)
        self._csrf.set(answer, token, max_age_seconds=lasting)
        return answer

    def forget(self, auth: Assembly[Any], response: Response) -> None:
        """Have the browser forget all three cookies."""
        for cookie in (self._access, self._refresh(auth), self._csrf):
            cookie.clear(response)

    # -- requests ---------------------------------------------------------------------

    def access_token(self, connection: HTTPConnection) -> str | None:
        """Return the access cookie.

        Raises:
            AmbiguousCredentials: There are several.
        """
        return self._access.read(connection)

    def check_access(
        self, auth: Assembly[Any], connection: HTTPConnection, session_id: UUID
    ) -> None:
        """Refuse what another page has a browser do, with the user's cookies.

        Opening a WebSocket counts as doing: it is not bound to one origin, as
        reading an answer is.

        Raises:
            CsrfFailed: The request may do something, and nothing says that it
                was meant.
        """
        if connection.scope.get("method") in SAFE_METHODS:
            return
        verdict = self._judge(connection)
        if verdict is Verdict.FOREIGN:
            raise _refused(auth, connection)
        if verdict is Verdict.UNTOLD:
            self._check_token(auth, connection, session_id)

    def refresh_token(self, connection: HTTPConnection) -> str | None:
        """Return the refresh cookie.

        Raises:
            AmbiguousCredentials: There are several.
        """
        return read_cookie(connection, self._refresh_name)

    def check_refresh(
        self, auth: Assembly[Any], connection: HTTPConnection, session_id: UUID
    ) -> None:
        """Refuse a refresh that another page has a browser make, or of another's session.

        A sibling domain can set a cookie that has a path, but none with the prefix
        ``__Host-``. So the CSRF cookie says whose the refresh cookie is: nobody is
        put into a stranger's session by it.

        Raises:
            CsrfFailed: Nothing says that it was meant.
            InvalidRefreshToken: The CSRF cookie is missing, or another session's.
        """
        verdict = self._judge(connection)
        if verdict is Verdict.FOREIGN:
            raise _refused(auth, connection)
        if not is_csrf_token(auth.keys, self._csrf.read(connection) or "", session_id):
            raise InvalidRefreshToken
        if verdict is Verdict.UNTOLD:
            self._check_token(auth, connection, session_id)

    def _judge(self, connection: HTTPConnection) -> Verdict:
        headers = connection.headers
        return judge(headers.getlist("sec-fetch-site"), headers.getlist("origin"), self.origins)

    def _check_token(
        self, auth: Assembly[Any], connection: HTTPConnection, session_id: UUID
    ) -> None:
        """Check the header against the cookie, and both against the session."""
        sent = connection.headers.getlist(CSRF_HEADER)
        kept = self._csrf.read(connection)
        if kept is None or len(sent) != 1 or not same_text(sent[0], kept):
            raise _refused(auth, connection)
        if not is_csrf_token(auth.keys, kept, session_id):
            raise _refused(auth, connection)

    # -- what the browser keeps -------------------------------------------------------

    @cached_property
    def _access(self) -> Cookie:
        return self._cookie(self._prefixed("__Host-", self.access_name))

    @cached_property
    def _csrf(self) -> Cookie:
        return self._cookie(self._prefixed("__Host-", self.csrf_name), http_only=False)

    @cached_property
    def _refresh_name(self) -> str:
        return self._prefixed("__Secure-", self.refresh_name)

    def _refresh(self, auth: Assembly[Any]) -> Cookie:
        path = refresh_path(self.refresh_path, auth.settings.token_url)
        # no link leads to POST /refresh: only pages need it, of this site or of any
        same_site: SameSite = "none" if self.same_site == "none" else "strict"
        return replace(self._cookie(self._refresh_name), path=path, same_site=same_site)

    def _cookie(self, name: str, *, http_only: bool = True) -> Cookie:
        return Cookie(name, "/", self.secure, http_only, self.same_site)

    def _prefixed(self, prefix: str, name: str) -> str:
        return prefix + name if self.secure else name


def _refused(auth: Assembly[Any], connection: HTTPConnection) -> CsrfFailed:
    """Log the refusal, on the caller's routes too, and return it."""
    with during(connection):
        log_denial(auth, CsrfFailed.code, connection)
    return CsrfFailed()
