"""Swaps parts of an installation for the time of a test."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from fastauth_kit.core.assembly import Assembly
from fastauth_kit.features.passwords import Passwords
from fastauth_kit.surfaces.testing.clock import FrozenClock
from fastauth_kit.surfaces.testing.guard import refuse_outside_tests
from fastauth_kit.surfaces.testing.hashing import cheap
from fastauth_kit.surfaces.testing.mailbox import Mailbox
from fastauth_kit.surfaces.testing.prompt_actions import PromptActions


@dataclass(frozen=True, slots=True)
class AuthTesting:
    """What stands in an installation while it is tested."""

    clock: FrozenClock
    """Its one source of time."""
    mailbox: Mailbox
    """Where its mail goes; empty where ``Mail`` is not on."""


@contextmanager
def under_test(
    auth: Assembly[Any], *, start: datetime | None = None, fast_hashing: bool = True
) -> Generator[AuthTesting]:
    """Make an installation quick and predictable until the end of the block.

    Time stands still, mail is kept, hashing costs nothing, ``Throttling`` counts
    in a memory of its own, and what runs after a commit has run when the answer
    is there. Then everything is as it was. The app need not be built anew: the
    kit looks these parts up whenever it needs them.

    Args:
        auth: The caller's ``AuthKit``, as the app uses it.
        start: Where the clock stands at first; ``None`` for this moment.
        fast_hashing: ``False`` hashes as in production: 20 to 30 ms each.

    Raises:
        ConfigurationError: No test is running.
        ValueError: ``start`` has no time zone.
    """
    refuse_outside_tests("under_test(auth)")
    given = AuthTesting(FrozenClock(start), Mailbox())
    with ExitStack() as undo:
        _swap(undo, auth, "clock", given.clock)
        _swap(undo, auth, "after_commit", PromptActions())
        for feature in auth.features:
            if isinstance(feature, Passwords) and fast_hashing:
                _swap(undo, feature, "hasher", cheap(feature.hasher))
            # by name: their packages need extras that the app may do without
            if feature.name == "mail":
                _swap(undo, feature, "mailer", given.mailbox)
            if feature.name == "throttling":
                _swap(undo, feature, "store", _default_factory(feature, "store")())
        yield given


def _swap(undo: ExitStack, part: object, name: str, value: object) -> None:
    """Set an option of a frozen part, and set it back at the end."""
    undo.callback(object.__setattr__, part, name, getattr(part, name))
    object.__setattr__(part, name, value)


def _default_factory(part: Any, name: str) -> Callable[[], object]:
    """Return what makes an option where the caller gives none."""
    (factory,) = [option.default_factory for option in fields(part) if option.name == name]
    assert callable(factory)  # noqa: S101  # dataclasses type it with MISSING; for the types
    return factory
