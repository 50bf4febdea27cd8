"""The types that columns have on each database, as SQL, whether there is a server or not."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.mysql import mariadb

from fastauth_kit.core.models import UtcDateTime, exact_text
from tests.kit_app import IntSession, IntUser

BYTEWISE = "VARCHAR(7) COLLATE utf8mb4_bin"


@pytest.mark.parametrize(
    ("dialect", "text", "moment", "naive"),
    [
        (sqlite.dialect(), "VARCHAR(7)", "DATETIME", "DATETIME"),
        (
            postgresql.dialect(),
            "VARCHAR(7)",
            "TIMESTAMP WITH TIME ZONE",
            "TIMESTAMP WITHOUT TIME ZONE",
        ),
        (mysql.dialect(), BYTEWISE, "DATETIME(6)", "DATETIME(6)"),
        (mariadb.MariaDBDialect(), BYTEWISE, "DATETIME(6)", "DATETIME(6)"),
    ],
    ids=["sqlite", "postgresql", "mysql", "mariadb"],
)
def test_text_compares_bytewise_and_moments_keep_microseconds(
    dialect: Any, text: str, moment: str, naive: str
) -> None:
    assert exact_text(7).compile(dialect=dialect) == text
    assert UtcDateTime().compile(dialect=dialect) == moment
    assert UtcDateTime(timezone=False).compile(dialect=dialect) == naive


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (IntUser, {"email", "hashed_password"}),
        (IntSession, {"revoked_reason", "refresh_salt", "refresh_key_id"}),
    ],
)
def test_what_is_compared_as_a_secret_or_an_address_compares_bytewise(
    table: Any, columns: set[str]
) -> None:
    found = {
        column.name
        for column in table.__table__.columns
        if "utf8mb4_bin" in column.type.compile(dialect=mariadb.MariaDBDialect())
    }

    assert found == columns


MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
IN_UTC = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
NAIVE = IN_UTC.replace(tzinfo=None)


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time zone is another one."""
    monkeypatch.setenv("TZ", "NZST-12")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize("keeps_zone", [True, False])
@pytest.mark.parametrize("name", ["sqlite", "postgresql", "mariadb"])
def test_a_moment_is_sent_in_utc_and_with_its_zone_only_where_the_column_has_one(
    name: str, keeps_zone: bool
) -> None:
    """asyncpg takes no aware value for a column without time zone, and the reverse."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql, "mariadb": mysql}[name].dialect()

    sent = UtcDateTime(timezone=keeps_zone).process_bind_param(MOMENT, dialect)

    aware = keeps_zone and name == "postgresql"
    assert sent == (IN_UTC if aware else NAIVE)


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize("received", [NAIVE, MOMENT])
def test_a_moment_comes_back_in_utc_whatever_the_driver_gives(received: datetime) -> None:
    moment = UtcDateTime().process_result_value(received, postgresql.dialect())

    assert moment == IN_UTC
    assert moment is not None
    assert moment.tzinfo is UTC
