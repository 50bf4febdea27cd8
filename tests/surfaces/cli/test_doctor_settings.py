"""``fastauth-kit doctor`` sees what settings and servers are not fit for production."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool

from fastauth_kit import AuthSettings
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.models import utc_now
from fastauth_kit.core.secrets import random_text
from fastauth_kit.features.cookies import Cookies
from fastauth_kit.features.mail import ConsoleMailer, SmtpMailer
from fastauth_kit.features.throttling import Throttling
from fastauth_kit.features.throttling.redis_store import RedisStore
from fastauth_kit.surfaces.cli.doctor import database
from fastauth_kit.surfaces.cli.doctor.finding import Finding, Level
from fastauth_kit.surfaces.cli.doctor.settings import CHECKS, PUBLISHED
from tests.kit_app import build
from tests.mailing import mail_features, once
from tests.surfaces.cli.shops import Shop

ROOT = Path(__file__).parents[3]


def findings(*features: Feature, **options: Any) -> list[Finding]:
    auth = build(more_features=features, **options).auth
    return [finding for check in CHECKS for finding in check(auth)]


def levels(subject: str, *features: Feature, **options: Any) -> list[Level]:
    found = findings(*features, **options)
    return [finding.level for finding in found if finding.subject == subject]


def test_every_secret_of_the_documentation_is_known() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.py")]
    secrets = {secret for text in texts for secret in re.findall(r'secret_key="([^"]+)"', text)}

    assert secrets
    assert {sha256(secret.encode()).hexdigest() for secret in secrets} == PUBLISHED


@pytest.mark.parametrize(
    ("secret", "level"),
    [
        ("c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n", Level.ERROR),
        ("aaaaaaaabbbbbbbbccccccccddddeeffgh", Level.WARNING),
        ("fP9vX2mQ7sT4wZ8kB3nR6yC1hJ5gL0dA", Level.OK),
    ],
)
def test_a_secret_is_judged_and_not_repeated(secret: str, level: Level) -> None:
    settings = AuthSettings(secret_key=secret)

    assert levels("secret_key", settings=settings) == [level]
    assert secret not in repr(findings(settings=settings))


def test_a_weak_fallback_counts_too() -> None:
    weak = "aaaaaaaabbbbbbbbccccccccddddeeffgh"
    settings = AuthSettings(secret_key=random_text(32), secret_key_fallbacks=[weak])

    assert levels("secret_key", settings=settings) == [Level.WARNING]


def test_throttling_is_missed_and_its_memory_is_one_process_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    store = RedisStore("redis://127.0.0.1:1/0")

    assert levels("throttling") == [Level.WARNING]
    assert levels("throttling", Throttling()) == [Level.WARNING]
    assert levels("throttling", Throttling(store=store)) == [Level.OK]
    monkeypatch.setenv("WEB_CONCURRENCY", "1")
    assert levels("throttling", Throttling()) == [Level.OK]


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ({}, Level.ERROR),
        ({"mailer": ConsoleMailer()}, Level.ERROR),
        ({"mailer": SmtpMailer(host="mail.example.com")}, Level.OK),
        (
            {"mailer": SmtpMailer(host="mail", encryption="none", allow_plain_text=True)},
            Level.WARNING,
        ),
    ],
)
def test_mail_that_reaches_nobody_is_an_error(options: dict[str, Any], level: Level) -> None:
    assert levels("mail", *mail_features(**options)) == [level]


def test_links_to_this_machine_are_an_error() -> None:
    assert levels("mail") == [Level.WARNING]
    assert levels("public_url", *mail_features()) == []
    assert levels("public_url", *mail_features(public_url="http://localhost")) == [Level.ERROR]


def test_cookies_without_tls_are_an_error() -> None:
    elsewhere = Cookies(same_site="none", origins=["https://pages.example.com"])

    assert levels("cookies") == []
    assert levels("cookies", Cookies()) == [Level.OK]
    assert levels("cookies", Cookies(secure=False)) == [Level.ERROR]
    assert levels("cookies", elsewhere) == [Level.WARNING]


def test_long_access_tokens_are_noticed() -> None:
    long = {"access_token_lifetime": timedelta(hours=2)}

    assert levels("access_token_lifetime", sessions_options=long) == [Level.WARNING]
    assert levels("access_token_lifetime") == []


def _facts(shop: Shop) -> dict[str, str]:
    lines = shop.call("doctor").out.splitlines()[:-1]
    return {line[8:].split(":")[0]: line.split(" ")[0] for line in lines}


def test_clocks_that_disagree_are_noticed(shop: Shop) -> None:
    """That of the tests stands still."""
    right = replace(shop.kit_app.auth, clock=utc_now)
    wrong = replace(shop.kit_app.auth, clock=lambda: utc_now() + timedelta(seconds=20))

    vars(shop.module)["auth"] = right
    assert _facts(shop)["clock"] == "ok"
    vars(shop.module)["auth"] = wrong
    assert _facts(shop)["clock"] == "warning"


def test_an_app_that_nobody_administers_is_noticed(shop: Shop) -> None:
    before = _facts(shop)["superuser"]
    shop.add(is_superuser=True)

    assert (before, _facts(shop)["superuser"]) == ("warning", "ok")


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("level", "finding"), [("REPEATABLE READ", "error"), ("SERIALIZABLE", "ok")]
)
def test_the_isolation_level_is_looked_at(
    make_shop: Callable[..., Shop], level: str, finding: str
) -> None:
    shop = make_shop(engine_options={"isolation_level": level})

    assert _facts(shop)["isolation"] == finding


@pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
def test_an_engine_without_a_pool_is_noticed(make_shop: Callable[..., Shop]) -> None:
    assert "pool" not in _facts(make_shop())
    assert _facts(make_shop(engine_options={"poolclass": NullPool}))["pool"] == "warning"


def test_a_server_that_is_too_old_is_noticed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _facts(shop)["database"] == "ok"
    future = dict.fromkeys([*database.OLDEST, "sqlite"], (99, 0))
    monkeypatch.setattr(database, "OLDEST", future)

    assert _facts(shop)["database"] == "error"


@once
def test_warnings_fail_a_deployment_only_where_they_are_to(shop: Shop) -> None:
    settings = AuthSettings(secret_key=random_text(32))
    vars(shop.module)["auth"] = replace(shop.kit_app.auth, settings=settings)

    usual, strict = shop.call("doctor"), shop.call("doctor", "--strict", "--json")

    assert (usual.code, strict.code) == (0, 2)
    assert "0 errors" in usual.out
