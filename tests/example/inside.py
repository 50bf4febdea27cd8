"""The example app within this process, on a database of the test's own.

Its own engine settings, session dependency, middleware and error handlers are at
work. Only the address of the database is another one, and hashing is cheap.
"""

import importlib
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.example.server import FOLDER, SECRET

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    id: int
    email: str
    headers: dict[str, str]
    tokens: dict[str, Any]


@dataclass
class Example:
    """The app, somebody who calls it, and its database."""

    app: FastAPI
    client: httpx2.AsyncClient
    engine: AsyncEngine
    statements: list[str] = field(default_factory=list[str])
    """Every statement the app sent; clear it before counting."""

    async def person(self, name: str = "ada", *, superuser: bool = False) -> Person:
        """Register somebody and sign them in."""
        account = {"email": f"{name}@example.com", "password": PASSWORD}
        registered = await self.client.post("/api/auth/register", json={**account, "name": name})
        assert registered.status_code == 201, registered.text
        if superuser:
            await self.execute("UPDATE users SET is_superuser = true WHERE email = :email", account)
        answer = await self.client.post("/api/auth/login", json=account)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        return Person(registered.json()["id"], account["email"], headers, tokens)

    async def write(self, author: Person, title: str = "Hello", body: str = "") -> dict[str, Any]:
        """Write a post and return it as it was answered."""
        new = {"title": title, "body": body}
        answer = await self.client.post("/api/posts", json=new, headers=author.headers)
        assert answer.status_code == 201, answer.text
        post: dict[str, Any] = answer.json()
        return post

    async def execute(self, statement: str, values: dict[str, Any] | None = None) -> list[Any]:
        """Run SQL past the app; returns the first column."""
        clause = text(statement)
        wanted = {name: (values or {})[name] for name in clause.compile().params}
        async with self.engine.begin() as connection:
            result = await connection.execute(clause, wanted)
            return [row[0] for row in result] if result.returns_rows else []


@contextmanager
def importable(**settings: str) -> Iterator[None]:
    """Let ``import app`` find a fresh copy of the example, with these settings."""
    others = _forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        # tests register more people in a minute than is good anywhere else
        unlimited = {"DEBUG": "true", "THROTTLING": "off"}
        for name, value in {"SECRET_KEY": SECRET, **unlimited, **settings}.items():
            patch.setenv(name, value)
        try:
            yield
        finally:
            _forget()
            sys.modules.update(others)


def _forget() -> dict[str, ModuleType]:
    """Take every module named ``app`` away, and return them."""
    names = [name for name in sys.modules if name.partition(".")[0] == "app"]
    return {name: sys.modules.pop(name) for name in names}


def module(name: str) -> Any:
    """Return a module of the example's."""
    return importlib.import_module(f"app.{name}")


def hash_cheaply() -> None:
    """Take the cost out of hashing, as docs/how-to/testing.md does."""
    passwords = module("auth").auth.feature(importlib.import_module("fastauth_kit").Passwords)
    passwords.hasher.context.update(
        argon2__memory_cost=8, argon2__time_cost=1, argon2__parallelism=1
    )


@asynccontextmanager
async def on_database(url: str, **options: Any) -> AsyncIterator[Example]:
    """Let the app work on a database, in which its tables are made."""
    database = module("database")
    engine: AsyncEngine = database.make_engine(url, **options)
    bound_before = database.AsyncSessionLocal.kw["bind"]
    async with engine.begin() as connection:
        await connection.run_sync(module("models").User.metadata.create_all)
    database.AsyncSessionLocal.configure(bind=engine)
    app: FastAPI = module("main").app
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        example = Example(app, client, engine)
        event.listen(engine.sync_engine, "before_cursor_execute", _note(example.statements))
        yield example
    await module("auth").auth.after_commit.drain()
    database.AsyncSessionLocal.configure(bind=bound_before)
    await engine.dispose()


def _note(statements: list[str]) -> Any:
    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    return note
