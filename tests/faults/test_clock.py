"""The clock jumps an hour, forward and back, while everybody is at work."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.faults.app import build
from tests.faults.forms import form, say, seeded
from tests.faults.ledger import Ledger
from tests.faults.load import PEOPLE, Load, check
from tests.faults.watch import Caller, Watch
from tests.kit_app import PASSWORD, Clock, KitApp, bearer

HOUR = timedelta(hours=1)
JUMPS = form(short=6, long=100)
FURTHEST = 6
"""So many hours the clock strays at most, either way."""

LIFETIMES = {
    "access_token_lifetime": timedelta(minutes=30),
    "idle_lifetime": timedelta(hours=4),
    "absolute_lifetime": timedelta(hours=10),
}


@pytest.fixture
async def signed_in(make_app: Callable[..., KitApp]) -> KitApp:
    kit_app = make_app(sessions_options=LIFETIMES)
    await kit_app.add_user()
    return kit_app


async def refresh(client: httpx2.AsyncClient, tokens: dict[str, Any]) -> httpx2.Response:
    body = {"refresh_token": tokens["refresh_token"]}
    return await client.post("/api/auth/refresh", json=body)


async def me(client: httpx2.AsyncClient, tokens: dict[str, Any]) -> int:
    return (await client.get("/api/users/me", headers=bearer(tokens))).status_code


async def sessions(client: httpx2.AsyncClient, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.get("/api/auth/sessions", headers=bearer(tokens))
    assert answer.status_code == 200
    listed: list[dict[str, Any]] = answer.json()
    return listed


async def test_an_hour_forward_costs_a_refresh_and_no_more(signed_in: KitApp) -> None:
    tokens = await signed_in.sign_in()
    signed_in.clock.advance(hours=1)

    async with signed_in.client() as client:
        assert await me(client, tokens) == 401
        fresh = await refresh(client, tokens)
        assert fresh.status_code == 200
        assert await me(client, fresh.json()) == 200


async def test_an_hour_back_costs_nothing(signed_in: KitApp) -> None:
    """Tokens and sessions are of the future then."""
    tokens = await signed_in.sign_in()
    signed_in.clock.advance(hours=-1)

    async with signed_in.client() as client:
        assert await me(client, tokens) == 200
        first = await refresh(client, tokens)
        again = await refresh(client, tokens)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json()["refresh_token"] == again.json()["refresh_token"]
        assert await me(client, first.json()) == 200


async def test_a_lost_answer_is_forgiven_after_a_jump_back(signed_in: KitApp) -> None:
    """The rotation is of the future then; that is within the grace."""
    tokens = await signed_in.sign_in()
    async with signed_in.client() as client:
        lost = await refresh(client, tokens)
        signed_in.clock.advance(hours=-1)
        again = await refresh(client, tokens)
        assert again.json()["refresh_token"] == lost.json()["refresh_token"]
        signed_in.clock.advance(hours=1)
        assert await me(client, lost.json()) == 200


async def test_a_stolen_token_is_found_out_whatever_the_clock_does(signed_in: KitApp) -> None:
    tokens = await signed_in.sign_in()
    async with signed_in.client() as client:
        second = (await refresh(client, tokens)).json()
        third = (await refresh(client, second)).json()
        signed_in.clock.advance(hours=-1)
        assert (await refresh(client, tokens)).status_code == 401
        assert (await refresh(client, third)).status_code == 401


async def test_lists_are_whole_after_both_jumps(signed_in: KitApp) -> None:
    """What was used last comes first, by the times that were written down."""
    await signed_in.sign_in()
    signed_in.clock.advance(hours=-1)
    old = await signed_in.sign_in()
    signed_in.clock.advance(hours=2)
    new = await signed_in.sign_in()

    async with signed_in.client() as client:
        fresh = (await refresh(client, old)).json()
        signed_in.clock.advance(hours=-1)
        listed = await sessions(client, new)
        assert await sessions(client, fresh) is not None

    assert len(listed) == 3
    used = [datetime.fromisoformat(one["last_used_at"]) for one in listed]
    assert used == sorted(used, reverse=True)
    assert all(moment.tzinfo is not None for moment in used)


async def test_what_has_ended_stays_so_when_the_clock_goes_back(signed_in: KitApp) -> None:
    """Logged out, signed out by a change of password: not by the clock's leave."""
    gone, other = await signed_in.sign_in(), await signed_in.sign_in()
    acting = await signed_in.sign_in()
    async with signed_in.client() as client:
        await client.post("/api/auth/logout", headers=bearer(gone))
        body = {"current_password": PASSWORD, "new_password": "another horse battery"}
        changed = await client.post("/api/auth/password/change", headers=bearer(acting), json=body)
        assert changed.status_code == 204
        signed_in.clock.advance(hours=-1)
        for tokens in (gone, other):
            assert await me(client, tokens) == 401
            assert (await refresh(client, tokens)).status_code == 401
        assert await me(client, acting) == 200


async def test_lifetimes_count_by_the_clock_there_is(signed_in: KitApp) -> None:
    tokens = await signed_in.sign_in()
    async with signed_in.client() as client:
        signed_in.clock.advance(hours=-1)
        tokens = (await refresh(client, tokens)).json()
        # idle for four hours since the refresh, by the same clock
        signed_in.clock.advance(hours=3, minutes=59)
        tokens = (await refresh(client, tokens)).json()
        for _ in range(2):
            signed_in.clock.advance(hours=3)
            answer = await refresh(client, tokens)
            assert answer.status_code == 200
            tokens = answer.json()
        # ten hours after the login; the jump back has given the hour that it took
        signed_in.clock.advance(hours=1, minutes=1)
        assert (await refresh(client, tokens)).status_code == 401


@pytest.fixture
async def jumping(tables: str) -> AsyncIterator[tuple[Ledger, Clock]]:
    """People at work on a server whose clock the test moves."""
    clock = Clock()
    app = build(tables, clock=clock)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://app.test") as client:
        ledger = Ledger(Caller(client, Watch()), seeded("clock"))
        ledger.add(PEOPLE)
        for account in ledger.accounts:
            account.jumpy = True
        yield ledger, clock
    await app.auth.aclose()
    await app.engine.dispose()


async def test_nobody_is_logged_out_by_a_clock_that_jumps_under_load(
    jumping: tuple[Ledger, Clock], database_kind: str
) -> None:
    ledger, clock = jumping
    strayed = 0
    async with Load(ledger) as load:
        for _ in range(JUMPS):
            await load.deeds(ledger.random.randint(5, 20))
            hours = ledger.random.choice([-1, 1])
            if abs(strayed + hours) <= FURTHEST:
                strayed += hours
                clock.advance(hours=hours)
    await check(ledger, [*ledger.accounts, *ledger.registered], everything=True)
    say(f"{database_kind}: {JUMPS} jumps, {ledger.story()}")
    assert ledger.caller.watch.lost == 0
