"""Checks of what ``AuthKit`` was given. Weak values are refused at start; these are about use."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from math import log2
from typing import Any

from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.settings import key_bytes
from fastauth_kit.surfaces.cli.doctor.finding import Finding, error, ok, warning

NEW_SECRET = "Make one: fastauth-kit secret"

PUBLISHED = frozenset({"a0867f5ef5c6f4c9ef60b17d815054f07c13b86617923aca24d9eb9baee29920"})
"""SHA-256 of the secrets that stand in the documentation."""

LEAST_BITS = 128

Check = Callable[[AuthKit[Any]], Iterator[Finding]]


def check_secrets(auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find secrets that others know, or that may be guessed."""
    settings = auth.settings
    given = [settings.secret_key, *settings.secret_key_fallbacks, settings.signing_key or b""]
    keys = [key_bytes(key) for key in given if key]
    if any(sha256(key).hexdigest() in PUBLISHED for key in keys):
        yield error("secret_key", "The secret is the documentation's.", NEW_SECRET)
    elif any(_bits(key) < LEAST_BITS for key in keys):
        yield warning("secret_key", "The secret does not look random.", NEW_SECRET)
    else:
        yield ok("secret_key", "The secrets look random.")


def _counts_in_memory(store: object) -> bool:
    """Told by name: importing the store asks for an extra that the app may do without."""
    return any(kind.__name__ == "MemoryStore" for kind in type(store).__mro__)


def check_throttling(auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find what may be guessed without end, or counted by each process alone."""
    throttling: Any = _named(auth, "throttling")
    if throttling is None:
        yield warning("throttling", "Passwords may be guessed without end.", "Add Throttling(...).")
    elif not _counts_in_memory(throttling.store):
        yield ok("throttling", "Attempts are counted for all processes.")
    elif os.environ.get("WEB_CONCURRENCY") == "1":
        yield ok("throttling", "Attempts are counted in memory, of one process.")
    else:
        yield warning(
            "throttling",
            "Attempts are counted in the memory of each process.",
            "Use RedisStore with several workers; or set WEB_CONCURRENCY=1, if there is one.",
        )


def check_mail(auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find mail that reaches nobody, or links in the clear."""
    mail: Any = _named(auth, "mail")
    if mail is None:
        yield warning(
            "mail", "No mail is sent: nobody gets past a forgotten password.", "Add Mail(...)."
        )
        return
    # by name: importing them would ask for the extra
    mailer = type(mail.mailer).__name__
    if mailer in {"ConsoleMailer", "RecordingMailer"}:
        yield error("mail", f"{mailer} sends to nobody.", "Use SmtpMailer(...) in production.")
    elif getattr(mail.mailer, "allow_plain_text", False):
        yield warning("mail", "Mail may leave in the clear.", "Drop allow_plain_text=True.")
    else:
        yield ok("mail", f"{mailer} sends it.")
    if mail.public_url.startswith("http:"):
        yield error("public_url", "Links lead to this machine, in the clear.", "Use https://...")


def check_cookies(auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find cookies that travel in the clear, or everywhere."""
    cookies: Any = _named(auth, "cookies")
    if cookies is None:
        return
    if not cookies.secure:
        yield error("cookies", "Cookies travel without TLS.", "Drop Cookies(secure=False).")
    elif cookies.same_site == "none":
        yield warning(
            "cookies", "Cookies are sent from other sites.", "Use same_site='lax' if you can."
        )
    else:
        yield ok("cookies", f"Cookies are Secure and SameSite={cookies.same_site.title()}.")


def check_lifetimes(auth: AuthKit[Any]) -> Iterator[Finding]:
    """Find access tokens that others would believe for hours."""
    for feature in auth.features:
        lifetime: Any = getattr(feature, "access_token_lifetime", None)
        if lifetime is not None and lifetime.total_seconds() > 3600:
            yield warning(
                "access_token_lifetime",
                "Access tokens work for more than an hour where only signatures are checked.",
                "Shorten it; sessions are refreshed.",
            )


CHECKS: tuple[Check, ...] = (
    check_secrets,
    check_throttling,
    check_mail,
    check_cookies,
    check_lifetimes,
)


def _named(auth: AuthKit[Any], name: str) -> object | None:
    """Return a feature by its name: importing all of them would ask for the extras of all."""
    return next((feature for feature in auth.features if feature.name == name), None)


def _bits(key: bytes) -> float:
    """Return how much a guesser does not know, if each byte were drawn by its frequency in it."""
    shares = [count / len(key) for count in Counter(key).values()]
    return -len(key) * sum(share * log2(share) for share in shares)
