"""Tables that are there already, filled, are taken over by a migration."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import argon2
import bcrypt
import httpx2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from fastapi import FastAPI
from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Passwords,
    Sessions,
    get_auth_router,
    get_users_router,
)
from fastauth_kit.features.passwords import PasswordHasher
from tests.core.existing_tables import (
    FastapiUser,
    FastapiUserSession,
    TutorialSession,
    TutorialUser,
    before_fastapi_users,
    before_tutorial,
    migrate_fastapi_users,
    migrate_tutorial,
)
from tests.kit_app import SECRET, bearer, cheap_context
from tests.servers import DatabaseKind

PASSWORDS = {
    "ada@example.com": "ada's own secret",
    "root@localhost": "known to root alone",
    "josé@example.com": "una contraseña vieja",
}


def bcrypted(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def argon2ed(password: str) -> str:
    """As pwdlib, and so fastapi-users, makes it."""
    return argon2.PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4).hash(password)


ADA, ROOT, JOSE = PASSWORDS.values()
FLAGS = {"is_active": True, "is_superuser": False}


@dataclass(frozen=True)
class Past:
    """An app before the kit, and what it became."""

    table: Table
    rows: list[dict[str, Any]]
    migrate: Callable[[Operations], None]
    user: Any
    session: Any


PASTS = {
    "fastapi-users": Past(
        before_fastapi_users,
        [
            {**FLAGS, "is_verified": True, **row}
            for row in (
                {"id": UUID(int=1), "email": "Ada@Example.COM", "hashed_password": bcrypted(ADA)},
                {
                    "id": UUID(int=2),
                    "email": "root@localhost",
                    "hashed_password": argon2ed(ROOT),
                    "is_superuser": True,
                },
                {
                    "id": UUID(int=3),
                    "email": "jose\u0301@example.com",
                    "hashed_password": argon2ed(JOSE),
                    "is_verified": False,
                },
            )
        ],
        migrate_fastapi_users,
        FastapiUser,
        FastapiUserSession,
    ),
    "tutorial": Past(
        before_tutorial,
        [
            {**FLAGS, "name": None, **row}
            for row in (
                {"id": 7, "email": "Ada@Example.COM", "hashed_password": bcrypted(ADA)},
                {
                    "id": 8,
                    "email": "root@localhost",
                    "hashed_password": bcrypted(ROOT),
                    "is_superuser": True,
                },
                {
                    "id": 9,
                    "email": "jose\u0301@example.com",
                    "hashed_password": bcrypted(JOSE),
                    "name": "José",
                },
            )
        ],
        migrate_tutorial,
        TutorialUser,
        TutorialSession,
    ),
}


@pytest.fixture(params=PASTS)
def past(request: pytest.FixtureRequest) -> Past:
    """Each of the apps in turn."""
    return PASTS[request.param]


@pytest.fixture
async def engine(past: Past, fresh_database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database whose filled table has been taken over."""
    engine = create_async_engine(fresh_database_url)

    def migrate(connection: Connection) -> None:
        past.migrate(Operations(MigrationContext.configure(connection)))

    try:
        async with engine.begin() as connection:
            await connection.run_sync(past.table.metadata.create_all)
            await connection.execute(insert(past.table), past.rows)
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
        yield engine
    finally:
        await engine.dispose()


@pytest.fixture
async def client(past: Past, engine: AsyncEngine) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the app as it is with the kit."""
    maker = async_sessionmaker(engine)

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with maker() as session:
            yield session

    auth: AuthKit[Any] = AuthKit(
        user_model=past.user,
        get_session=get_session,
        settings=AuthSettings(secret_key=SECRET),
        features=(
            Accounts(),
            Passwords(hasher=PasswordHasher(context=cheap_context())),
            Sessions(model=past.session),
        ),
    )
    app = FastAPI()
    app.include_router(get_auth_router(auth), prefix="/api/auth")
    app.include_router(get_users_router(auth), prefix="/api/users")
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        yield client
    await auth.aclose()


async def log_in(client: httpx2.AsyncClient, email: str, password: str) -> httpx2.Response:
    return await client.post("/api/auth/login", json={"email": email, "password": password})


async def test_everybody_signs_in_with_the_password_they_had(client: httpx2.AsyncClient) -> None:
    answers = [await log_in(client, email, password) for email, password in PASSWORDS.items()]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def test_an_address_is_found_however_it_was_and_is_spelled(
    client: httpx2.AsyncClient,
) -> None:
    assert (await log_in(client, "ADA@example.com", ADA)).status_code == 200


async def test_a_wrong_password_stays_wrong(client: httpx2.AsyncClient) -> None:
    assert (await log_in(client, "ada@example.com", "Ada's own secret")).status_code == 401


async def test_a_hash_is_argon2id_after_the_first_login(
    client: httpx2.AsyncClient, engine: AsyncEngine, past: Past
) -> None:
    """And of our parameters, also where it was of stronger ones."""
    for email, password in PASSWORDS.items():
        await log_in(client, email, password)

    async with engine.connect() as connection:
        hashes = (await connection.scalars(select(past.user.hashed_password))).all()

    assert {stored.rpartition("$")[0].rpartition("$")[0] for stored in hashes} == {
        "$argon2id$v=19$m=8,t=1,p=1"
    }


async def test_a_replaced_hash_is_of_the_same_password(client: httpx2.AsyncClient) -> None:
    await log_in(client, "ada@example.com", ADA)

    assert (await log_in(client, "ada@example.com", ADA)).status_code == 200


async def test_everybody_is_listed_as_they_were(client: httpx2.AsyncClient, past: Past) -> None:
    tokens = (await log_in(client, "root@localhost", ROOT)).json()

    listed = (await client.get("/api/users", headers=bearer(tokens))).json()["items"]

    kept = ["is_active", "is_superuser"]
    expected = [{"id": row["id"], **{name: row[name] for name in kept}} for row in past.rows]
    shown = [{"id": user["id"], **{name: user[name] for name in kept}} for user in listed]
    assert [str(user["id"]) for user in shown] == [str(user["id"]) for user in expected]
    assert [user | {"id": ""} for user in shown] == [user | {"id": ""} for user in expected]
    assert [user["email"] for user in listed] == list(PASSWORDS)


async def test_a_token_of_an_old_user_names_their_old_id(
    client: httpx2.AsyncClient, past: Past
) -> None:
    tokens = (await log_in(client, "ada@example.com", ADA)).json()

    me = (await client.get("/api/users/me", headers=bearer(tokens))).json()

    assert str(me["id"]) == str(past.rows[0]["id"])


async def test_a_new_account_goes_into_the_old_table(client: httpx2.AsyncClient) -> None:
    body = {"email": "Eve@example.com", "password": "eve's brand new secret"}

    registered = await client.post("/api/auth/register", json=body)

    assert registered.status_code == 201, registered.text
    assert (await log_in(client, "eve@example.com", body["password"])).status_code == 200


async def test_addresses_that_differ_in_a_byte_are_two_from_now_on(
    client: httpx2.AsyncClient,
) -> None:
    """MariaDB's default collation takes jose@ for josé@; Alembic does not compare collations."""
    body = {"email": "jose@example.com", "password": "somebody else's secret"}

    assert (await client.post("/api/auth/register", json=body)).status_code == 201
    assert (await log_in(client, "josé@example.com", JOSE)).status_code == 200


async def drift(engine: AsyncEngine, past: Past, **options: Any) -> list[Any]:
    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, past.user.metadata))

    async with engine.connect() as connection:
        return await connection.run_sync(compare)


async def test_alembic_finds_nothing_left_to_do(engine: AsyncEngine, past: Past) -> None:
    """Tables, columns, types, nullability, indexes and foreign keys, of everything."""
    assert await drift(engine, past) == []


async def test_alembic_finds_the_defaults_in_place(
    engine: AsyncEngine, past: Past, database_kind: DatabaseKind
) -> None:
    """MariaDB stores ``true`` as ``1``, which Alembic takes for another default.

    So it does for any ``server_default=true()``; it looks only when told to.
    """
    found = await drift(engine, past, compare_server_default=True)

    flags = {"is_active", "is_superuser", "is_verified"}
    expected = flags if database_kind == "mariadb" else set[str]()
    assert {(kind, column) for ((kind, _, _, column, *_),) in found} == {
        ("modify_default", column) for column in expected
    }
