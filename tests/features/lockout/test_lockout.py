"""An account that was guessed at too often takes no password, and nobody can tell."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from fastauth_kit import CredentialChange, Device, Event, EventSink, Work
from fastauth_kit.core.hooks import announce_credential_change
from fastauth_kit.features.lockout import AccountLocked, Lockout
from fastauth_kit.features.passwords import PasswordHasher, default_context
from tests.features.accounts.people import Counted, rebuilt
from tests.kit_app import PASSWORD, IntLoginFailure, KitApp, bearer

LOGIN = "/api/auth/login"
ADA = "ada@example.com"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
MOST = 3


class Told(EventSink):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def receive(self, work: Work, event: Event) -> None:
        self.events.append(event)

    @property
    def locks(self) -> list[Event]:
        return [event for event in self.events if isinstance(event, AccountLocked)]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp], told: Told) -> KitApp:
    lockout = Lockout(model=IntLoginFailure, most_failures=MOST)
    return make_app(more_features=(lockout,), hooks=(told,))


async def log_in(
    kit_app: KitApp, password: str = PASSWORD, *, email: str = ADA, ip: str = HOME
) -> httpx2.Response:
    async with kit_app.client(ip=ip) as client:
        return await client.post(LOGIN, json={"email": email, "password": password})


async def guess(kit_app: KitApp, times: int, *, ip: str = ELSEWHERE, email: str = ADA) -> None:
    for _ in range(times):
        answer = await log_in(kit_app, "not the password", ip=ip, email=email)
        assert answer.json()["code"] == "invalid_credentials"


async def failures(kit_app: KitApp) -> int:
    async with kit_app.sessions() as session:
        return await session.scalar(select(func.count()).select_from(IntLoginFailure)) or 0


async def owners(kit_app: KitApp) -> list[Any]:
    """Return whose the rows are, in the order of their making."""
    async with kit_app.sessions() as session:
        rows = await session.scalars(select(IntLoginFailure))
        return [row.user_id for row in sorted(rows, key=lambda row: (row.user_id is None, row.id))]


async def status(kit_app: KitApp, **options: Any) -> int:
    return (await log_in(kit_app, **options)).status_code


async def test_the_last_failure_but_one_locks_nothing(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST - 1)

    assert await status(kit_app) == 200


async def test_the_last_one_locks(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST)

    assert await status(kit_app) == 401


async def test_failures_of_all_networks_count_together(kit_app: KitApp) -> None:
    await kit_app.add_user()
    for number in range(MOST):
        await guess(kit_app, 1, ip=f"198.51.100.{number}")

    assert await status(kit_app) == 401


async def test_another_account_is_not_locked_with_it(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await kit_app.add_user("bob@example.com")
    await guess(kit_app, MOST)

    assert await status(kit_app, email="bob@example.com") == 200


async def test_a_good_login_forgets_what_failed_in_its_own_network(kit_app: KitApp) -> None:
    await kit_app.add_user()
    for _ in range(3):
        await guess(kit_app, MOST - 1, ip=HOME)
        assert await status(kit_app) == 200

    assert await failures(kit_app) == 0


async def test_a_good_login_does_not_forget_what_failed_elsewhere(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST - 1)
    assert await status(kit_app) == 200
    await guess(kit_app, 1)

    assert await status(kit_app) == 401


async def test_a_64_of_ipv6_is_one_network(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST - 1, ip="2001:db8::1")
    assert await status(kit_app, ip="2001:db8::ffff:2") == 200

    assert await failures(kit_app) == 0


async def test_a_locked_account_stays_so_for_ever(kit_app: KitApp) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST)
    kit_app.clock.advance(days=4000)

    assert await status(kit_app) == 401


def shown(answer: httpx2.Response) -> tuple[Any, ...]:
    return answer.status_code, answer.content, sorted(answer.headers.items())


async def test_locked_answers_as_wrong_does(kit_app: KitApp) -> None:
    await kit_app.add_user()
    wrong = shown(await log_in(kit_app, "not the password"))
    unknown = shown(await log_in(kit_app, email="nobody@example.com"))
    await guess(kit_app, MOST)

    assert shown(await log_in(kit_app)) == wrong == unknown
    assert shown(await log_in(kit_app, "not the password")) == wrong


@pytest.mark.parametrize("rounds", [None, 4])
async def test_locked_works_as_hard_as_wrong(kit_app: KitApp, rounds: int | None) -> None:
    """Also where the right password would be due to be hashed anew."""
    counted = Counted()
    built = rebuilt(kit_app, hasher=PasswordHasher(context=counted))
    user_id = await kit_app.add_user()
    if rounds is not None:
        older: Any = default_context().copy(default="bcrypt", bcrypt__rounds=rounds)  # type: ignore[attr-defined]  # of passlib's
        async with kit_app.sessions.begin() as session:
            user = await session.get(kit_app.user_model, user_id)
            assert user is not None
            user.hashed_password = older.hash(PASSWORD)
    await guess(built, MOST)
    counted.work.clear()

    await log_in(built, "not the password")
    wrong, counted.work = counted.work, []
    await log_in(built)

    assert counted.work == wrong == ["verify"]


async def test_every_failure_costs_as_many_statements(kit_app: KitApp) -> None:
    await kit_app.add_user()
    costs: list[int] = []
    for options in (
        {"password": "not the password"},
        {"email": "nobody@example.com"},
        {"password": "not the password"},
        {"password": "not the password"},
        {},  # locked by now, and announced, which costs one statement once
        {},
        {"password": "not the password"},
    ):
        kit_app.statements.clear()
        assert await status(kit_app, **options) == 401
        costs.append(len(kit_app.statements))

    assert costs == [2, 2, 2, 2, 3, 2, 2]


async def test_a_good_login_costs_one_statement_more_at_most(
    kit_app: KitApp, make_app: Callable[..., KitApp]
) -> None:
    """None, where nothing failed before."""
    await kit_app.add_user()
    plain = await cost_of_a_login(make_app())

    without = await cost_of_a_login(kit_app)
    await guess(kit_app, 1, ip=HOME)

    assert (without, await cost_of_a_login(kit_app)) == (plain, plain + 1)


async def cost_of_a_login(kit_app: KitApp) -> int:
    kit_app.statements.clear()
    assert await status(kit_app) == 200
    return len(kit_app.statements)


async def test_the_owner_is_told_once(kit_app: KitApp, told: Told) -> None:
    ada = await kit_app.add_user()
    await guess(kit_app, MOST)
    assert told.locks == []

    await guess(kit_app, 3)
    await log_in(kit_app)

    assert told.locks == [AccountLocked(ada)]


async def test_every_failure_writes_one_row(kit_app: KitApp) -> None:
    """Or the time of the commit would tell which of them there is an account for."""
    await kit_app.add_user()
    counts: list[int] = []
    for email in (ADA, "nobody@example.com", *[ADA] * (MOST + 2)):
        before = await failures(kit_app)
        await guess(kit_app, 1, email=email)
        counts.append(await failures(kit_app) - before)

    assert counts == [1] * (MOST + 4)


async def test_a_locked_account_gathers_no_rows(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    await guess(kit_app, MOST + 5)

    assert await owners(kit_app) == [ada] * MOST + [None] * 5


async def marks(kit_app: KitApp) -> list[int]:
    """Return how many rows there are of each mark, and last how many have none."""
    async with kit_app.sessions() as session:
        rows = Counter(await session.scalars(select(IntLoginFailure.attempted)))
    without = rows.pop(None, 0)
    assert not any("nobody" in mark for mark in rows)
    return [*sorted(rows.values()), without]


async def test_an_address_without_an_account_is_counted_as_one_with(kit_app: KitApp) -> None:
    """Else the time of the count would tell, the longer the more has failed."""
    ada = await kit_app.add_user()
    await guess(kit_app, MOST + 2)
    assert await owners(kit_app) == [ada] * MOST + [None] * 2
    assert await marks(kit_app) == [MOST + 2]

    await guess(kit_app, MOST + 2, email="nobody@example.com")
    assert await marks(kit_app) == [MOST, MOST + 4]


async def test_the_lock_of_nobody_costs_what_that_of_an_account_does(kit_app: KitApp) -> None:
    await kit_app.add_user()
    costs: list[list[int]] = []
    for email in (ADA, "nobody@example.com"):
        costs.append([])
        for _ in range(MOST + 3):
            kit_app.statements.clear()
            await guess(kit_app, 1, email=email)
            costs[-1].append(len(kit_app.statements))

    assert costs[0] == costs[1] == [2, 2, 2, 3, 2, 2]


async def test_an_index_finds_the_failures_of_anybody(kit_app: KitApp) -> None:
    """Not one that leads to the rows of all who have no account."""
    if kit_app.engine.dialect.name != "sqlite":
        return
    await kit_app.add_user()
    for email in (ADA, "nobody@example.com"):
        await guess(kit_app, 1, email=email)
    (search,) = {text for text in kit_app.statements if "kit_row" in text}
    nothing = (None,) * search.count("?")
    async with kit_app.engine.connect() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {search}", nothing)
        told = " ".join(str(row[-1]) for row in plan.all())

    assert told.count("(attempted=?)") == told.count("(user_id=?)") == 1


async def test_a_mark_does_not_show_the_address(kit_app: KitApp) -> None:
    """Somebody may type a password into the wrong box."""
    await guess(kit_app, 1, email="nobody@example.com")
    await guess(kit_app, 1, email="Nobody@Example.com ")
    await guess(kit_app, 1, email="other@example.com")

    assert await marks(kit_app) == [1, 2, 0]


async def test_what_failed_before_there_was_an_account_does_not_lock_it(kit_app: KitApp) -> None:
    await guess(kit_app, MOST + 1)
    await kit_app.add_user()

    assert await status(kit_app) == 200


async def test_what_counts_for_nobody_can_be_pruned_after_a_week(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    await guess(kit_app, MOST)
    await guess(kit_app, 3, email="nobody@example.com")
    lockout = kit_app.auth.feature(Lockout)
    kit_app.clock.advance(days=7)
    await guess(kit_app, 1, email="nobody@example.com")
    pruned: list[int] = []
    for _ in range(3):
        async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
            pruned.append(await lockout.prune(work, at_most=2))

    assert pruned == [2, 1, 0]
    assert await owners(kit_app) == [ada] * MOST + [None]


async def test_a_failure_outlives_an_account_that_is_deleted_meanwhile(kit_app: KitApp) -> None:
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        await kit_app.auth.feature(Lockout).login_failed(work, 4711, "mark", 0, Device(ip=HOME))

    assert await owners(kit_app) == [None]


async def test_a_row_says_where_and_when(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    await guess(kit_app, 1)

    async with kit_app.sessions() as session:
        (row,) = (await session.scalars(select(IntLoginFailure))).all()
    assert (row.user_id, row.network, row.failed_at) == (ada, ELSEWHERE, kit_app.clock.now)
    assert row.announced is False


async def announce(kit_app: KitApp, change: CredentialChange) -> None:
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        user = await kit_app.auth.find_user(work, ADA)
        assert user is not None
        await announce_credential_change(work, user, change)


async def test_a_new_password_unlocks(kit_app: KitApp, told: Told) -> None:
    ada = await kit_app.add_user()
    await guess(kit_app, MOST + 1)
    await announce(kit_app, CredentialChange.PASSWORD)

    assert await status(kit_app) == 200
    await guess(kit_app, MOST + 1)
    assert told.locks == [AccountLocked(ada)] * 2


@pytest.mark.parametrize("change", sorted(set(CredentialChange) - {CredentialChange.PASSWORD}))
async def test_no_other_change_unlocks(kit_app: KitApp, change: CredentialChange) -> None:
    await kit_app.add_user()
    await guess(kit_app, MOST)
    await announce(kit_app, change)

    assert await status(kit_app) == 401


async def test_who_is_signed_in_may_change_the_password_of_a_locked_account(
    kit_app: KitApp,
) -> None:
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())
    await guess(kit_app, MOST)

    body = {"current_password": PASSWORD, "new_password": "another horse battery"}
    async with kit_app.client() as client:
        answer = await client.post("/api/auth/password/change", json=body, headers=headers)

    assert answer.status_code == 204
    assert await status(kit_app, password="another horse battery") == 200


async def test_who_administers_unlocks(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    await guess(kit_app, MOST)
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        await kit_app.auth.feature(Lockout).unlock(work, ada)

    assert await status(kit_app) == 200


async def test_failures_go_with_their_account(kit_app: KitApp) -> None:
    await kit_app.add_user()
    headers = bearer(await kit_app.sign_in())
    await guess(kit_app, 2)
    async with kit_app.client() as client:
        answer = await client.request(
            "DELETE", "/api/users/me", json={"password": PASSWORD}, headers=headers
        )

    assert answer.status_code == 204
    assert await failures(kit_app) == 0


async def test_a_login_by_code_counts_too(kit_app: KitApp) -> None:
    """Without an address, in the network of all whose address is not known."""
    await kit_app.add_user()
    passwords: Any = next(part for part in kit_app.auth.features if part.name == "passwords")
    for _ in range(MOST):
        with pytest.raises(Exception, match="401"):
            async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
                await passwords.log_in(work, ADA, "not the password", device=Device())

    assert await failures(kit_app) == MOST
    assert await status(kit_app) == 401
