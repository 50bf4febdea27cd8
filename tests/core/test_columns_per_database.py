"""The types that columns have on each database, as SQL, whether there is a server or not."""

from typing import Any

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.mysql import mariadb

from fastauth_kit.core.models import UtcDateTime, exact_text
from tests.kit_app import IntSession, IntUser

BYTEWISE = "VARCHAR(7) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


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
