"""What ``alembic revision --autogenerate`` writes for the kit's columns, on any database."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _render_column, _repr_type
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import mysql
from sqlmodel import AutoString

import fastauth_kit
from fastauth_kit import CurrentMoment, UtcDateTime
from fastauth_kit.core.models import exact_text
from fastauth_kit.migrations import render_item
from tests.kit_app import IntBase

DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")


def context(dialect: str, **options: Any) -> AutogenContext:
    opts = {
        "sqlalchemy_module_prefix": "sa.",
        "alembic_module_prefix": "op.",
        "user_module_prefix": None,
        "render_item": render_item,
    }
    return AutogenContext(MigrationContext.configure(dialect_name=dialect), opts=opts | options)


def tables(dialect: str) -> str:
    made = [ops.CreateTableOp.from_table(table) for table in IntBase.metadata.sorted_tables]
    return render_python_code(
        ops.UpgradeOps(made),
        render_item=render_item,
        migration_context=MigrationContext.configure(dialect_name=dialect),
    )


@pytest.mark.parametrize("dialect", DIALECTS[1:])
def test_every_database_gets_the_same_migration(dialect: str) -> None:
    assert tables(dialect) == tables("sqlite")


@pytest.mark.parametrize(
    ("column", "source"),
    [
        (
            sa.Column("x", UtcDateTime, server_default=CurrentMoment()),
            "UtcDateTime(), server_default=CurrentMoment()",
        ),
        (sa.Column("x", UtcDateTime(timezone=False)), "UtcDateTime(timezone=False)"),
        (
            sa.Column("x", sa.Boolean, server_default=sa.true()),
            "sa.Boolean(), server_default=sa.true()",
        ),
        (
            sa.Column("x", sa.Boolean, server_default=sa.false()),
            "sa.Boolean(), server_default=sa.false()",
        ),
        (
            sa.Column("x", sa.Integer, server_default=sa.text("7")),
            "sa.Integer(), server_default=sa.text('7')",
        ),
        (
            sa.Column("x", exact_text(7)),
            "sa.String(length=7)"
            ".with_variant(sa.String(length=7, collation='utf8mb4_bin'), 'mariadb')"
            ".with_variant(sa.String(length=7, collation='utf8mb4_bin'), 'mysql')",
        ),
    ],
    ids=["moment", "naive moment", "true", "false", "a text of the caller's", "exact text"],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_column_is_written_as_it_was_declared(
    column: "sa.Column[Any]", source: str, dialect: str
) -> None:
    rendered = _render_column(column, context(dialect))

    assert rendered == f"sa.Column('x', {source}, nullable=True)"


def test_what_is_written_is_imported() -> None:
    rendering = context("sqlite")
    column = sa.Column("x", UtcDateTime(timezone=False), server_default=CurrentMoment())

    _render_column(column, rendering)

    assert rendering.imports == {
        "from fastauth_kit import CurrentMoment",
        "from fastauth_kit import UtcDateTime",
    }


def test_a_variant_of_the_callers_is_kept() -> None:
    rendering = context("sqlite")
    moment = UtcDateTime().with_variant(mysql.DATETIME(fsp=3), "mysql")

    source = _repr_type(moment, rendering)

    names = {"fastauth_kit": fastauth_kit, "mysql": mysql}
    assert "import fastauth_kit" in rendering.imports
    assert eval(source, names).dialect_impl(mysql.dialect()).fsp == 3  # noqa: S307  # as Alembic


class Hour(UtcDateTime):
    """A type of the caller's on the kit's."""

    cache_ok = True


def test_a_type_that_the_caller_derived_is_left_to_alembic() -> None:
    rendering = context("sqlite")

    assert _repr_type(Hour(), rendering).endswith(".Hour()")
    assert rendering.imports == set()


def test_another_name_for_sqlalchemy_is_kept() -> None:
    column = sa.Column("x", sa.Boolean, server_default=sa.true())

    rendered = _render_column(column, context("sqlite", sqlalchemy_module_prefix="sqla."))

    assert "server_default=sqla.true()" in rendered


def test_the_names_that_are_imported_are_public() -> None:
    assert {"CurrentMoment", "UtcDateTime"} <= set(fastauth_kit.__all__)


def test_what_sqlmodel_makes_of_text_is_imported() -> None:
    autogen = context("sqlite")

    written = _repr_type(AutoString(length=100), autogen)

    assert written == "sqlmodel.sql.sqltypes.AutoString(length=100)"
    assert autogen.imports == {"import sqlmodel"}
