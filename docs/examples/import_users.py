"""Accounts from a source of one's own, imported by a script."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from fastauth_kit import AuthKit
from fastauth_kit.surfaces.importing import ImportOptions, Record, Report, import_users


# --8<-- [start:source]
class Colleagues:
    """Anything that yields records will do: an API, an LDAP directory, a spreadsheet."""

    async def records(self) -> AsyncIterator[Record]:
        for line, name in enumerate(("Ada", "Bob"), 1):
            yield Record(line, {"email": f"{name}@example.com", "name": name})


async def import_colleagues(auth: AuthKit[Any], maker: async_sessionmaker[AsyncSession]) -> Report:
    run = partial(auth.run, maker)
    return await import_users(auth, run, Colleagues(), ImportOptions(dry_run=False))


# --8<-- [end:source]
