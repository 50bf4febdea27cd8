"""What is put together wrongly is refused in words that can be acted on, to the letter.

Other tests look at when something is refused, and at a word or two of the sentence.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    ConfigurationError,
    EventSink,
    Passwords,
    Sessions,
    UserMixin,
    get_auth_router,
)
from fastauth_kit.core.models import primary_key
from fastauth_kit.core.routes import Routes
from fastauth_kit.core.transport import SessionTransport
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.passwords import HashingPool, PasswordPolicy, default_context
from tests.kit_app import SECRET, IntSession, IntUser, UuidUser

OTHER = "seven-Brave-Otters-swim-under-4-old-piers"
ADVICE = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


class Base(DeclarativeBase):
    pass


class TwoKeys(UserMixin[int], Base):
    __tablename__ = "two_keys"
    one: Mapped[int] = mapped_column(primary_key=True)
    other: Mapped[int] = mapped_column(primary_key=True)


class Bell:
    """Takes part in nothing that is known."""


class OtherCookies(Cookies, SessionTransport):
    """A transport of a caller's."""


class Listener(EventSink):
    async def receive(self, work: Any, event: Any) -> None:
        """Listen."""


def settings(**options: Any) -> AuthSettings:
    return AuthSettings(**{"secret_key": SECRET, **options})


def kit(*features: Any, **options: Any) -> AuthKit[Any]:
    given = {"user_model": IntUser, "get_session": lambda: None, "settings": settings()}
    return AuthKit(**{**given, "features": features, **options})


def sessions(**options: Any) -> Sessions:
    return Sessions(model=IntSession, **options)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: settings(secret_key="short"), f"secret_key has 5 bytes and needs 32; {ADVICE}"),
        (
            lambda: settings(secret_key=7),
            f"secret_key must be text or bytes, not int; {ADVICE}",
        ),
        (lambda: settings(secret_key="\ud800" * 40), f"secret_key is not valid text; {ADVICE}"),
        (
            lambda: settings(secret_key="change-me-" * 4),
            f"secret_key is a placeholder; {ADVICE}",
        ),
        (lambda: settings(secret_key="a" * 64), f"secret_key is not random; {ADVICE}"),
        (
            lambda: settings(secret_key_fallbacks=OTHER),
            "secret_key_fallbacks must be a list of keys, not one key",
        ),
        (
            lambda: settings(signing_key=OTHER, signing_key_fallbacks=[OTHER]),
            "signing_key and signing_key_fallbacks name the same key twice",
        ),
        (
            lambda: settings(signing_key=SECRET),
            "signing_key must differ from secret_key: who verifies access tokens "
            "could forge everything else",
        ),
        (
            lambda: settings(algorithm="none"),
            "algorithm must be one of HS256, HS384, HS512, not 'none'",
        ),
        (
            lambda: settings(trusted_proxies="10.0.0.0/8"),
            "trusted_proxies must be a list of networks, such as ['10.0.0.0/8'], "
            "or the number of proxies in front of the app",
        ),
        (
            lambda: settings(secret_key=SECRET, secret_key_fallbacks=[SECRET]),
            "secret_key and secret_key_fallbacks name the same key twice",
        ),
        (
            lambda: kit(Passwords(), sessions()).require_user(max_age=timedelta(0)),
            "require_user(max_age=...) must be at least a second",
        ),
        (
            lambda: kit(Passwords(), sessions(), Cookies(), hooks=(OtherCookies(),)),
            "one part at most may be a SessionTransport",
        ),
        (lambda: settings(max_body_bytes=1), "max_body_bytes must be at least 1024"),
        (
            lambda: sessions(access_token_lifetime=timedelta(0)),
            "access_token_lifetime must be at least a second",
        ),
        (
            lambda: sessions(idle_lifetime=timedelta(minutes=1)),
            "lifetimes must grow: access_token_lifetime <= idle_lifetime <= absolute_lifetime",
        ),
        (
            lambda: sessions(refresh_grace=timedelta(minutes=6)),
            "refresh_grace must be between 0 and 5 minutes",
        ),
        (
            lambda: kit(Passwords(), sessions(), user_model=UuidUser),
            "IntSession.__auth_user__ must be UuidUser",
        ),
        (
            lambda: kit(Passwords()),
            "exactly one feature must issue sessions, 0 do; "
            "add Sessions(model=...) to AuthKit(features=...)",
        ),
        (lambda: kit(Accounts(), sessions()), "add Passwords(...) to AuthKit(features=...)"),
        (
            lambda: kit(sessions(), Passwords(), Passwords()),
            "features=(...) names 'passwords' more than once",
        ),
        (
            lambda: kit(sessions(), hooks=(Bell(),)),
            "Bell in AuthKit(hooks=...) takes part in nothing; "
            "let it inherit from a class in fastauth_kit.core.hooks, such as EventSink",
        ),
        (
            lambda: kit(sessions(), hooks=(Listener,)),
            "AuthKit(hooks=...) needs instances: write Listener(), not Listener",
        ),
        (
            lambda: kit(sessions(), user_model=IntSession),
            "IntSession must inherit from UserMixin",
        ),
        (
            lambda: primary_key(TwoKeys),
            "TwoKeys must be mapped to a table with one primary-key column, it has 2",
        ),
        (
            lambda: get_auth_router(kit(sessions()), routes=Routes(only=["sing_in", "log_in"])),
            "Routes(...) names log_in, sing_in; there are: "
            "list_sessions, logout, refresh, revoke_other_sessions, revoke_session",
        ),
        (
            lambda: PasswordPolicy(min_length=7),
            "PasswordPolicy needs min_length of 8 or more (ASVS 6.2.1).",
        ),
        (
            lambda: PasswordPolicy(max_length=63),
            "PasswordPolicy needs max_length from 64 (ASVS 6.2.9) to 1024.",
        ),
        (
            lambda: PasswordPolicy(min_length=100, max_length=64),
            "PasswordPolicy needs min_length <= max_length.",
        ),
        (
            lambda: HashingPool(0),
            "HashingPool needs workers of 1 or more, max_waiting of 0 or more "
            "and niceness from 0 to 19.",
        ),
    ],
)
def test_a_wrong_configuration_is_refused_in_these_words(
    build: Callable[[], Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build()

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"bcrypt__rounds": 3}, "bcrypt needs rounds from 4 to 31"),
        (
            {"argon2__memory_cost": 7},
            "argon2 needs time_cost >= 1, parallelism >= 1 and memory_cost >= 8 * parallelism",
        ),
    ],
)
def test_a_wrong_cost_is_refused_in_these_words(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as refused:
        default_context(**options)

    assert str(refused.value) == sentence
