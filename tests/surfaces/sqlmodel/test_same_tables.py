"""However the tables are declared, they are the same tables."""

from typing import Any

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass
from sqlalchemy.schema import CreateIndex, CreateTable

from fastauth_kit import ConfigurationError
from fastauth_kit.core.models import is_built_on
from fastauth_kit.surfaces import sqlmodel as forms
from tests.surfaces.sqlmodel.model_kinds import Tables, mapped, of_sqlmodel

DIALECTS = {"sqlite": sqlite, "postgresql": postgresql, "mariadb": mysql}


def declared(kind: str) -> Tables:
    if kind == "sqlmodel":
        return of_sqlmodel("same")
    bases: dict[str, tuple[type[Any], dict[str, Any]]] = {
        "plain": (DeclarativeBase, {}),
        "dataclass": (MappedAsDataclass, {}),
        "keywords": (MappedAsDataclass, {"kw_only": True}),
    }
    first, options = bases[kind]
    parents = (first,) if first is DeclarativeBase else (first, DeclarativeBase)
    return mapped(type("Base", parents, {}, **options), "same")


def written(table: Table, dialect: Any) -> set[str]:
    """Return what creates a table, line by line in any order, and its indexes."""
    lines = str(CreateTable(table).compile(dialect=dialect)).splitlines()
    indexes = (str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    return {*(line.strip().rstrip(",") for line in lines), *indexes}


def python_side(table: Table) -> dict[str, tuple[object, ...]]:
    """Return what SQLAlchemy itself fills in, by column."""

    def known(default: Any) -> object:
        if default is None:
            return None
        if not default.is_callable:
            return default.arg
        return default.arg

    def name(value: object) -> object:
        inner = getattr(value, "__wrapped__", value)
        return getattr(inner, "__qualname__", inner)

    return {
        column.name: (
            str(column.type),
            repr(column.type),
            column.nullable,
            name(known(column.default)),
            name(known(column.onupdate)),
            [(key.target_fullname, key.ondelete) for key in column.foreign_keys],
        )
        for column in table.columns
        if column.name not in {"id", "name"}
    }


@pytest.mark.parametrize("table", ["user", "session", "token", "failure", "pending", "event"])
@pytest.mark.parametrize("kind", ["dataclass", "keywords", "sqlmodel"])
def test_a_table_is_that_of_the_mixin(kind: str, table: str) -> None:
    plain = declared("plain").all[table].__table__
    other = declared(kind).all[table].__table__

    for module in DIALECTS.values():
        assert written(other, module.dialect()) == written(plain, module.dialect())
    assert python_side(other) == python_side(plain)


@pytest.mark.parametrize("kind", ["dataclass", "sqlmodel"])
def test_a_hash_is_not_shown(kind: str) -> None:
    user = declared(kind).user(email="ada@example.com", hashed_password="the hash")

    assert "ada@example.com" in repr(user)
    assert "the hash" not in repr(user)
    if kind == "sqlmodel":
        assert "hashed_password" not in user.model_dump()


def test_a_session_of_sqlmodel_names_its_users() -> None:
    with pytest.raises(ConfigurationError, match="AuthSession must name the class of its users"):
        type(forms.SessionMixin)("AuthSession", (forms.SessionMixin,), {}, table=True)


def test_a_form_stands_for_its_mixin_alone() -> None:
    user = declared("sqlmodel").user

    assert is_built_on(user, declared("plain").user.__mro__[1])
    assert not is_built_on(int, declared("plain").user.__mro__[1])
