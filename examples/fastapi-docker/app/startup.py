"""What happens before the first request."""

import asyncio
import logging
from pathlib import Path

from alembic import command
from alembic.config import Config

from app.auth import auth
from app.config import get_settings
from app.database import AsyncSessionLocal
from app.services.accounts import make_superuser
from fastauth_kit import Work
from fastauth_kit.core.errors import InvalidInput
from fastauth_kit.features.accounts import EmailTaken

logger = logging.getLogger("app")

ALEMBIC_INI = Path(__file__).parents[1] / "alembic.ini"


async def migrate() -> None:
    """Bring the schema up to date, unless a deployment does so before the start.

    Several workers may start at once: ``alembic/env.py`` lets one migrate and the
    others wait.
    """
    if get_settings().MIGRATE_AT_START:
        config = Config(ALEMBIC_INI, attributes={"quiet": True})
        # in a thread, because alembic/env.py brings an event loop of its own
        await asyncio.to_thread(command.upgrade, config, "head")


def warn_of_local_links() -> None:
    """Say so when mails leave this machine, and the links in them do not."""
    settings = get_settings()
    if settings.SMTP_URL.get_secret_value() and "PUBLIC_URL" not in settings.model_fields_set:
        logger.warning("PUBLIC_URL is not set: links in mails lead to %s", settings.PUBLIC_URL)


async def create_first_superuser() -> None:
    """Make the first superuser, once, if the settings name one."""
    settings = get_settings()
    if not settings.FIRST_SUPERUSER:
        return
    try:
        await auth.run(AsyncSessionLocal, _make_first_superuser)
    except EmailTaken:  # by an earlier start, or by another worker
        return
    except InvalidInput as refusal:
        sentence = refusal.fields[0]["msg"]
        raise ValueError(f"FIRST_SUPERUSER or FIRST_SUPERUSER_PASSWORD: {sentence}") from None
    logger.info("made the first superuser")


async def _make_first_superuser(work: Work) -> None:
    settings = get_settings()
    await make_superuser(
        work,
        email=settings.FIRST_SUPERUSER,
        password=settings.FIRST_SUPERUSER_PASSWORD.get_secret_value(),
    )
