"""The short form, which belongs to every run of the suite, and the long one (``CHAOS=1``)."""

import os
import random
from typing import TypeVar

import pytest

T = TypeVar("T")

LONG = os.environ.get("CHAOS", "") not in ("", "0")
"""Whether this is ``make chaos``."""

only_in_the_long_form = pytest.mark.skipif(not LONG, reason="part of the long form: CHAOS=1")


def form(*, short: T, long: T) -> T:
    """Return what this form of the tests uses."""
    return long if LONG else short


def say(line: str) -> None:
    """Print: pytest shows it where a test fails, and ``make chaos`` always."""
    print(line)  # noqa: T201


def seeded(name: str) -> random.Random:
    """Return the chance of one test; ``CHAOS_SEED`` repeats a run.

    The moments of a fault depend on the machine too, so the seed repeats what
    was asked for, not every interleaving.
    """
    seed = os.environ.get("CHAOS_SEED") or str(random.SystemRandom().getrandbits(32))
    say(f"{name}: CHAOS_SEED={seed}")
    return random.Random(f"{name} {seed}")  # noqa: S311
