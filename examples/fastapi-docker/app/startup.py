"""What happens before the first request."""

import asyncio
import logging

from sqlalchemy.exc import DBAPIError

from app.auth import auth
from app.config import get_settings
from app.database import AsyncSessionLocal, Base, engine
from fastauth_kit import Accounts, Work
from fastauth_kit.features.accounts import EmailTaken

logger = logging.getLogger("app")

ATTEMPTS = 5


async def create_tables() -> None:
    """Create the tables that are missing; several workers may do so at once."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
        except DBAPIError:  # another worker made the same table meanwhile
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(0.2 * attempt)
        else:
            return


async def create_first_superuser() -> None:
    """Make the first superuser, once, if the settings name one."""
    settings = get_settings()
    if not settings.FIRST_SUPERUSER:
        return
    try:
        await auth.run(AsyncSessionLocal, _make_first_superuser)
    except EmailTaken:  # by an earlier start, or by another worker
        return
    logger.info("made the first superuser")


async def _make_first_superuser(work: Work) -> None:
    settings = get_settings()
    await auth.feature(Accounts).create(
        work,
        email=settings.FIRST_SUPERUSER,
        password=settings.FIRST_SUPERUSER_PASSWORD.get_secret_value(),
        is_superuser=True,
        is_verified=True,
    )
