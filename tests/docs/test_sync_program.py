"""The program over synchronous sessions does what its page says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from sqlalchemy import create_engine, select

from tests.docs.programs import ADA, load, sign_up


@pytest.fixture
def program(tmp_path: Path) -> ModuleType:
    """The program on a new SQLite database whose tables exist."""
    found = load("sync_app.py")
    engine = create_engine(f"sqlite:///{tmp_path}/program.db")
    found.Base.metadata.create_all(engine)
    found.maker.configure(bind=engine)
    return found


@pytest.fixture
async def client(program: ModuleType) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(program.app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client
    await program.auth.aclose()


def titles(program: ModuleType) -> list[str]:
    with program.maker() as session:
        return list(session.scalars(select(program.Post.title)))


async def test_a_post_belongs_to_who_is_signed_in(
    program: ModuleType, client: httpx2.AsyncClient
) -> None:
    headers = await sign_up(client)
    answer = await client.post("/posts", params={"title": "first"}, headers=headers)

    assert (answer.status_code, titles(program)) == (201, ["first"])


async def test_a_guest_comes_with_a_post(program: ModuleType, client: httpx2.AsyncClient) -> None:
    guest = {"email": "bob@example.com", "title": "hello"}
    answer = await client.post("/guests", params=guest)
    again = await client.post("/guests", params={**guest, "title": "again"})

    assert (answer.status_code, again.status_code) == (201, 400)
    assert titles(program) == ["hello"]


async def test_a_script_makes_a_superuser(program: ModuleType, client: httpx2.AsyncClient) -> None:
    await asyncio.to_thread(program.make_superuser, ADA["email"], ADA["password"])

    with program.maker() as session:
        assert session.scalars(select(program.User.is_superuser)).all() == [True]
    assert (await client.post("/api/auth/login", json=ADA)).status_code == 200


async def test_a_job_locks_accounts_out(program: ModuleType, client: httpx2.AsyncClient) -> None:
    await sign_up(client)
    await asyncio.to_thread(program.lock_out_everyone, [ADA["email"], "nobody@example.com"])

    answer = await client.post("/api/auth/login", json=ADA)
    assert answer.json()["code"] == "inactive_user"
