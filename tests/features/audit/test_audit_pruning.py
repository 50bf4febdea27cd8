"""Old events leave the table in bounded batches; young ones stay."""

from datetime import timedelta
from typing import Any

import pytest

from fastauth_kit.features.audit import prune_event_batch, prune_events
from tests.features.audit.trail import log_in, trail
from tests.kit_app import KitApp

SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


async def filled(kit_app: KitApp) -> list[Any]:
    """Fail once a day for five days; return when."""
    moments = []
    for _ in range(5):
        await log_in(kit_app, "wrong")
        moments.append(kit_app.clock.now)
        kit_app.clock.advance(days=1)
    return moments


@pytest.mark.parametrize("batch", [2, 100])
async def test_what_is_old_enough_goes_whatever_the_batch(kit_app: KitApp, batch: int) -> None:
    moments = await filled(kit_app)

    deleted = await prune_events(
        kit_app.auth,
        kit_app.make_session,
        older_than=timedelta(days=3),
        batch=batch,
        pause=timedelta(0),
    )

    assert deleted == 3  # to the moment: the third is exactly three days old
    assert [row.at for row in await trail(kit_app)] == moments[3:]


@SQLITE
async def test_a_batch_is_bounded_and_says_where_to_go_on(kit_app: KitApp) -> None:
    moments = await filled(kit_app)
    options: dict[str, Any] = {"older_than": timedelta(days=2), "batch": 3}

    async def one(**more: Any) -> Any:
        return await kit_app.auth.run(
            kit_app.make_session, lambda work: prune_event_batch(work, **options, **more)
        )

    first = await one()
    second = await one(after=first.resume_after)

    assert (first.deleted, second.deleted, second.resume_after) == (3, 1, None)
    assert [row.at for row in await trail(kit_app)] == moments[4:]


@SQLITE
@pytest.mark.parametrize("options", [{"older_than": timedelta(-1)}, {"batch": 0}])
async def test_nonsense_is_refused(kit_app: KitApp, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        await prune_events(kit_app.auth, kit_app.make_session, **options)


@SQLITE
async def test_a_year_is_kept_unless_said_otherwise(kit_app: KitApp) -> None:
    await log_in(kit_app, "wrong")
    kit_app.clock.advance(days=364)
    kept = await prune_events(kit_app.auth, kit_app.make_session)
    kit_app.clock.advance(days=1)

    assert (kept, await prune_events(kit_app.auth, kit_app.make_session)) == (0, 1)
