"""Which user a command is about: an address, however it is spelled, or an id."""

from typing import Annotated, Any

import typer

from fastauth_kit.core.addresses import lookup_form
from fastauth_kit.core.models import UserMixin
from fastauth_kit.core.store import find
from fastauth_kit.core.text import printable
from fastauth_kit.core.work import Work
from fastauth_kit.surfaces.cli.asking import checked_text
from fastauth_kit.surfaces.cli.refusals import Refused

Whom = Annotated[str, typer.Argument(metavar="USER", help="E-mail address or id.")]


async def find_whom(work: Work, text: str) -> UserMixin[Any]:
    """Return the user with an address or an id.

    Raises:
        Refused: There is none.
    """
    checked_text(text, what="USER")
    user = await _by_address(work, text) or await _by_id(work, text)
    if user is None:
        raise Refused(f"There is no user {printable(text, at_most=320)}.")
    return user


async def _by_address(work: Work, text: str) -> UserMixin[Any] | None:
    model = work.auth.user_model
    found: UserMixin[Any] | None = await find(work, model, model.email == lookup_form(text))
    return found


async def _by_id(work: Work, text: str) -> UserMixin[Any] | None:
    try:
        key = work.auth.user_key.read(text)
    except ValueError:
        return None
    model = work.auth.user_model
    found: UserMixin[Any] | None = await find(work, model, model.id == key)
    return found
