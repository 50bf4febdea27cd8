"""Sessions whose time zone is not UTC, as on many servers."""

TOKYO = {
    "sqlite": "SELECT 1",
    "postgresql": "SET TIME ZONE 'Asia/Tokyo'",
    "mariadb": "SET time_zone = '+09:00'",
}
