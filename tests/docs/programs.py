"""Loads the programs of the documentation and gives each a database of its own."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
from sqlalchemy.ext.asyncio import create_async_engine

import fastauth_kit

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"
EXAMPLE_APP = DOCS.parent / "examples" / "fastapi-docker"

SOURCE = Path(fastauth_kit.__file__).parents[1]

ADA = {"email": "ada@example.com", "password": "correct horse battery"}


def environment() -> dict[str, str]:
    """Return the environment of a program that is started as a process."""
    ours = {"PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **ours, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def load(name: str) -> ModuleType:
    """Import a fresh copy of a program, named relative to ``docs/examples``."""
    module_name = "docs_example_" + name.removesuffix(".py").replace("/", "_")
    spec = spec_from_file_location(module_name, EXAMPLES / name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def running(program: ModuleType, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Bind a program to a new SQLite database and call it; its tables exist."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/program.db")
    async with engine.begin() as connection:
        await connection.run_sync(program.Base.metadata.create_all)
    program.maker.configure(bind=engine)
    transport = httpx2.ASGITransport(program.app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client
    await program.auth.aclose()
    await engine.dispose()


async def sign_up(client: httpx2.AsyncClient, **fields: Any) -> dict[str, str]:
    """Register Ada, sign her in and return the header that presents her token."""
    registered = await client.post("/api/auth/register", json={**ADA, **fields})
    assert registered.status_code == 201, registered.text
    return await sign_in(client)


async def sign_in(client: httpx2.AsyncClient, prefix: str = "/api/auth") -> dict[str, str]:
    """Sign Ada in and return the header that presents her token."""
    answer = await client.post(f"{prefix}/login", json=ADA)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
