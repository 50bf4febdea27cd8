"""Every way to say who may call a route of your own."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from fastauth_kit import (
    AccessClaims,
    Accounts,
    Authenticated,
    AuthKit,
    AuthSettings,
    CurrentSession,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    WebSocketUser,
    get_auth_router,
    install_errors,
)

maker = async_sessionmaker(
    create_async_engine("sqlite+aiosqlite:///app.db"), expire_on_commit=False
)


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship(back_populates="author")


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str] = mapped_column(String(100))
    author: Mapped[User] = relationship(back_populates="posts")


auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession)),
)
app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
install_errors(app)

# --8<-- [start:aliases]
Db = Annotated[AsyncSession, Depends(get_db)]
CurrentUser = Annotated[User, Depends(auth.current_user)]
VerifiedUser = Annotated[User, Depends(auth.current_verified_user)]
SuperUser = Annotated[User, Depends(auth.current_superuser)]
Visitor = Annotated[User | None, Depends(auth.optional_user)]
ThisSession = Annotated[CurrentSession, Depends(auth.current_session)]
Who = Annotated[Authenticated[User], Depends(auth.authenticated)]
Claims = Annotated[AccessClaims, Depends(auth.claims)]
# --8<-- [end:aliases]


# --8<-- [start:current]
@app.post("/posts", status_code=201)
async def write_post(title: str, user: CurrentUser, session: Db) -> int:
    post = Post(title=title, author=user)
    session.add(post)
    await session.commit()
    return post.id


# --8<-- [end:current]


# --8<-- [start:optional]
@app.get("/greeting")
async def greet(visitor: Visitor) -> str:
    return f"Hello {visitor.email}" if visitor else "Hello"


# --8<-- [end:optional]


# --8<-- [start:verified]
@app.post("/invitations", status_code=204)
async def invite(user: VerifiedUser) -> None: ...


@app.get("/report")
async def report(user: SuperUser, session: Db) -> list[str]:
    return list(await session.scalars(select(Post.title).order_by(Post.id)))


# --8<-- [end:verified]


# --8<-- [start:recent]
RecentUser = Annotated[User, Depends(auth.require_user(max_age=timedelta(minutes=5)))]


@app.post("/bank-account", status_code=204)
async def change_bank_account(user: RecentUser) -> None: ...


# --8<-- [end:recent]


# --8<-- [start:stronger]
with_a_key = auth.require_user(methods=["hwk", "otp"], max_age=timedelta(minutes=5))


@app.post("/payments", status_code=204, dependencies=[Depends(with_a_key)])
async def pay() -> None: ...


# --8<-- [end:stronger]


# --8<-- [start:combined]
with_password = auth.require_user(
    superuser=True, verified=True, max_age=timedelta(minutes=5), methods=["pwd"]
)


@app.post("/danger", status_code=204, dependencies=[Depends(with_password)])
async def danger() -> None: ...


# --8<-- [end:combined]


# --8<-- [start:loaded]
with_posts = auth.require_user(load_options=[selectinload(User.posts)])


@app.get("/posts")
async def own_posts(user: Annotated[User, Depends(with_posts)]) -> list[str]:
    return [post.title for post in user.posts]


# --8<-- [end:loaded]


# --8<-- [start:session]
@app.get("/session")
async def this_session(session: ThisSession) -> list[str]:
    return sorted(session.methods)


@app.get("/both")
async def both(who: Who) -> tuple[str, str]:
    return who.user.email, str(who.session.id)


# --8<-- [end:session]


# --8<-- [start:claims]
@app.get("/prices")
async def prices(claims: Claims) -> str:
    return f"prices for user {claims.user_id}"


# --8<-- [end:claims]


# --8<-- [start:websocket]
@app.websocket("/echo")
async def echo(
    websocket: WebSocket,
    opened_by: Annotated[WebSocketUser[User], Depends(auth.websocket_user)],
) -> None:
    await websocket.accept(subprotocol=opened_by.subprotocol)
    with suppress(WebSocketDisconnect):  # they went away
        while await opened_by.still_valid():
            text = await websocket.receive_text()
            await websocket.send_text(f"{opened_by.user.email}: {text}")
        await websocket.close()


# --8<-- [end:websocket]
