"""Of many guesses at once, exactly as many are made as are allowed."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from fastauth_kit.features.lockout import Lockout
from fastauth_kit.features.passwords import PasswordHasher
from fastauth_kit.features.throttling import Limit, Limits, MemoryStore, Store, Throttling
from fastauth_kit.features.throttling.redis_store import RedisStore
from tests.features.accounts.people import Counted, rebuilt
from tests.invariants.crowd import EVERY_DATABASE, open_connections, size_of_crowd, together
from tests.invariants.test_while_hashing import Interrupted
from tests.kit_app import IntLoginFailure, KitApp

MANY = 200
LOGIN = "/api/auth/login"
WRONG = {"email": "ada@example.com", "password": "not the password"}
RIGHT = {"email": "ada@example.com", "password": "correct horse battery"}


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return RedisStore(
        request.getfixturevalue("redis_url"), prefix=request.getfixturevalue("redis_prefix")
    )


async def test_of_many_wrong_logins_at_once_as_many_reach_the_hash_as_may(
    one_crowd: None,
    make_app: Callable[..., KitApp],
    crowd: dict[str, Any],
    store: Store,
) -> None:
    kit_app = make_app(
        more_features=(Throttling(store=store), Lockout(model=IntLoginFailure)), **crowd
    )
    await kit_app.add_user()
    counted = Counted()
    kit_app = rebuilt(kit_app, hasher=PasswordHasher(context=counted))
    counted.work.clear()

    async with kit_app.client() as client:
        answers = await together(*[lambda: client.post(LOGIN, json=WRONG)] * MANY)

    found = Counter(answer.status_code for answer in answers)
    assert found == {401: 5, 429: MANY - 5}
    assert counted.work.count("verify") == 5


@EVERY_DATABASE
async def test_no_failure_of_many_at_once_is_lost(
    one_crowd: None, make_app: Callable[..., KitApp], crowd: dict[str, Any]
) -> None:
    kit_app = make_app(more_features=(Lockout(model=IntLoginFailure),), **crowd)
    await kit_app.add_user()
    count = size_of_crowd(kit_app)
    await open_connections(kit_app, count)

    async with kit_app.client() as client:
        answers = await together(*[lambda: client.post(LOGIN, json=WRONG)] * count)

    assert [answer.status_code for answer in answers] == [401] * count
    async with kit_app.sessions() as session:
        counted = await session.scalar(select(func.count()).select_from(IntLoginFailure))
    assert counted == count


@EVERY_DATABASE
async def test_good_and_bad_logins_at_once_end_as_they_should(
    one_crowd: None, make_app: Callable[..., KitApp], crowd: dict[str, Any]
) -> None:
    """They hold the same user; nobody waits for another for ever."""
    kit_app = make_app(more_features=(Lockout(model=IntLoginFailure),), **crowd)
    await kit_app.add_user()
    count = size_of_crowd(kit_app) // 2
    await open_connections(kit_app, 2 * count)

    async with kit_app.client() as client:
        good = [lambda: client.post(LOGIN, json=RIGHT)] * count
        bad = [lambda: client.post(LOGIN, json=WRONG)] * count
        answers = await together(*good, *bad)

    assert [answer.status_code for answer in answers] == [200] * count + [401] * count


@EVERY_DATABASE
async def test_an_account_locked_while_the_password_was_checked_stays_shut(
    one_crowd: None, make_app: Callable[..., KitApp], crowd: dict[str, Any]
) -> None:
    hour = timedelta(hours=1)
    limits = Limits(per_network=(Limit(1000, hour),))
    kit_app = make_app(
        more_features=(
            Lockout(model=IntLoginFailure, most_failures=1),
            Throttling(login=limits),
        ),
        **crowd,
    )
    await kit_app.add_user()

    async def fail() -> None:
        async with kit_app.client(ip="198.51.100.9") as elsewhere:
            answer = await elsewhere.post(LOGIN, json=WRONG)
        assert answer.status_code == 401

    interrupted = rebuilt(kit_app, hasher=Interrupted(context=Counted(), meanwhile=fail))
    async with interrupted.client() as client:
        answer = await client.post(LOGIN, json=RIGHT)

    assert answer.status_code == 401
