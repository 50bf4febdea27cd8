"""A caller with UUID keys who uses what the ten lines leave out."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Annotated, Any, assert_type
from uuid import UUID

from fastapi import Depends, FastAPI, WebSocket
from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from fastauth_kit import (
    AccessClaims,
    Accounts,
    AuthKit,
    AuthSettings,
    CurrentSession,
    Device,
    Event,
    EventSink,
    Passwords,
    Routes,
    SessionMixin,
    Sessions,
    UserCreate,
    UserMixin,
    UserRead,
    UserUpdate,
    WebSocketUser,
    Work,
    get_auth_router,
    get_users_router,
    on,
)
from fastauth_kit.features.accounts import UserCreated
from fastauth_kit.features.audit import Audit, AuditEventMixin
from fastauth_kit.features.passwords import LoginFailed
from fastauth_kit.features.sessions import LoggedIn


class Base(DeclarativeBase):
    pass


class Person(UserMixin[UUID], Base):
    __tablename__ = "people"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    company: Mapped[str] = mapped_column(String(100))
    notes: Mapped[list["Note"]] = relationship(back_populates="author")


class Login(SessionMixin[UUID], Base):
    __tablename__ = "logins"
    __auth_user__ = Person


class Trail(AuditEventMixin, Base):
    __tablename__ = "trail"


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(String(100))
    author: Mapped[Person] = relationship(back_populates="notes")


class PersonCreate(UserCreate):
    company: str


class PersonUpdate(UserUpdate):
    company: str = ""


class PersonRead(UserRead[UUID]):
    company: str


async def note_login(work: Work, event: LoggedIn) -> None:
    assert_type(event.session_id, UUID)
    assert_type(event.device, Device)
    await work.flush()


def count_failure(work: Work, event: LoginFailed) -> None:
    assert_type(event.email, str)


async def greet_later(event: UserCreated) -> None:
    assert_type(event.email, str)


def log_plainly(event: Event) -> None:
    """A handler of every kind takes one kind as well."""


class WelcomeNote(EventSink):
    """Made with the account, or not at all."""

    async def receive(self, work: Work, event: Event) -> None:
        if isinstance(event, UserCreated):
            await work.add(Note(author_id=event.user.id, text="Welcome"))


maker: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


auth = AuthKit(
    user_model=Person,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(
        Accounts(create_schema=PersonCreate, update_schema=PersonUpdate, read_schema=PersonRead),
        Passwords(),
        Sessions(model=Login, access_token_lifetime=timedelta(minutes=5)),
        Audit(model=Trail, request_id=lambda: None),
    ),
    hooks=(
        WelcomeNote(),
        on(LoggedIn, note_login),
        on(LoginFailed, count_failure),
        on(UserCreated, greet_later, after_commit=True),
        on(UserCreated, log_plainly, after_commit=True),
        on(Event, lambda work, event: None),
    ),
)
assert_type(auth, AuthKit[Person])


def misfits() -> None:
    """What type checkers refuse: another event, and a ``work`` too many."""
    on(LoggedIn, greet_later, after_commit=True)  # type: ignore[call-overload]  # it takes another
    on(LoggedIn, note_login, after_commit=True)  # type: ignore[call-overload]  # it takes a work
    on(UserCreated, greet_later)  # type: ignore[arg-type]  # it takes no work


async def no_robots() -> None:
    """Where a caller would check a captcha."""


app = FastAPI()
app.include_router(
    get_auth_router(auth, routes=Routes(guards={"register": [Depends(no_robots)]})),
    prefix="/api/auth",
)
app.include_router(
    get_users_router(auth, routes=Routes(without={"delete_user"})), prefix="/api/users"
)

Db = Annotated[AsyncSession, Depends(get_db)]
CurrentPerson = Annotated[Person, Depends(auth.current_user)]
PersonWithNotes = Annotated[
    Person, Depends(auth.require_user(load_options=[selectinload(Person.notes)]))
]
Visitor = Annotated[Person | None, Depends(auth.optional_user)]
RecentSuperuser = Annotated[
    Person, Depends(auth.require_user(superuser=True, max_age=timedelta(minutes=5)))
]


@app.post("/notes", status_code=201)
async def write_note(text: str, person: CurrentPerson, session: Db) -> int:
    note = Note(text=text, author=person)
    session.add(note)
    await session.commit()
    return note.id


@app.get("/notes")
async def read_notes(person: PersonWithNotes) -> list[str]:
    return [note.text for note in person.notes]


@app.get("/greeting")
async def greet(visitor: Visitor) -> str:
    return f"Hello {visitor.company}" if visitor else "Hello"


@app.get("/who")
async def who(
    claims: Annotated[AccessClaims, Depends(auth.claims)],
    session: Annotated[CurrentSession, Depends(auth.current_session)],
) -> dict[str, Any]:
    assert_type(session.id, UUID)
    return {"same": claims.session_id == session.id, "methods": sorted(session.methods)}


@app.get("/danger")
async def danger(superuser: RecentSuperuser) -> str:
    return superuser.company


@app.websocket("/ws")
async def chat(
    websocket: WebSocket,
    opened_by: Annotated[WebSocketUser[Person], Depends(auth.websocket_user)],
) -> None:
    await websocket.accept(subprotocol=opened_by.subprotocol)
    await websocket.send_text(opened_by.user.company)
    while await opened_by.still_valid():
        await websocket.send_text(await websocket.receive_text())
    await websocket.close()
