"""Fill a contender's table: ``python -m benchmarks.accounts MODULE PLAN``.

Straight into the table, in a process of the contender's own. The plan is JSON: how
many accounts with a hash of which parameters. All have one password.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import insert, text

from benchmarks.scenarios import PASSWORD, address


async def fill(contender: Any, plan: Mapping[str, int]) -> None:
    """Make the tables and the accounts."""
    rows = [row for parameters, count in plan.items() for row in accounts(parameters, count)]
    async with contender.engine.begin() as connection:
        await connection.run_sync(contender.Base.metadata.create_all)
        await connection.execute(insert(contender.User), rows)
    async with contender.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    await contender.engine.dispose()


def accounts(parameters: str, count: int) -> list[dict[str, str]]:
    """Return rows whose hash has these parameters."""
    memory, passes, lanes = (int(cost) for cost in parameters.split(","))
    hasher = PasswordHasher(memory_cost=memory, time_cost=passes, parallelism=lanes)
    stored = hasher.hash(PASSWORD)
    return [
        {"email": address(number, parameters), "hashed_password": stored, "name": "Ada"}
        for number in range(count)
    ]


if __name__ == "__main__":
    asyncio.run(fill(import_module(sys.argv[1]), json.loads(sys.argv[2])))
