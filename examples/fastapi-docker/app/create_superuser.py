"""``python -m app.create_superuser ada@example.com``: on the app's own database.

Asks for a password, or reads it from standard input. Somebody who has an account
already keeps it, with their own password, and is promoted.
"""

import asyncio
import sys
from getpass import getpass

from app.auth import auth
from app.database import AsyncSessionLocal, engine
from app.services.accounts import make_superuser, promote
from fastauth_kit.core.errors import InvalidInput


async def create_superuser(email: str) -> str:
    """Do it, and return what was done. Each ``async with`` of the kit's is a transaction."""
    async with AsyncSessionLocal() as session:
        async with auth.work_for(session) as work:
            if await promote(work, email=email):
                return f"{email} is a superuser now."
        password = _ask_for_password()  # no transaction waits while somebody types
        async with auth.work_for(session) as work:
            await make_superuser(work, email=email, password=password)
    return f"Made the superuser {email}."


def _ask_for_password() -> str:
    return getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


async def main(email: str) -> None:
    """Do it, and say so."""
    try:
        print(await create_superuser(email))
    except InvalidInput as refusal:
        raise SystemExit(refusal.fields[0]["msg"]) from None
    finally:
        await auth.aclose()
        await engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Usage: python -m app.create_superuser ADDRESS")
    asyncio.run(main(sys.argv[1]))
