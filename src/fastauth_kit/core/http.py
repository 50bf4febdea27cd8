"""HTTP in: bearer tokens, client addresses, strict bodies, and the route that ties them."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute
from python_multipart.multipart import parse_options_header
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.current_request import answering
from fastauth_kit.core.database import is_data_error, is_retryable, is_unavailable
from fastauth_kit.core.devices import device_of as device_of  # noqa: PLC0414  # part of HTTP in
from fastauth_kit.core.errors import (
    AmbiguousCredentials,
    AuthError,
    BodyTooLarge,
    DatabaseUnavailable,
    DataConflict,
    FieldError,
    InvalidInput,
    InvalidToken,
    NotEnoughPermissions,
)
from fastauth_kit.core.event_log import log_denial
from fastauth_kit.core.guards import one_request
from fastauth_kit.core.problems import ErrorShape, invalid_input
from fastauth_kit.core.text import (
    UnacceptableJson,
    is_acceptable,
    parse_json,
    repeatable,
    unacceptable_places,
)
from fastauth_kit.core.work import CommitOutcomeUnknown

ATTEMPTS = 8
"""How often a handler runs when the database asks to try again."""

LONGEST_BACKOFF_SECONDS = 0.25

_UTF_8 = (b"utf-8", b"utf8")

ResultT = TypeVar("ResultT")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def bearer_token(connection: HTTPConnection) -> str | None:
    """Return the token of the Authorization header (RFC 6750, section 2.1).

    ``None`` without such a header, or with another scheme in it.

    Raises:
        AmbiguousCredentials: There is more than one such header.
        InvalidToken: The scheme is Bearer, but no single token follows.
    """
    values = connection.headers.getlist("authorization")
    if len(values) > 1:
        raise AmbiguousCredentials
    scheme, _, token = (values[0] if values else "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    if not token or " " in token or "," in token:
        raise InvalidToken
    return token


class StrictRequest(Request):
    """A request whose body is bounded, and parsed the way RFC 8259 has it."""

    max_body_bytes: int

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            self._body = await self._read_bounded()
        return self._body

    async def _read_bounded(self) -> bytes:
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self.max_body_bytes:
            raise BodyTooLarge
        chunks = bytearray()
        async for chunk in self.stream():
            chunks += chunk
            if len(chunks) > self.max_body_bytes:
                raise BodyTooLarge
        return bytes(chunks)

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            try:
                value = parse_json(await self.body())
            except UnacceptableJson as error:
                raise InvalidInput.at("body", type="json_invalid", msg=str(error)) from None
            _refuse_unacceptable(value)
            self._json = value
        return self._json

    async def _get_form(self, **limits: Any) -> FormData:
        if self._form is None:
            await self.body()
            _check_charset(self.headers.get("content-type", ""))
            try:
                form = await super()._get_form(**limits)
            except (HTTPException, ValueError):
                raise InvalidInput(_bad_text("body")) from None
            try:
                _check_form(form)
            except AuthError:
                self._form = None  # whoever asks again is refused again
                await form.close()
                raise
            self._form = form
        return self._form


def _refuse_unacceptable(value: Any) -> None:
    # the first place is enough: there may be thousands, each with a long way to it
    for place in unacceptable_places(value, ("body",)):
        raise InvalidInput(_bad_text(*place))


def _bad_text(*place: str | int) -> FieldError:
    sentence = "Send text, without NUL or unpaired surrogates."
    return FieldError(type="text_invalid", loc=[repeatable(part) for part in place], msg=sentence)


def _check_charset(content_type: str) -> None:
    """Refuse a multipart form in anything but UTF-8.

    Starlette decodes with whatever codec of Python's the client names: some
    fail in their own way, and ``idna`` takes quadratic time.
    """
    media_type, options = parse_options_header(content_type)
    charset = options.get(b"charset", b"utf-8").lower()
    # python-multipart before 0.0.33 leaves its case as it was sent
    if media_type.lower() == b"multipart/form-data" and charset not in _UTF_8:
        raise InvalidInput.at("header", "content-type", type="charset", msg="Send UTF-8.")


def _check_form(form: FormData) -> None:
    names = [name for name, _ in form.multi_items()]
    if len(set(names)) != len(names):
        raise AmbiguousCredentials
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) or not is_acceptable(name + value):
            raise InvalidInput(_bad_text("body", name))


class AuthRoute(APIRoute):
    """A route of the kit's: strict in what it reads, uniform in how it refuses.

    Runs the whole handler again, with a fresh session, when the database asks
    for it. A handler therefore commits once, as the last thing it does.
    """

    shape: ClassVar[ErrorShape] = ErrorShape()
    max_body_bytes: ClassVar[int] = 64 * 1024
    auth: ClassVar[Assembly[Any] | None] = None
    """Whose routes these are: for the log of what was denied."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def strict_handler(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            strict.max_body_bytes = self.max_body_bytes
            outer = answering.set(strict)
            try:
                _check_head(strict)
                return await run_with_retries(lambda: handler(strict))
            except RequestValidationError as error:
                return self.shape.respond(invalid_input(error))
            except AuthError as error:
                if self.auth is not None and isinstance(error, NotEnoughPermissions):
                    log_denial(self.auth, error.code, strict)
                return self.shape.respond(error)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it
            finally:
                answering.reset(outer)

        return strict_handler


def _check_head(request: Request) -> None:
    if len(request.headers.getlist("authorization")) > 1:
        raise AmbiguousCredentials
    if not request.scope["query_string"]:
        return
    for name, value in request.query_params.multi_items():
        if not is_acceptable(name + value):
            raise InvalidInput(_bad_text("query", name))


async def run_with_retries(attempt: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Run something until the database takes it, a bounded number of times.

    Raises:
        DatabaseUnavailable: The database is away, or kept refusing.
    """
    with one_request():
        for number in range(1, ATTEMPTS + 1):
            try:
                return await attempt()
            except CommitOutcomeUnknown:
                raise
            # SQLAlchemy lets the error of a number that SQLite cannot hold through
            except (SQLAlchemyError, DatabaseUnavailable, OverflowError) as error:
                if not is_retryable(error):
                    refusal = as_refusal(error)
                    if refusal is error:
                        raise
                    raise refusal from error
            # asyncpg raises its own errors while connecting
            except Exception as error:
                if not is_unavailable(error):
                    raise
                raise DatabaseUnavailable from error
            if number < ATTEMPTS:
                await asyncio.sleep(_backoff_seconds(number))
        raise DatabaseUnavailable


def as_refusal(error: Exception) -> Exception:
    """Return what a failure of the database means to a client; itself, if that is nobody's fault.

    For after the last try: what might succeed at another one is an outage.
    """
    if is_unavailable(error) or is_retryable(error):
        return error if isinstance(error, DatabaseUnavailable) else DatabaseUnavailable()
    if is_data_error(error):
        return InvalidInput.at("body", type="value_error", msg="A value does not fit its column.")
    return DataConflict() if isinstance(error, IntegrityError) else error


def _backoff_seconds(attempt: int) -> float:
    """Return a random pause that grows, so that those who collided spread out."""
    return random.uniform(0, min(LONGEST_BACKOFF_SECONDS, 0.005 * 2**attempt))  # noqa: S311
