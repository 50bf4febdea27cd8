"""``fastauth-kit doctor`` sees what a live schema lacks, on every database."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Integer, String, create_engine, make_url

from fastauth_kit.core.models import utc_now
from fastauth_kit.features.audit import Audit
from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.private_registration import PrivateRegistration
from tests.kit_app import (
    SECRET,
    SYNC_DRIVERS,
    IntAuditEvent,
    IntBase,
    IntLoginFailure,
    IntPendingRegistration,
    UuidAuditEvent,
    UuidBase,
    UuidLoginFailure,
    UuidOneTimeToken,
    UuidPendingRegistration,
    build,
    build_app,
)
from tests.mailing import mail_features
from tests.surfaces.cli.shops import Terminal

Change = Callable[[Operations], None]

FEATURES = (
    *mail_features(PrivateRegistration(model=IntPendingRegistration)),
    Lockout(model=IntLoginFailure),
    Audit(model=IntAuditEvent),
)
UUID_FEATURES = (
    *mail_features(PrivateRegistration(model=UuidPendingRegistration), model=UuidOneTimeToken),
    Lockout(model=UuidLoginFailure),
    Audit(model=UuidAuditEvent),
)


@dataclass(frozen=True)
class Patient:
    """A database with every table, to be changed and examined."""

    url: str
    terminal: Terminal

    def suffers(self, change: Change) -> None:
        with _operations(self.url) as operations:
            change(operations)

    def says(self, *words: str) -> tuple[int, list[dict[str, str]]]:
        done = self.terminal.call("--app", "shop:auth", "doctor", "--json", *words)
        assert done.err == ""
        return done.code, [json.loads(line) for line in done.out.splitlines()]

    def complaints(self) -> list[tuple[str, str, str]]:
        """Return what is wrong with tables."""
        return [
            (each["level"], each["subject"], each["fact"])
            for each in self.says()[1]
            if each["subject"].startswith(("int_", "uuid_")) and each["level"] != "ok"
        ]


@contextmanager
def _operations(url: str) -> Iterator[Operations]:
    backend = make_url(url).get_backend_name()
    engine = create_engine(make_url(url).set(drivername=f"{backend}+{SYNC_DRIVERS[backend]}"))
    with engine.begin() as connection:
        yield Operations(MigrationContext.configure(connection))
    engine.dispose()


@pytest.fixture
def patient(
    fresh_database_url: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> Patient:
    with _operations(fresh_database_url) as operations:
        for base in (IntBase, UuidBase):
            base.metadata.create_all(operations.get_bind())
    kit_app = build_app(fresh_database_url, more_features=FEATURES)
    module = ModuleType("shop")
    vars(module)["auth"] = replace(kit_app.auth, clock=utc_now)
    monkeypatch.setitem(sys.modules, "shop", module)
    return Patient(fresh_database_url, terminal)


def test_a_new_schema_is_fine(patient: Patient) -> None:
    assert patient.complaints() == []
    subjects = {each["subject"] for each in patient.says()[1]}
    assert {"int_users", "int_sessions", "int_one_time_tokens", "int_audit_events"} <= subjects
    assert {"int_login_failures", "int_pending_registrations", "database", "clock"} <= subjects


def test_a_new_schema_with_uuids_is_fine(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    kit_app = build_app(patient.url, key="uuid", style="sync", more_features=UUID_FEATURES)
    monkeypatch.setattr(sys.modules["shop"], "auth", kit_app.auth)

    assert patient.complaints() == []


def _batch(table: str, change: Callable[[Any], object]) -> Change:
    def change_table(operations: Operations) -> None:
        with operations.batch_alter_table(table) as batch:
            change(batch)

    return change_table


def _alter(table: str, column: str, **options: Any) -> Change:
    return _batch(table, lambda batch: batch.alter_column(column, **options))


CHANGES: dict[str, tuple[Change, tuple[str, str, str]]] = {
    "table": (
        lambda op: op.drop_table("int_sessions"),
        ("error", "int_sessions", "The table is missing."),
    ),
    "column": (
        _batch("int_users", lambda batch: batch.drop_column("name")),
        ("error", "int_users.name", "The column is missing."),
    ),
    "required column": (
        _batch("int_users", lambda batch: batch.add_column(Column("age", Integer, nullable=False))),
        ("error", "int_users.age", "The table needs a value that the model does not know."),
    ),
    "unique index": (
        lambda op: op.drop_index("ix_int_users_email", "int_users"),
        ("error", "int_users.email", "Nothing in the database keeps it unique."),
    ),
    "index": (
        lambda op: op.drop_index("ix_int_users_is_superuser", "int_users"),
        (
            "warning",
            "int_users.is_superuser",
            "There is no index: requests read the whole table.",
        ),
    ),
    "kind": (
        _alter(
            "int_users",
            "name",
            type_=Integer(),
            existing_nullable=True,
            postgresql_using="name::integer",
        ),
        ("error", "int_users.name", "The column is INTEGER, the model says VARCHAR(100)."),
    ),
    "length": (
        _alter("int_users", "name", type_=String(10), existing_nullable=True),
        ("error", "int_users.name", "The column takes 10 characters, the model 100."),
    ),
    "not null": (
        _alter("int_users", "name", existing_type=String(100), nullable=False),
        ("error", "int_users.name", "The column is NOT NULL, the model may leave it empty."),
    ),
    "null": (
        _alter("int_posts", "title", existing_type=String(100), nullable=True),
        ("", "", ""),
    ),
    "null of the kit": (
        _alter("int_one_time_tokens", "attempts", existing_type=Integer(), nullable=True),
        (
            "warning",
            "int_one_time_tokens.attempts",
            "The column may be NULL, the model says never.",
        ),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_table_lacks_is_found_and_nothing_else(patient: Patient, what: str) -> None:
    change, expected = CHANGES[what]

    patient.suffers(change)

    # MariaDB gives whole numbers a width
    found = [(*kept, fact.replace("(11)", "")) for *kept, fact in patient.complaints()]
    assert found == ([expected] if expected[0] else [])
    assert patient.says()[0] == 1  # mail that is kept for tests is an error, too


ON_MARIADB = {
    "collation": (
        "ALTER TABLE int_users MODIFY email VARCHAR(320) COLLATE utf8mb4_general_ci NOT NULL",
        (
            "error",
            "int_users.email",
            "The collation is utf8mb4_general_ci: different texts count as equal.",
        ),
    ),
    "precision": (
        "ALTER TABLE int_sessions MODIFY rotated_at DATETIME",
        ("error", "int_sessions.rotated_at", "The column rounds to whole seconds."),
    ),
}

ON_POSTGRESQL = {
    "zone": (
        "ALTER TABLE int_users ALTER created_at TYPE timestamp",
        (
            "error",
            "int_users.created_at",
            "The column is without time zone, the model says otherwise.",
        ),
    ),
    "cascade": (
        "ALTER TABLE int_sessions DROP CONSTRAINT int_sessions_user_id_fkey, "
        "ADD FOREIGN KEY (user_id) REFERENCES int_users (id)",
        (
            "warning",
            "int_sessions.user_id",
            "The foreign key says ON DELETE NO ACTION, the model CASCADE.",
        ),
    ),
    "foreign key": (
        "ALTER TABLE int_sessions DROP CONSTRAINT int_sessions_user_id_fkey",
        ("warning", "int_sessions.user_id", "There is no foreign key."),
    ),
    "own type": (
        "ALTER TABLE int_users ALTER name TYPE inet USING NULL",
        None,
    ),
}


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
@pytest.mark.parametrize("what", ON_MARIADB)
def test_what_mariadb_would_do_is_found(patient: Patient, what: str) -> None:
    statement, expected = ON_MARIADB[what]

    patient.suffers(lambda op: op.execute(statement))

    assert patient.complaints() == [expected]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", ON_POSTGRESQL)
def test_what_postgresql_would_do_is_found(patient: Patient, what: str) -> None:
    statement, expected = ON_POSTGRESQL[what]

    patient.suffers(lambda op: op.execute(statement))

    assert patient.complaints() == ([expected] if expected else [])


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_people_read_lines(patient: Patient) -> None:
    patient.suffers(lambda op: op.drop_table("int_sessions"))

    done = patient.terminal.call("--app", "shop:auth", "doctor")

    assert done.code == 1
    lines = done.out.splitlines()
    assert (
        "error   int_sessions: The table is missing. Run your migrations: alembic upgrade head."
        in lines
    )
    assert "ok      int_users: The table fits its model." in lines
    assert lines[-1].split(",")[0].endswith(" errors")


def test_the_secret_of_the_tests_is_not_printed(patient: Patient) -> None:
    assert SECRET not in json.dumps(patient.says()[1])
    assert build().auth.settings.secret_key == SECRET
