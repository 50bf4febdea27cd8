"""Work within a savepoint of the caller's, whose transaction began by itself."""

from sqlalchemy import insert, select

from tests.core.parts import fetch
from tests.kit_app import IntUser, KitApp


async def test_work_in_a_savepoint_commits_nothing(kit_app: KitApp) -> None:
    """Nobody called begin(), but the savepoint is the caller's to keep or to drop."""
    async with kit_app.sessions() as session:
        await session.execute(insert(IntUser).values(id=1, email="ada@example.com"))
        savepoint = await session.begin_nested()
        async with kit_app.auth.work_for(session) as work:
            await work.execute(insert(IntUser).values(id=2, email="bob@example.com"))

        assert await fetch(kit_app, select(IntUser.id)) == []
        await savepoint.rollback()
        await session.commit()

    assert await fetch(kit_app, select(IntUser.id)) == [1]
