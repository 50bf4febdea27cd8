"""Fill a contender's table: ``python -m benchmarks.accounts MODULE COUNT``.

Straight into the table, in a process of the contender's own. The hash of all of
them is of one password and the parameters in ``BENCH_ARGON2``.
"""

import asyncio
import os
import sys
from importlib import import_module
from typing import Any

from sqlalchemy import exists, insert, select, text

from benchmarks.common import password_hasher
from benchmarks.scenarios import PASSWORD, address


async def fill(contender: Any, count: int) -> None:
    """Make the tables and the accounts."""
    parameters = os.environ["BENCH_ARGON2"]
    stored = password_hasher().hash(PASSWORD)
    rows = [
        {"email": address(number, parameters), "hashed_password": stored, "name": "Ada"}
        for number in range(count)
    ]
    async with contender.engine.begin() as connection:
        await connection.run_sync(contender.Base.metadata.create_all)
        # two contenders may have one table
        is_there = exists().where(contender.User.email == rows[0]["email"])
        if not await connection.scalar(select(is_there)):
            await connection.execute(insert(contender.User), rows)
    async with contender.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    await contender.engine.dispose()


if __name__ == "__main__":
    asyncio.run(fill(import_module(sys.argv[1]), int(sys.argv[2])))
