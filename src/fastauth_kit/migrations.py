"""How Alembic writes the kit's columns into migrations.

Hand ``render_item`` to ``context.configure`` in ``env.py``. Nothing here imports
Alembic, so that an app without it may import everything.
"""

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.sql.elements import False_, True_

from fastauth_kit.core.models import CurrentMoment, UtcDateTime

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

__all__ = ["render_item"]


def render_item(kind: str, item: Any, autogen: "AutogenContext") -> str | Literal[False]:
    """Write the kit's types and defaults so that a migration imports and runs everywhere.

    Autogenerate renders a default as SQL of the database it runs against:
    ``sa.true()`` as ``1`` on SQLite, which PostgreSQL refuses for a boolean.

    Returns:
        Python source, or ``False`` for what Alembic does well by itself. An app
        with types of its own asks here first, or last.
    """
    if kind == "type" and type(item) is UtcDateTime:
        return _moment(item, autogen)
    if kind == "type" and type(item).__module__.startswith("sqlmodel."):
        autogen.imports.add("import sqlmodel")  # Alembic writes its name alone
    if kind == "server_default":
        return _default(getattr(item, "arg", None), autogen)
    return False


def _moment(item: UtcDateTime, autogen: "AutogenContext") -> str | Literal[False]:
    if getattr(item, "_variant_mapping", None):
        # Alembic writes the variants, and the type itself with the name of its module
        autogen.imports.add("import fastauth_kit")
        return False
    return _imported(repr(item), autogen)


def _default(value: Any, autogen: "AutogenContext") -> str | Literal[False]:
    prefix = autogen.opts["sqlalchemy_module_prefix"] or ""
    match value:
        case CurrentMoment():
            return _imported("CurrentMoment()", autogen)
        case True_():
            return f"{prefix}true()"
        case False_():
            return f"{prefix}false()"
        case _:
            return False


def _imported(source: str, autogen: "AutogenContext") -> str:
    autogen.imports.add(f"from fastauth_kit import {source.partition('(')[0]}")
    return source
