"""Hand-written auth on FastAPI + SQLAlchemy: the reference the ratios are taken to.

``/me`` is the plain, idiomatic way (one dependency for the session, one for
the user, one ORM query by primary key, ``response_model``). The ``/me_*``
routes change one thing at a time, to show what each technique is worth; see
docs/benchmarks.md.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated

import jwt
import orjson
from argon2.exceptions import VerifyMismatchError
from fastapi import Depends, FastAPI, Form, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    DateTime,
    ForeignKey,
    String,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from benchmarks.common import SECRET, make_engine, password_hasher, utcnow

engine = make_engine()
# AUTOCOMMIT in two ways: asked for at every checkout of the common pool, or
# the default of an engine of its own (its pool is idle unless it is used)
autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
reader = make_engine(isolation_level="AUTOCOMMIT")
Session = async_sessionmaker(engine, expire_on_commit=False)
hasher = password_hasher()
# 0 = the general thread pool (40 threads); else a pool for hashing alone
HASH_THREADS = int(os.environ.get("BENCH_HASH_THREADS", "0"))
# added to the niceness of the hashing threads (Linux: niceness is per thread)
HASH_NICE = int(os.environ.get("BENCH_HASH_NICE", "0"))
ACCESS_SECONDS = 3600
REFRESH_DAYS = 30


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_superuser: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime, default=utcnow)


class RefreshToken(Base):
    __tablename__ = "refresh_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime)
    used_at: Mapped[datetime | None] = mapped_column(DateTime)


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    email: str
    name: str | None
    is_active: bool
    created_at: datetime


class Tokens(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"


class NewUser(BaseModel):
    email: str
    password: str
    name: str | None = None


class UserPage(BaseModel):
    items: list[UserOut]
    total: int | None = None


@asynccontextmanager
async def lifespan(_: FastAPI):
    async with engine.begin() as conn:
        await conn.run_sync(Base.metadata.create_all)
    yield
    await reader.dispose()
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
bearer = HTTPBearer()


async def get_session():
    async with Session() as session:
        yield session


DbSession = Annotated[AsyncSession, Depends(get_session)]
Credentials = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
unauthorized = HTTPException(401, "Invalid credentials")


def decode(token: str) -> dict:
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise unauthorized from None


def encode(user_id: int) -> str:
    now = int(time.time())
    claims = {"sub": str(user_id), "iat": now, "exp": now + ACCESS_SECONDS}
    return jwt.encode(claims, SECRET, algorithm="HS256")


async def current_user(credentials: Credentials, session: DbSession) -> User:
    user_id = int(decode(credentials.credentials)["sub"])
    user = await session.scalar(select(User).where(User.id == user_id))
    if user is None or not user.is_active:
        raise unauthorized
    return user


CurrentUser = Annotated[User, Depends(current_user)]


@app.get("/me", response_model=UserOut)
async def me(user: CurrentUser):
    return user


def new_refresh(user_id: int) -> tuple[str, dict]:
    token = secrets.token_urlsafe(32)
    row = {
        "user_id": user_id,
        "digest": hashlib.sha256(token.encode()).hexdigest(),
        "expires_at": utcnow() + timedelta(days=REFRESH_DAYS),
    }
    return token, row


def _matches(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except VerifyMismatchError:
        return False


def _hash_thread_start():
    if HASH_NICE:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), HASH_NICE)


hash_pool = (
    ThreadPoolExecutor(HASH_THREADS, "hash", initializer=_hash_thread_start)
    if HASH_THREADS
    else None
)


async def off_loop(function, *args):
    if hash_pool is None:
        return await run_in_threadpool(function, *args)
    return await asyncio.get_running_loop().run_in_executor(hash_pool, function, *args)


@app.post("/login_pair", response_model=Tokens)
async def login_pair(
    username: Annotated[str, Form()], password: Annotated[str, Form()]
):
    """As /login, and a refresh token whose digest is stored (one INSERT)."""
    statement = select(User.id, User.hashed_password, User.is_active).where(
        User.email == username
    )
    async with Session() as session:
        row = (await session.execute(statement)).one_or_none()
    # the connection is back in the pool while the hash runs in a thread
    if row is None or not await off_loop(
        _matches, row.hashed_password, password
    ):
        raise unauthorized
    if not row.is_active:
        raise unauthorized
    token, values = new_refresh(row.id)
    async with Session() as session:
        await session.execute(insert(RefreshToken).values(**values))
        await session.commit()
    return Tokens(access_token=encode(row.id), refresh_token=token)


@app.post("/login")
async def login(
    username: Annotated[str, Form()], password: Annotated[str, Form()]
) -> dict[str, str]:
    """Access token only: one SELECT, one hash in a thread, one signature."""
    statement = select(User.id, User.hashed_password, User.is_active).where(
        User.email == username
    )
    async with Session() as session:
        row = (await session.execute(statement)).one_or_none()
    if row is None or not await off_loop(
        _matches, row.hashed_password, password
    ):
        raise unauthorized
    return {"access_token": encode(row.id), "token_type": "bearer"}


class RefreshIn(BaseModel):
    refresh_token: str


@app.post("/refresh", response_model=Tokens)
async def refresh(body: RefreshIn):
    """Rotation in one transaction: spend the old row, write the new one."""
    digest = hashlib.sha256(body.refresh_token.encode()).hexdigest()
    now = utcnow()
    spend = (
        update(RefreshToken)
        .where(
            RefreshToken.digest == digest,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(RefreshToken.user_id)
        .execution_options(synchronize_session=False)
    )
    async with Session() as session:
        user_id = await session.scalar(spend)
        if user_id is None:
            raise unauthorized
        token, values = new_refresh(user_id)
        await session.execute(insert(RefreshToken).values(**values))
        await session.commit()
    return Tokens(access_token=encode(user_id), refresh_token=token)


@app.post("/register", response_model=UserOut, status_code=201)
async def register(body: NewUser):
    hashed = await off_loop(hasher.hash, body.password)
    user = User(email=body.email, hashed_password=hashed, name=body.name)
    async with Session() as session:
        session.add(user)
        try:
            await session.commit()
        except IntegrityError:
            raise HTTPException(400, "Email already registered") from None
    return user


@app.get("/users", response_model=UserPage)
async def users_offset(
    _: CurrentUser,
    session: DbSession,
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
):
    total = await session.scalar(select(func.count()).select_from(User))
    rows = await session.scalars(
        select(User).order_by(User.id).offset((page - 1) * per_page).limit(per_page)
    )
    return UserPage(items=list(rows), total=total)


@app.get("/users_keyset", response_model=UserPage)
async def users_keyset(
    _: CurrentUser,
    session: DbSession,
    after: int = 0,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
):
    rows = await session.scalars(
        select(User).where(User.id > after).order_by(User.id).limit(per_page)
    )
    return UserPage(items=list(rows))


# --- variants of /me, one change at a time ---------------------------------

COLUMNS = (User.id, User.email, User.name, User.is_active, User.created_at)
BY_ID = select(*COLUMNS).where(User.id == bindparam("id"))


@app.get("/ping")
async def ping():
    """FastAPI floor: routing and a JSON response, no auth."""
    return {"ok": True}


@app.get("/me_nodb")
async def me_nodb(credentials: Credentials) -> dict[str, str | int]:
    return decode(credentials.credentials)


ENTITY_BY_ID = select(User).where(User.id == bindparam("id"))


@app.get("/me_orm_prebuilt", response_model=UserOut)
async def me_orm_prebuilt(credentials: Credentials, session: DbSession):
    """As /me, and the statement built once."""
    user_id = int(decode(credentials.credentials)["sub"])
    user = await session.scalar(ENTITY_BY_ID, {"id": user_id})
    if user is None or not user.is_active:
        raise unauthorized
    return user


@app.get("/me_orm_lean", response_model=UserOut)
async def me_orm_lean(credentials: Credentials):
    """The ORM entity with all of it: statement built once, a short session of
    its own instead of a yield dependency, on the AUTOCOMMIT engine."""
    user_id = int(decode(credentials.credentials)["sub"])
    async with AsyncSession(reader, expire_on_commit=False) as session:
        user = await session.scalar(ENTITY_BY_ID, {"id": user_id})
    if user is None or not user.is_active:
        raise unauthorized
    return user


@app.get("/me_core", response_model=UserOut)
async def me_core(credentials: Credentials):
    """Core row instead of the ORM entity and session; no yield dependency."""
    user_id = int(decode(credentials.credentials)["sub"])
    async with engine.connect() as conn:
        row = (await conn.execute(BY_ID, {"id": user_id})).one_or_none()
    if row is None or not row.is_active:
        raise unauthorized
    return row


async def _load_autocommit(user_id: int):
    async with autocommit.connect() as conn:
        row = (await conn.execute(BY_ID, {"id": user_id})).one_or_none()
    if row is None or not row.is_active:
        raise unauthorized
    return row


@app.get("/me_core_auto", response_model=UserOut)
async def me_core_auto(credentials: Credentials):
    """As me_core, and AUTOCOMMIT: no BEGIN and no ROLLBACK round trips."""
    return await _load_autocommit(int(decode(credentials.credentials)["sub"]))


@app.get("/me_core_reader", response_model=UserOut)
async def me_core_reader(credentials: Credentials):
    """As me_core, on an engine that is AUTOCOMMIT from the start."""
    user_id = int(decode(credentials.credentials)["sub"])
    async with reader.connect() as conn:
        row = (await conn.execute(BY_ID, {"id": user_id})).one_or_none()
    if row is None or not row.is_active:
        raise unauthorized
    return row


async def get_auto_session():
    async with AsyncSession(autocommit, expire_on_commit=False) as session:
        yield session


@app.get("/me_orm_auto", response_model=UserOut)
async def me_orm_auto(
    credentials: Credentials,
    session: Annotated[AsyncSession, Depends(get_auto_session)],
):
    """As /me (ORM entity), and AUTOCOMMIT."""
    user_id = int(decode(credentials.credentials)["sub"])
    user = await session.scalar(select(User).where(User.id == user_id))
    if user is None or not user.is_active:
        raise unauthorized
    return user


@app.get("/me_direct")
async def me_direct(credentials: Credentials):
    """As me_core_auto, and the response bytes written by orjson directly."""
    row = await _load_autocommit(int(decode(credentials.credentials)["sub"]))
    return Response(
        orjson.dumps(dict(row._mapping)), media_type="application/json"
    )


_KEY = hmac.new(SECRET.encode(), digestmod=hashlib.sha256)
_HEADER = base64.urlsafe_b64encode(
    json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode()
).rstrip(b"=")


def _decode_prepared(token: str) -> dict:
    """HS256 with a prepared key; only our own header is accepted."""
    head, payload, signature = token.encode().split(b".")
    if head != _HEADER:
        raise unauthorized
    mac = _KEY.copy()
    mac.update(head + b"." + payload)
    expected = base64.urlsafe_b64encode(mac.digest()).rstrip(b"=")
    if not hmac.compare_digest(expected, signature):
        raise unauthorized
    claims = orjson.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    if claims["exp"] <= time.time():
        raise unauthorized
    return claims


async def _me_starlette(request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        raise unauthorized
    row = await _load_autocommit(int(_decode_prepared(token)["sub"]))
    return Response(orjson.dumps(dict(row._mapping)), media_type="application/json")


@app.get("/me_prepared")
async def me_prepared(credentials: Credentials):
    """As me_direct, and the JWT checked with a prepared HMAC key."""
    row = await _load_autocommit(int(_decode_prepared(credentials.credentials)["sub"]))
    return Response(orjson.dumps(dict(row._mapping)), media_type="application/json")


# As me_prepared, and no FastAPI dependency solving at all (plain Starlette).
app.router.routes.append(Route("/me_starlette", _me_starlette))
