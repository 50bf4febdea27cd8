"""What the example's settings take, and the sentences with which they refuse."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fastauth_kit import ConfigurationError
from fastauth_kit.features.signing_keys import Algorithm, generate_key
from tests.example import inside
from tests.example.inside import Example
from tests.example.server import FOLDER, SECRET, environment

pytestmark = pytest.mark.usefixtures("example_modules")


def settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Any:
    """Return the settings of an environment with these values."""
    for name in ("DEBUG", "THROTTLING"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return inside.module("config").Settings(_env_file=None)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///./app.db",
        "postgresql+asyncpg://app:word@db:5432/app",
        "mysql+aiomysql://app:word@db/app?charset=utf8mb4",
        "mariadb+aiomysql://app:word@db/app",
    ],
)
def test_the_three_databases_are_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert url == settings(monkeypatch, DATABASE_URL=url).DATABASE_URL


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://app:s3cret@db/app", "write postgresql+asyncpg://"),
        ("postgres://app:s3cret@db/app", "write postgresql+asyncpg://"),
        ("postgresql+psycopg2://app:s3cret@db/app", "write postgresql+asyncpg://"),
        ("mysql+pymysql://app:s3cret@db/app", "write mysql+aiomysql://"),
        ("mariadb://app:s3cret@db/app", "write mariadb+aiomysql://"),
        ("sqlite:///s3cret.db", "write sqlite+aiosqlite://"),
        ("sqlite+aiosqlite://", "name a file"),
        ("sqlite+aiosqlite:///:memory:", "name a file"),
        ("oracle://app:s3cret@db/app", "this app speaks mariadb+aiomysql, mysql+aiomysql"),
        ("s3cret", "write it as postgresql+asyncpg://"),
    ],
)
def test_another_driver_is_refused_by_the_name_of_the_right_one(
    monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(monkeypatch, DATABASE_URL=url)

    assert "DATABASE_URL" in str(refusal.value)
    assert sentence in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DEBUG", "maybe", "valid boolean"),
        ("ALGORITHM", "none", "'HS512', 'EdDSA', 'ES256' or 'RS256'"),
        ("ALGORITHM", "RS256", "needs SIGNING_KEY: a PEM or a JWK"),
        ("SMTP_URL", "http://u:s3cret@mail.example.com", "must look like smtp://"),
        ("SMTP_URL", "smtp://u@mail.example.com", "needs both username and password"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0", "greater than 0"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "half an hour", "valid integer"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "99999999999999", "less than or equal to 1440"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "-1", "greater than 0"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "99999999999999", "less than or equal to 3650"),
        ("CORS_ORIGINS", '["http://localhost:3000/"]', "without a path"),
        ("CORS_ORIGINS", '["localhost:3000"]', "an origin is written as https://"),
        ("ALLOWED_HOSTS", '["http://example.com"]', "a host is written as example.com"),
        ("ALLOWED_HOSTS", '["example.*"]', "a host is written as example.com"),
        ("ALLOWED_HOSTS", '["example.com:8000"]', "without a port"),
        ("REDIS_URL", "redis:6379", "write it as redis://host:6379/0"),
        ("THROTTLING", "off", "needs DEBUG=true"),
        ("THROTTLING", "no", "'on' or 'off'"),
        ("FIRST_SUPERUSER", "a@example.com", "needs FIRST_SUPERUSER_PASSWORD"),
    ],
)
def test_a_wrong_value_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(monkeypatch, **{name: value})

    assert name in str(refusal.value)
    assert sentence in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("name", ["CORS_ORIGINS", "ALLOWED_HOSTS"])
def test_a_list_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(Exception, match=name):
        settings(monkeypatch, **{name: "http://a.example,http://b.example"})


@pytest.mark.parametrize(
    "secret", ["your-secret-key", "dev-secret-key", "your-secret-key-your-secret-key-1", "x" * 31]
)
def test_the_secrets_of_tutorials_are_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        settings(monkeypatch, SECRET_KEY=secret).auth()

    assert "secret_key" in str(refusal.value)
    assert secret not in str(refusal.value)


@pytest.mark.parametrize("value", [None, ""])
def test_there_is_no_default_secret(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("SECRET_KEY")
    with pytest.raises(ValidationError, match="SECRET_KEY"):
        settings(monkeypatch, **({} if value is None else {"SECRET_KEY": value}))


def test_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """``SMTP_URL=${SMTP_URL:-}`` in a compose file."""
    fields = set(inside.module("config").Settings.model_fields) - {"SECRET_KEY"}

    read = settings(monkeypatch, **dict.fromkeys(fields, ""))

    assert read.ACCESS_TOKEN_EXPIRE_MINUTES == 30
    assert read.REFRESH_TOKEN_EXPIRE_DAYS == 7
    assert read.CORS_ORIGINS == ["http://localhost:3000"]
    assert read.DATABASE_URL == "sqlite+aiosqlite:///./app.db"


def test_the_signing_key_and_algorithm_reach_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "k" + SECRET[::-1] * 2
    auth = settings(monkeypatch, SIGNING_KEY=key, ALGORITHM="HS512").auth()

    assert (auth.algorithm, auth.signing_key) == ("HS512", key)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_a_key_pair_signs_and_its_public_half_is_published(
    monkeypatch: pytest.MonkeyPatch, algorithm: Algorithm
) -> None:
    read = settings(monkeypatch, SIGNING_KEY=generate_key(algorithm), ALGORITHM=algorithm)

    (public,) = json.loads(read.signing_keys().public_jwks)["keys"]

    assert read.auth().signing_key is None
    assert public["alg"] == algorithm
    assert "d" not in public


def test_a_key_pair_of_another_algorithm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch, SIGNING_KEY=generate_key("EdDSA"), ALGORITHM="ES256")

    with pytest.raises(ConfigurationError, match="set ALGORITHM=EdDSA"):
        read.signing_keys()


@pytest.mark.parametrize(
    ("values", "origins", "secure"),
    [
        ({}, ["http://localhost:3000"], True),
        ({"CORS_ORIGINS": '["*"]'}, [], True),
        ({"CORS_ORIGINS": '["http://app.example.com"]'}, [], True),
        (
            {"DEBUG": "true", "CORS_ORIGINS": '["http://pc.lan:3000"]'},
            ["http://pc.lan:3000"],
            False,
        ),
        ({"DEBUG": "true", "CORS_ORIGINS": '["https://a.example"]'}, ["https://a.example"], True),
        ({"DEBUG": "true", "PUBLIC_URL": "https://a.example"}, ["http://localhost:3000"], True),
    ],
)
def test_cookies_are_for_the_pages_that_cors_names(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], origins: list[str], secure: bool
) -> None:
    """Without TLS only while debugging, and where nothing has it."""
    cookies = settings(monkeypatch, **values).cookies()

    assert (cookies.origins, cookies.secure) == (origins, secure)


def test_trusted_proxies_reach_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    auth = settings(monkeypatch, TRUSTED_PROXIES='["172.30.255.0/28"]').auth()

    assert [str(network) for network in auth.proxies.networks] == ["172.30.255.0/28"]
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        settings(monkeypatch, TRUSTED_PROXIES='["nginx"]').auth()


def test_a_file_of_settings_is_read_and_may_hold_what_compose_wants(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SECRET_KEY={SECRET}\nAPP_NAME=Ours\nPOSTGRES_PASSWORD=x\n")
    done = subprocess.run(
        [sys.executable, "-c", "from app.main import app; print(app.title)"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=":".join([str(FOLDER), *sys.path])),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "Ours\n"


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        (("admin", "a long and secret sentence"), "Not a valid e-mail address."),
        (("admin@example.com", "short"), "Use at least 8 characters."),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_first_superuser_that_cannot_be_is_refused_at_start(
    inside_app: Example,
    monkeypatch: pytest.MonkeyPatch,
    account: tuple[str, str],
    sentence: str,
) -> None:
    startup = inside.module("startup")
    email, password = account
    read = settings(monkeypatch, FIRST_SUPERUSER=email, FIRST_SUPERUSER_PASSWORD=password)
    monkeypatch.setattr(startup, "get_settings", lambda: read)

    with pytest.raises(ValueError, match="FIRST_SUPERUSER") as refusal:
        await startup.create_first_superuser()

    assert sentence in str(refusal.value)
    assert password not in str(refusal.value)
    assert await inside_app.execute("SELECT count(*) FROM users") == [0]
