"""What ``alembic revision --autogenerate`` writes for the kit's columns does run."""

from typing import Any

import alembic.op
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.asyncio import create_async_engine

import fastauth_kit
from tests.kit_app import IntBase, UuidBase

METADATA = [IntBase.metadata, UuidBase.metadata]


def generate(context: MigrationContext, metadata: Any) -> str:
    operations = produce_migrations(context, metadata).upgrade_ops
    assert operations is not None
    return render_python_code(operations, migration_context=context)


def upgrade(connection: Connection) -> list[Any]:
    """Run what is generated for a new database; return what is generated then."""
    context = MigrationContext.configure(connection)
    # what script.py.mako imports: the kit, like any type that is not SQLAlchemy's
    names = {"sa": sa, "op": alembic.op, "mysql": mysql, "fastauth_kit": fastauth_kit}
    with Operations.context(context):
        exec(f"if True:\n    {generate(context, METADATA)}", names)  # noqa: S102  # as Alembic does
    both = MetaData()
    for metadata in METADATA:
        for table in metadata.sorted_tables:
            table.to_metadata(both)
    return list(compare_metadata(context, both))


async def test_a_generated_migration_makes_the_tables_as_they_are(fresh_database_url: str) -> None:
    engine = create_async_engine(fresh_database_url)
    try:
        async with engine.begin() as connection:
            left = await connection.run_sync(upgrade)
    finally:
        await engine.dispose()

    assert left == []
