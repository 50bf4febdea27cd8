"""The job of the night as a process: prune for a while, and say how long each batch took.

``python -m benchmarks.scale.pruner '{"url": ..., "after": null, "seconds": 10}'``
"""

import asyncio
import json
import sys
import time
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from benchmarks.scale.app import build
from fastauth_kit.features.sessions import prune_batch


async def prune(url: str, after: UUID | None, seconds: float, batch: int, pause: float) -> Any:
    """Prune from a key on; stop at the end of the table, or when the time is up."""
    built = build(url)
    batches: list[tuple[int, float]] = []
    print("started", flush=True)
    deadline = time.monotonic() + seconds
    while True:
        began = time.perf_counter()
        step = partial(prune_batch, over_for=timedelta(days=30), batch=batch, after=after)
        pruned = await built.auth.run(built.maker, step)
        batches.append((pruned.deleted, time.perf_counter() - began))
        after = pruned.resume_after
        if after is None or time.monotonic() > deadline:
            break
        await asyncio.sleep(pause)
    await built.engine.dispose()
    return {"after": str(after) if after else None, "batches": batches}


def main() -> None:
    """Read the order from the command line, print the outcome as JSON."""
    order = json.loads(sys.argv[1])
    after = UUID(order["after"]) if order["after"] else None
    seconds, batch, pause = order["seconds"], order["batch"], order["pause"]
    print(json.dumps(asyncio.run(prune(order["url"], after, seconds, batch, pause))))


if __name__ == "__main__":
    main()
