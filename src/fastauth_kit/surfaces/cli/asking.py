"""Questions to whoever sits at the terminal, and what comes through a pipe instead."""

import sys
from typing import Annotated

import typer

from fastauth_kit.core.text import is_acceptable
from fastauth_kit.surfaces.cli.refusals import Refused

LONGEST_PASSWORD = 8 * 1024
"""Bytes read; the policy's own limit is below it."""

PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def at_terminal() -> bool:
    """Whether somebody sits there to be asked."""
    return sys.stdin.isatty()


def read_password(*, from_stdin: bool) -> str:
    """Ask for a new password twice, unseen; or read one from standard input.

    Never from an argument: those are in the list of processes, and in histories.

    Raises:
        Refused: There is nobody to ask, or what came is no text.
        typer.Abort: Whoever was asked gave up.
    """
    if from_stdin:
        return _piped_password()
    if not at_terminal():
        raise Refused("There is no terminal to ask for the password on: use --password-stdin.")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return _checked(password)


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if whoever is asked says so.

    Raises:
        Refused: There is nobody to ask.
        typer.Abort: They said no, or gave up.
    """
    if yes:
        return
    if not at_terminal():
        raise Refused(f"{question} There is no terminal to ask on: use --yes.")
    typer.confirm(question, abort=True)


def checked_text(text: str, *, what: str) -> str:
    """Return an argument that every database can hold.

    Raises:
        Refused: It has a NUL in it, or bytes that are no characters.
    """
    if not is_acceptable(text):
        raise Refused(f"{what} is not text: it has a NUL, or bytes that are no characters.")
    return text


def _piped_password() -> str:
    given = sys.stdin.buffer.read(LONGEST_PASSWORD + 1)
    if len(given) > LONGEST_PASSWORD:
        raise Refused("password: too long.")
    try:
        text = given.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("password: send UTF-8.") from None
    return _checked(text.removesuffix("\n").removesuffix("\r"))


def _checked(password: str) -> str:
    if not password:
        raise Refused("password: none was given.")
    return checked_text(password, what="The password")
