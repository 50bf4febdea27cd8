"""Every event in a table, and a list for each user of what happened to their account."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fastauth_kit import (
    Accounts,
    AuthKit,
    AuthSettings,
    Event,
    Passwords,
    SessionMixin,
    Sessions,
    UserMixin,
    get_auth_router,
    get_users_router,
    tell,
)
from fastauth_kit.core.current_request import during
from fastauth_kit.features.audit import Audit, AuditEventMixin, prune_events

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"))


async def get_db() -> AsyncGenerator[AsyncSession]:
    async with maker() as session:
        yield session


class Base(DeclarativeBase):
    pass


class User(UserMixin[int], Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


class AuthSession(SessionMixin[int], Base):
    __tablename__ = "auth_sessions"
    __auth_user__ = User


# --8<-- [start:table]
class AuditEvent(AuditEventMixin, Base):
    __tablename__ = "audit_events"


# --8<-- [end:table]

# --8<-- [start:kit]
auth = AuthKit(
    user_model=User,
    get_session=get_db,
    settings=AuthSettings(secret_key="c3bHsLDC0aOqLDgZ3LHkz2Wv3Zpq8Y1n"),
    features=(Accounts(), Passwords(), Sessions(model=AuthSession), Audit(model=AuditEvent)),
)
# --8<-- [end:kit]

app = FastAPI()
app.include_router(get_auth_router(auth), prefix="/api/auth")
app.include_router(get_users_router(auth), prefix="/api/users")


# --8<-- [start:own]
@dataclass(frozen=True, slots=True)
class DataExported(Event):
    """A user took a copy of their data."""

    user_id: int
    files: int


CurrentUser = Annotated[User, Depends(auth.current_user)]


@app.post("/export", status_code=204)
async def export(
    user: CurrentUser, request: Request, session: Annotated[AsyncSession, Depends(get_db)]
) -> None:
    async with auth.work_for(session) as work:
        with during(request):  # so that address and user are in the row
            await tell(work, DataExported(user.id, files=3))
    await session.commit()


# --8<-- [end:own]


# --8<-- [start:prune]
async def main() -> None:
    deleted = await prune_events(auth, maker, older_than=timedelta(days=365))
    print(f"{deleted} events deleted")
    await auth.aclose()


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:prune]
