"""Stricter dependencies: verified, superuser, with rows loaded; step-up has a file of its own."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, String, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

from fastauth_kit import (
    AuthKit,
    AuthSettings,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
)
from fastauth_kit.features.passwords import PasswordHasher
from tests.kit_app import PASSWORD, SECRET, KitApp, bearer, cheap_context

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

REQUIREMENTS: dict[str, dict[str, Any]] = {
    "verified": {"verified": True},
    "superuser": {"superuser": True},
}


def add_routes(app: FastAPI, auth: AuthKit[Any]) -> None:
    dependencies = {name: auth.require_user(**given) for name, given in REQUIREMENTS.items()}
    dependencies["current_verified"] = auth.current_verified_user
    dependencies["current_superuser"] = auth.current_superuser
    for name, dependency in dependencies.items():
        _add_route(app, name, dependency)


def _add_route(app: FastAPI, name: str, dependency: Any) -> None:
    @app.get(f"/{name}")
    async def read(user: Annotated[Any, Depends(dependency)]) -> int:
        number: int = user.id
        return number


async def ask(kit_app: KitApp, name: str) -> tuple[int, str]:
    """Sign Ada in, ask, and return status and challenge."""
    headers = bearer(await kit_app.sign_in())
    async with kit_app.client(headers=headers) as client:
        answer = await client.get(f"/{name}")
    return answer.status_code, answer.headers.get("www-authenticate", "")


@ONE_DATABASE
@pytest.mark.parametrize(
    ("name", "columns", "status"),
    [
        ("verified", {"is_verified": True}, 200),
        ("verified", {"is_superuser": True}, 403),
        ("current_verified", {"is_verified": True}, 200),
        ("current_verified", {}, 403),
        ("superuser", {"is_superuser": True}, 200),
        ("superuser", {"is_verified": True}, 403),
        ("current_superuser", {"is_superuser": True}, 200),
        ("current_superuser", {}, 403),
    ],
)
async def test_who_does_not_meet_a_requirement_may_not_pass(
    make_app: Callable[..., KitApp], name: str, columns: dict[str, bool], status: int
) -> None:
    kit_app = make_app(configure=add_routes)
    await kit_app.add_user(**columns)

    assert await ask(kit_app, name) == (status, "")


# -- rows that come with the user ------------------------------------------------------


class Base(DeclarativeBase):
    """Tables of a caller whose users have roles."""


class Member(UserMixin[int], Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    roles: Mapped[list["Role"]] = relationship(order_by="Role.name")


class Role(Base):
    __tablename__ = "roles"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    name: Mapped[str] = mapped_column(String(20))


class MemberSession(SessionMixin[int], Base):
    __tablename__ = "member_sessions"
    __auth_user__ = Member


@pytest.fixture
async def members(fresh_database_url: str) -> AsyncIterator[KitApp]:
    """An installation whose only member has two roles."""
    engine = create_async_engine(fresh_database_url)
    sessions = async_sessionmaker(engine)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    auth: AuthKit[Member] = AuthKit(
        user_model=Member,
        get_session=get_session,
        settings=AuthSettings(secret_key=SECRET),
        features=(
            Passwords(hasher=PasswordHasher(context=cheap_context())),
            Sessions(model=MemberSession),
        ),
        user_load_options=(joinedload(Member.roles),),
    )
    bare = auth.require_user(load_options=())
    app = FastAPI()
    app.include_router(get_auth_router(auth))

    @app.get("/roles")
    async def roles(user: Annotated[Member, Depends(auth.current_user)]) -> list[str]:
        return [role.name for role in user.roles]

    @app.get("/unloaded")
    async def unloaded(user: Annotated[Member, Depends(bare)]) -> bool:
        return "roles" not in user.__dict__

    built = KitApp(
        app,
        auth,
        engine,
        sessions,
        auth.clock,
        Member,
        MemberSession,
        Role,  # type: ignore[arg-type]  # the real clock will do
        engine.sync_engine,
    )
    event.listen(
        engine.sync_engine,
        "before_cursor_execute",
        lambda *arguments: built.statements.append(arguments[2]),
    )
    hashed = cheap_context().hash(PASSWORD)
    roles_of_ada = [Role(id=2, name="writer"), Role(id=1, name="editor")]
    async with sessions.begin() as session:
        session.add(
            Member(id=1, email="ada@example.com", hashed_password=hashed, roles=roles_of_ada)
        )
    yield built
    await auth.aclose()
    await engine.dispose()


async def signed_in(members: KitApp) -> dict[str, str]:
    async with members.client() as client:
        body = {"email": "ada@example.com", "password": PASSWORD}
        return bearer((await client.post("/login", json=body)).json())


async def test_a_collection_joined_to_the_user_takes_one_statement(members: KitApp) -> None:
    headers = await signed_in(members)
    members.statements.clear()

    async with members.client(headers=headers) as client:
        answer = await client.get("/roles")

    assert answer.json() == ["editor", "writer"]
    assert len(members.statements) == 1


@ONE_DATABASE
async def test_a_dependency_may_load_less(members: KitApp) -> None:
    headers = await signed_in(members)

    async with members.client(headers=headers) as client:
        assert (await client.get("/unloaded")).json() is True


@ONE_DATABASE
async def test_a_user_found_by_address_comes_with_the_collection(members: KitApp) -> None:
    async with members.sessions() as session, members.auth.work_for(session) as work:
        found = await members.auth.find_user(work, "ADA@Example.com")
        assert found is not None

        assert [role.name for role in found.roles] == ["editor", "writer"]
