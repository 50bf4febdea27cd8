"""Parts that do not fit together are refused at start, with a sentence."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    ConfigurationError,
    CredentialChange,
    CredentialListener,
    CurrentSession,
    Device,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    Work,
)
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import IssuedSession, SessionIssuer
from tests.core.parts import fetch, turns, working
from tests.kit_app import SECRET, IntSession, IntUser, KitApp, UuidSession

ONE_DATABASE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

maker = async_sessionmaker[AsyncSession]()


async def get_session() -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        yield session


def build(**changes: Any) -> AuthKit[Any]:
    parts: dict[str, Any] = {
        "user_model": IntUser,
        "get_session": get_session,
        "settings": AuthSettings(secret_key=SECRET),
        "features": (Passwords(), Sessions(model=IntSession)),
        **changes,
    }
    return AuthKit(**parts)


def test_parts_that_fit_are_taken() -> None:
    assert build().feature(Passwords).name == "passwords"


# -- the session dependency ------------------------------------------------------------


async def get_begun() -> AsyncIterator[AsyncSession]:
    async with maker.begin() as session:
        yield session


async def get_begun_inside() -> AsyncIterator[AsyncSession]:
    async with maker() as session, session.begin():
        yield session


async def get_after_begin() -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        async with session.begin():
            await session.execute(select(1))
        yield session


def get_sync() -> Iterator[Session]:
    with Session() as session:
        yield session


def get_sync_begun() -> Iterator[Session]:
    with Session() as session, session.begin():
        yield session


class SessionSource:
    """A dependency without source code of its own to look at."""

    async def __call__(self) -> AsyncSession:
        return maker()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (get_begun, r"yields inside begin.*yield from '\(async\) with maker"),
        (get_begun_inside, "yields inside begin"),
        (get_sync_begun, "yields inside begin"),
        ("get_session", "must be a dependency"),
    ],
)
def test_a_session_dependency_that_cannot_work_is_refused(source: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        build(get_session=source)


@pytest.mark.parametrize("source", [get_after_begin, get_sync, SessionSource(), max])
def test_a_session_dependency_that_may_work_is_taken(source: Callable[..., Any]) -> None:
    assert build(get_session=source).get_session is source


# -- features --------------------------------------------------------------------------


class Second(Feature, SessionIssuer):
    name: ClassVar[str] = "second"

    async def issue_session(
        self, work: Work, user: UserMixin[Any], *, methods: Any, device: Device
    ) -> IssuedSession:
        raise NotImplementedError

    async def renew_session_proof(
        self, work: Work, session: CurrentSession, *, method: str
    ) -> None:
        raise NotImplementedError


SESSIONS = Sessions(model=IntSession)


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        ((Passwords(),), r"exactly one feature must issue sessions, 0 do; add Sessions\(model"),
        ((), "0 do"),
        ((Passwords(), SESSIONS, Second()), "exactly one feature must issue sessions, 2 do"),
        ((Passwords(), SESSIONS, Passwords()), "names 'passwords' more than once"),
        ((Accounts(), SESSIONS), r"add Passwords\(...\) to AuthKit"),
        ((Passwords(), Sessions(model=UuidSession)), r"UuidSession\.__auth_user__ must be IntUser"),
    ],
)
def test_features_that_do_not_fit_are_refused(features: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        build(features=features)


def test_a_feature_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"add Accounts\(...\) to AuthKit"):
        build().feature(Accounts)


def test_a_session_model_that_is_none_is_refused() -> None:
    class NoModel:
        pass

    with pytest.raises(ConfigurationError, match=r"NoModel\.__auth_user__ must be IntUser"):
        build(features=(Passwords(), Sessions(model=NoModel)))  # type: ignore[arg-type]  # the mistake


# -- the user table --------------------------------------------------------------------


class OtherBase(DeclarativeBase):
    """Tables that do not fit."""


class Composite(UserMixin[int], OtherBase):
    __tablename__ = "composite"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int] = mapped_column(primary_key=True)


class NoUser(OtherBase):
    __tablename__ = "no_user"
    id: Mapped[int] = mapped_column(primary_key=True)


class FloatKey(UserMixin[float], OtherBase):
    __tablename__ = "float_key"
    id: Mapped[float] = mapped_column(primary_key=True)


class NotMapped(UserMixin[int]):
    """Without a table."""


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (Composite, "Composite must be mapped to a table with one primary-key column, it has 2"),
        (NotMapped, "NotMapped must be mapped to a table with one primary-key column, it has 0"),
        (NoUser, "NoUser must inherit from UserMixin"),
        (FloatKey, "user ids must be int, UUID or str, not float"),
    ],
)
def test_a_user_table_that_does_not_fit_is_refused(model: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        build(user_model=model)


def test_a_session_table_of_a_composite_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="one primary-key column, it has 2"):

        class CompositeSession(SessionMixin[int], OtherBase):
            __tablename__ = "composite_sessions"
            __auth_user__ = Composite


# -- without HTTP, and the end ---------------------------------------------------------


@pytest.mark.parametrize("spelling", ["ada@example.com", " ADA@Example.COM "])
async def test_a_user_is_found_however_the_address_is_spelled(
    kit_app: KitApp, spelling: str
) -> None:
    user_id = await kit_app.add_user()

    async with working(kit_app) as work:
        found = await kit_app.auth.find_user(work, spelling)
        assert found is not None

        assert found.id == user_id


@ONE_DATABASE
async def test_an_address_without_an_account_finds_nobody(kit_app: KitApp) -> None:
    async with working(kit_app) as work:
        assert await kit_app.auth.find_user(work, "bob@example.com") is None


@dataclass(frozen=True)
class Closing(Feature):
    """Notes when it is closed."""

    name: ClassVar[str] = "closing"
    log: list[str]

    async def aclose(self) -> None:
        self.log.append("closed")


async def test_closing_the_kit_closes_the_features_after_the_actions() -> None:
    log: list[str] = []
    auth = build(features=(Passwords(), SESSIONS, Closing(log)))

    async def action() -> None:
        await turns(20)
        log.append("action")

    auth.after_commit.start([action])
    await auth.aclose()

    assert log == ["action", "closed"]


# -- operations of scripts ----------------------------------------------------------------


class Note(CredentialListener):
    """Notes what changed."""

    def __init__(self) -> None:
        self.changes: list[CredentialChange] = []

    async def credential_changed(
        self, work: Work, user: UserMixin[Any], change: CredentialChange, **options: Any
    ) -> None:
        self.changes.append(change)


@ONE_DATABASE
async def test_a_hook_is_told_of_a_credential_that_changed(
    make_app: Callable[..., KitApp],
) -> None:
    note = Note()
    kit_app = make_app(hooks=(note,))
    user_id = await kit_app.add_user()

    async with working(kit_app) as work:
        await kit_app.auth.feature(Accounts).update(work, user_id, {"is_active": False})

    assert note.changes == [CredentialChange.DEACTIVATED]


async def test_an_operation_of_a_script_is_committed(kit_app: KitApp) -> None:
    async def rename(work: Work) -> str:
        (await work.scalar(select(IntUser))).name = "Ada"
        return "done"

    await kit_app.add_user()

    assert await kit_app.auth.run(kit_app.sessions, rename) == "done"
    assert await fetch(kit_app, select(IntUser.name)) == ["Ada"]


@ONE_DATABASE
async def test_an_operation_of_a_script_is_tried_again(kit_app: KitApp, pauses: list[int]) -> None:
    class Deadlock(Exception):
        sqlstate = "40P01"

    async def fail_at_first(work: Work) -> str:
        if not pauses:
            raise OperationalError("select", {}, Deadlock())
        return "done"

    assert await kit_app.auth.run(kit_app.sessions, fail_at_first) == "done"
