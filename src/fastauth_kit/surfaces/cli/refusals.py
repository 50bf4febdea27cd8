"""What is said when something is refused: a sentence, never a traceback or a secret."""

from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from fastauth_kit.core.errors import (
    AuthError,
    ConfigurationError,
    DatabaseUnavailable,
    InvalidInput,
)
from fastauth_kit.core.text import printable
from fastauth_kit.features.signing_keys import RotationRefused


class Refused(Exception):
    """A command does not do what it was asked for."""


REFUSALS = (Refused, ConfigurationError, RotationRefused, AuthError, SQLAlchemyError, OSError)


def sentence(refusal: Exception) -> str:
    """Return what to tell an operator."""
    match refusal:
        case InvalidInput():
            return "; ".join(_field(each["loc"], each["msg"]) for each in refusal.fields)
        case DatabaseUnavailable():
            return f"The database cannot be reached{_because(refusal)}. Nothing more was done."
        case AuthError():
            return refusal.detail
        case SQLAlchemyError():
            return _of_the_database(refusal)
        case OSError():
            return f"{refusal.filename or type(refusal).__name__}: {refusal.strerror or 'failed'}"
        case _:
            return printable(str(refusal), at_most=2000)


def _field(place: Sequence[str | int], message: str) -> str:
    steps = [str(step) for step in place if step != "body"]
    return f"{'.'.join(steps)}: {message}" if steps else message


def _because(error: BaseException) -> str:
    """Return the kind of the failure; its text may name users and addresses."""
    cause: BaseException = error
    while (deeper := _below(cause)) is not None:
        cause = deeper
    return "" if cause is error else f" ({type(cause).__name__})"


def _below(error: BaseException) -> BaseException | None:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig
    return error.__cause__


def _of_the_database(error: SQLAlchemyError) -> str:
    """Return what the driver said, without the statement and its parameters."""
    said = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
    first = printable(said.partition("\n")[0], at_most=300)
    return f"The database refused: {first}. Do the tables fit? See: fastauth-kit doctor"
