"""Sessions that are long over leave the table; nobody who is signed in notices."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from fastauth_kit.features.sessions import PrunedBatch, prune_batch, prune_sessions
from fastauth_kit.features.sessions.pruning import RETENTION
from tests.features.accounts.answers import assert_bad_refresh_token, assert_bad_token
from tests.features.accounts.people import Person, join
from tests.features.accounts.tokens import opens, refresh
from tests.invariants.crowd import Meeting, is_sqlite, together
from tests.kit_app import KitApp, bearer

pytestmark = pytest.mark.measured_everywhere

LIFETIMES = {
    "access_token_lifetime": timedelta(minutes=10),
    "idle_lifetime": timedelta(days=2),
    "absolute_lifetime": timedelta(days=3),
}
SERVERS = pytest.mark.parametrize("database_kind", ["postgresql", "mariadb"], indirect=True)
PATIENCE_SECONDS = 20


@pytest.fixture
def app(make_app: Callable[..., KitApp]) -> KitApp:
    """An installation whose sessions last three days, and two unless refreshed."""
    return make_app(sessions_options=LIFETIMES)


async def session_ids(app: KitApp) -> set[UUID]:
    """Return the key of every row."""
    async with app.sessions() as session:
        return set(await session.scalars(select(app.session_model.id)))


async def prune(app: KitApp, **options: Any) -> int:
    return await prune_sessions(app.auth, app.make_session, **options)


async def one_batch(app: KitApp, **options: Any) -> PrunedBatch:
    return await app.auth.run(app.make_session, lambda work: prune_batch(work, **options))


async def log_out(app: KitApp, person: Person) -> None:
    async with app.client() as client:
        answer = await client.post("/api/auth/logout", headers=person.headers)
    assert answer.status_code == 204, answer.text


async def let_refresh_for(app: KitApp, tokens: Any, *, days: int) -> Any:
    """Keep a session alive by a refresh a day; return the latest tokens."""
    async with app.client() as client:
        for _ in range(days):
            app.clock.advance(days=1)
            answer = await refresh(client, tokens)
            assert answer.status_code == 200, answer.text
            tokens = answer.json()
    return tokens


async def test_a_session_that_was_logged_out_goes_when_its_retention_is_over(app: KitApp) -> None:
    await log_out(app, await join(app))

    app.clock.advance(days=30, microseconds=-1)
    assert (await prune(app), len(await session_ids(app))) == (0, 1)
    app.clock.advance(microseconds=1)
    assert (await prune(app), len(await session_ids(app))) == (1, 0)


async def test_a_session_that_was_not_refreshed_goes_too(app: KitApp) -> None:
    await join(app)
    app.clock.advance(days=2)

    app.clock.advance(hours=1, microseconds=-1)
    assert await prune(app, over_for=timedelta(hours=1)) == 0
    app.clock.advance(microseconds=1)
    assert await prune(app, over_for=timedelta(hours=1)) == 1


async def test_a_session_that_reached_its_last_day_goes_too(app: KitApp) -> None:
    """It was refreshed until then, so that idleness did not end it."""
    await let_refresh_for(app, (await join(app)).tokens, days=2)
    app.clock.advance(days=1)

    app.clock.advance(hours=1, microseconds=-1)
    assert await prune(app, over_for=timedelta(hours=1)) == 0
    app.clock.advance(microseconds=1)
    assert await prune(app, over_for=timedelta(hours=1)) == 1


async def test_who_is_signed_in_notices_nothing(app: KitApp) -> None:
    ada, grace = await join(app), await join(app, "grace@example.com")
    for _ in range(3):
        await log_out(app, Person(ada.id, await app.sign_in()))
    app.clock.advance(minutes=5)

    assert await prune(app, over_for=timedelta(0)) == 3

    async with app.client() as client:
        assert await opens(client, ada.tokens)
        assert await opens(client, grace.tokens)
        assert (await refresh(client, ada.tokens)).status_code == 200


async def test_tokens_of_a_deleted_session_are_refused_as_before(app: KitApp) -> None:
    ada = await join(app)
    await log_out(app, ada)
    await prune(app, over_for=timedelta(0))

    async with app.client() as client:
        me = await client.get("/api/users/me", headers=ada.headers)
        again = await refresh(client, ada.tokens)
        out = await client.post(
            "/api/auth/logout", json={"refresh_token": ada.tokens["refresh_token"]}
        )

    assert_bad_token(me)
    assert_bad_refresh_token(again)
    assert_bad_refresh_token(out)


async def test_the_default_keeps_for_thirty_days(app: KitApp) -> None:
    assert timedelta(days=30) == RETENTION


@pytest.mark.parametrize("key", ["int", "uuid"])
async def test_a_batch_looks_at_so_many_rows_and_says_where_the_next_begins(
    make_app: Callable[..., KitApp], key: str
) -> None:
    """Rows that live count too: a batch must not become long by looking for one that is over."""
    app = make_app(key=key)
    people = [await join(app, f"user{number}@example.com") for number in range(5)]
    await log_out(app, people[0])
    await log_out(app, people[3])
    in_order = sorted(await session_ids(app), key=str)

    first = await one_batch(app, over_for=timedelta(0), batch=2)
    second = await one_batch(app, over_for=timedelta(0), batch=2, after=first.resume_after)
    third = await one_batch(app, over_for=timedelta(0), batch=2, after=second.resume_after)

    assert [first.resume_after, second.resume_after] == [in_order[1], in_order[3]]
    assert third.resume_after is None
    assert first.deleted + second.deleted + third.deleted == 2
    assert max(first.deleted, second.deleted, third.deleted) <= 2
    assert len(await session_ids(app)) == 3


async def test_every_batch_is_a_transaction_of_its_own(app: KitApp) -> None:
    ada = await join(app)
    for _ in range(6):
        await log_out(app, Person(ada.id, await app.sign_in()))
    commits: list[Any] = []
    event.listen(app.app_engine, "commit", commits.append)

    assert await prune(app, over_for=timedelta(0), batch=2) == 6

    # with the one that lives they are seven rows
    assert len(commits) == 4


async def test_an_empty_table_is_one_batch(app: KitApp) -> None:
    assert await one_batch(app) == PrunedBatch(deleted=0, resume_after=None)
    assert await prune(app) == 0


@pytest.mark.parametrize("wrong", [{"over_for": timedelta(microseconds=-1)}, {"batch": 0}])
async def test_options_that_would_delete_the_living_or_never_end_are_refused(
    app: KitApp, wrong: dict[str, Any]
) -> None:
    ada = await join(app)

    with pytest.raises(ValueError, match="over_for must not be negative"):
        await prune(app, **wrong)

    async with app.client() as client:
        assert await opens(client, ada.tokens)


async def test_a_session_that_is_refreshed_after_it_was_found_stays(app: KitApp) -> None:
    """By a server whose clock is behind: by that one the session still lived."""
    ada = await join(app)
    app.clock.advance(days=2)
    meeting = Meeting(app, "DELETE FROM" if is_sqlite(app) else "SKIP LOCKED")
    meeting.expect(2)
    pruning = asyncio.ensure_future(prune(app, over_for=timedelta(0)))
    await meeting.overtake_the_first()
    app.clock.advance(minutes=-1)
    async with app.client() as client:
        fresh = (await refresh(client, ada.tokens)).json()

    meeting.end()

    assert await pruning == 0
    async with app.client() as client:
        assert await opens(client, fresh)


@SERVERS
async def test_a_row_that_somebody_holds_is_not_waited_for(app: KitApp) -> None:
    model = app.session_model
    for email in ("ada@example.com", "grace@example.com"):
        await log_out(app, await join(app, email))
    async with app.sessions() as session:
        held = await session.scalar(select(model).limit(1).with_for_update())
        async with asyncio.timeout(PATIENCE_SECONDS):
            beside = await prune(app, over_for=timedelta(0))
        kept = await session_ids(app)

    assert held is not None
    assert (beside, kept) == (1, {held.id})
    assert await prune(app, over_for=timedelta(0)) == 1


@SERVERS
async def test_nobody_waits_for_a_batch_that_is_not_committed(app: KitApp) -> None:
    """Neither rows that live nor the gaps between them are locked.

    (Where a batch is most of a small table, MariaDB reads all of it and locks what it passes.)
    """
    ada = await join(app)
    await log_out(app, Person(ada.id, await app.sign_in()))
    for _ in range(40):
        await app.sign_in()
    async with (
        app.client() as client,
        app.sessions() as session,
        app.auth.work_for(session) as work,
    ):
        assert (await prune_batch(work, over_for=timedelta(0))).deleted == 1
        async with asyncio.timeout(PATIENCE_SECONDS):
            fresh = await refresh(client, ada.tokens)
            await app.sign_in()
            out = await client.post("/api/auth/logout", headers=bearer(fresh.json()))

    assert (fresh.status_code, out.status_code) == (200, 204)


async def test_two_at_a_time_beside_a_crowd_delete_each_row_once(app: KitApp) -> None:
    people = [await join(app, f"user{number}@example.com") for number in range(4)]
    for number, person in enumerate(people):
        for _ in range(8):
            tokens = await app.sign_in(f"user{number}@example.com")
            await log_out(app, Person(person.id, tokens))
    pairs: list[Any] = [
        (person.tokens, await app.sign_in(f"user{number}@example.com"))
        for number, person in enumerate(people)
    ]
    async with app.client() as client:

        async def refreshing(tokens: Any) -> int:
            return (await refresh(client, tokens)).status_code

        async def ending(tokens: Any) -> int:
            return (await client.delete("/api/auth/sessions", headers=bearer(tokens))).status_code

        *answers, first, second = await together(
            *(lambda tokens=kept: refreshing(tokens) for kept, _ in pairs[:2]),
            *(lambda tokens=kept: ending(tokens) for kept, _ in pairs[2:]),
            lambda: prune(app, over_for=timedelta(0), batch=3),
            lambda: prune(app, over_for=timedelta(0), batch=3),
        )

    assert answers == [200, 200, 204, 204]
    assert first + second + await prune(app, over_for=timedelta(0)) == 4 * 8 + 2
    assert len(await session_ids(app)) == 6
