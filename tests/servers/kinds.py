"""The names of what the suite runs on."""

from typing import Final, Literal

DatabaseKind = Literal["sqlite", "postgresql", "mariadb"]
ServerKind = Literal["postgresql", "mariadb", "redis"]

DATABASE_KINDS: Final[tuple[DatabaseKind, ...]] = ("sqlite", "postgresql", "mariadb")
SERVER_KINDS: Final[tuple[ServerKind, ...]] = ("postgresql", "mariadb", "redis")

PRODUCTS: Final[dict[ServerKind, str]] = {
    "postgresql": "PostgreSQL",
    "mariadb": "MariaDB",
    "redis": "Redis",
}
