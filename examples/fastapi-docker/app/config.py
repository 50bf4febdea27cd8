"""Settings, from the environment or ``.env``."""

import json
import re
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from fastauth_kit import AuthSettings, ConfigurationError
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.mail import SmtpMailer
from fastauth_kit.features.signing_keys import SYMMETRIC, SigningKeys

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
    "mariadb": "mariadb+aiomysql",
}
"""The driver that this app installs for each database."""

HMAC = {"HS256", "HS384", "HS512"}
"""Algorithms whose key both signs and verifies."""


def _check_database_url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("write it as postgresql+asyncpg://user:password@host/name") from None
    driver = DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise ValueError(f"this app speaks {', '.join(sorted(set(DRIVERS.values())))}")
    if url.drivername != driver:
        raise ValueError(f"write {driver}://... instead of {url.drivername}://...")
    if driver == DRIVERS["sqlite"] and url.database in (None, "", ":memory:"):
        raise ValueError("name a file, sqlite+aiosqlite:///./app.db: memory is not shared")
    return text


def _check_redis_url(text: str) -> str:
    if text and not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("write it as redis://host:6379/0 (rediss:// with TLS)")
    return text


def _check_smtp_url(given: SecretStr) -> SecretStr:
    try:
        if given.get_secret_value():
            # TLS depends on another setting, see app/services/mail.py; the form does not
            SmtpMailer.from_url(given.get_secret_value(), allow_plain_text=True)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
    return given


def _check_origin(text: str) -> str:
    if text != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#\s]+", text):
        raise ValueError("an origin is written as https://app.example.com, without a path")
    return text


def _check_host(text: str) -> str:
    if text != "*" and not re.fullmatch(r"(\*\.)?[^*/:\s]+", text):
        raise ValueError("a host is written as example.com or *.example.com, without a port")
    return text


def _is_guarded(origin: str) -> bool:
    """Whether pages of an origin come as they were sent: by TLS, or from this machine."""
    parts = urlsplit(origin)
    return parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}


class Settings(BaseSettings):
    """What a deployment decides."""

    model_config = SettingsConfigDict(
        env_file=".env",
        # docker compose reads the same file, and knows names that we do not
        extra="ignore",
        # "REDIS_URL=" in a compose file means: not set
        env_ignore_empty=True,
        # what is refused may be a password
        hide_input_in_errors=True,
    )

    APP_NAME: str = "FastAPI App"
    DEBUG: bool = False

    DATABASE_URL: Annotated[str, AfterValidator(_check_database_url)] = (
        "sqlite+aiosqlite:///./app.db"
    )

    SECRET_KEY: SecretStr
    SIGNING_KEY: SecretStr = SecretStr("")
    ALGORITHM: Literal["HS256", "HS384", "HS512", "EdDSA", "ES256", "RS256"] = "HS256"
    ACCESS_TOKEN_EXPIRE_MINUTES: Annotated[int, Field(gt=0, le=24 * 60)] = 30
    REFRESH_TOKEN_EXPIRE_DAYS: Annotated[int, Field(gt=0, le=3650)] = 7

    CORS_ORIGINS: list[Annotated[str, AfterValidator(_check_origin)]] = ["http://localhost:3000"]
    ALLOWED_HOSTS: list[Annotated[str, AfterValidator(_check_host)]] = ["*"]
    TRUSTED_PROXIES: list[str] = []
    PUBLIC_URL: str = "http://localhost:8000"
    DOCS: bool = True
    MIGRATE_AT_START: bool = True

    REDIS_URL: Annotated[str, AfterValidator(_check_redis_url)] = ""
    WS_RECHECK_SECONDS: Annotated[float, Field(gt=0, le=60)] = 5.0
    SMTP_URL: Annotated[SecretStr, AfterValidator(_check_smtp_url)] = SecretStr("")
    SMTP_WITHOUT_TLS: bool = False
    MAIL_FROM: str = "FastAPI App <app@localhost>"
    REQUIRE_VERIFIED_EMAIL: bool = False
    PRIVATE_REGISTRATION: bool = False
    THROTTLING: Literal["on", "off"] = "on"

    FIRST_SUPERUSER: str = ""
    FIRST_SUPERUSER_PASSWORD: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def throttle_unless_debugging(self) -> Self:
        """Attempts are only unlimited where load is tested."""
        if self.THROTTLING == "off" and not self.DEBUG:
            raise ValueError("THROTTLING=off is for load tests and needs DEBUG=true")
        return self

    @model_validator(mode="after")
    def first_superuser_has_a_password(self) -> Self:
        """An address alone makes no account."""
        if self.FIRST_SUPERUSER and not self.FIRST_SUPERUSER_PASSWORD.get_secret_value():
            raise ValueError("FIRST_SUPERUSER needs FIRST_SUPERUSER_PASSWORD")
        return self

    @model_validator(mode="after")
    def pages_may_use_cookies(self) -> Self:
        """Those that anybody on the way could write may not."""
        try:
            self.cookies()
        except ConfigurationError as error:
            raise ValueError(f"CORS_ORIGINS: {error}") from None
        return self

    @model_validator(mode="after")
    def key_pair_is_given(self) -> Self:
        """A key pair cannot be derived from a secret."""
        if self.ALGORITHM not in HMAC and not self.SIGNING_KEY.get_secret_value():
            raise ValueError(f"ALGORITHM={self.ALGORITHM} needs SIGNING_KEY: a PEM or a JWK")
        return self

    def auth(self) -> AuthSettings:
        """Return what the kit wants of them; it refuses a weak key."""
        settings = AuthSettings(
            secret_key=self.SECRET_KEY.get_secret_value(),
            token_url="/api/auth/login",
            trusted_proxies=self.TRUSTED_PROXIES,
        )
        match self.ALGORITHM:
            case "HS256" | "HS384" | "HS512" as algorithm:
                key = self.SIGNING_KEY.get_secret_value() or None
                return replace(settings, signing_key=key, algorithm=algorithm)
            case _:  # signing_keys() has the key
                return settings

    def cookies(self) -> Cookies:
        """Return the cookies, for pages that CORS lets in and that nobody on the way can write."""
        named = [] if "*" in self.CORS_ORIGINS else self.CORS_ORIGINS
        origins = named if self.DEBUG else [origin for origin in named if _is_guarded(origin)]
        has_tls = any(url.startswith("https:") for url in (self.PUBLIC_URL, *origins))
        # browsers take secure cookies from http://localhost; from other machines while debugging
        return Cookies(origins=origins, secure=has_tls or not self.DEBUG)

    def signing_keys(self) -> SigningKeys:
        """Return the key pair of the access tokens, if there is one, to be published."""
        if self.ALGORITHM in HMAC:
            return SigningKeys(current=SYMMETRIC)
        keys = SigningKeys(current=self.SIGNING_KEY.get_secret_value())
        (key,) = json.loads(keys.public_jwks)["keys"]
        if key["alg"] != self.ALGORITHM:
            raise ConfigurationError(
                f"SIGNING_KEY is a key for {key['alg']}: set ALGORITHM={key['alg']}"
            )
        return keys


@lru_cache
def get_settings() -> Settings:
    """Return the settings, read once."""
    return Settings()  # type: ignore[call-arg]  # the environment has them
