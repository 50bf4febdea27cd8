"""Accounts from a source of one's own, imported by a script."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from ten_lines import auth, maker

from fastauth_kit.surfaces.importing import ImportOptions, Record, Report, import_users


# --8<-- [start:source]
class Colleagues:
    """Anything that yields records will do: an API, an LDAP directory, a spreadsheet."""

    async def records(self) -> AsyncIterator[Record]:
        for line, name in enumerate(("Ada", "Bob"), 1):
            yield Record(line, {"email": f"{name}@example.com", "name": name})


async def import_colleagues() -> Report:
    run = partial(auth.run, maker)
    return await import_users(auth, run, Colleagues(), ImportOptions(dry_run=False))


# --8<-- [end:source]

if __name__ == "__main__":
    print(asyncio.run(import_colleagues()).as_json())
