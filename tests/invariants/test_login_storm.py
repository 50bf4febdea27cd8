"""Hashing takes as long as it takes; nobody else waits for it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from fastauth_kit.features.passwords import PasswordHasher
from tests.invariants.crowd import together
from tests.invariants.storm import CLIENTS, CONNECTIONS, WORKERS, SlowContext, Storm, WatchedPool
from tests.kit_app import PASSWORD, KitApp


@pytest.fixture
async def make_storm(
    make_app: Callable[..., KitApp], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Storm]:
    """Builds one; nobody waits for ever for a connection."""

    def make(*, max_waiting: int = 256) -> Storm:
        context, pool = SlowContext(), WatchedPool(max_waiting)
        # the app of the tests hashes with whatever this makes
        slow = PasswordHasher(context=context, pool=pool)
        monkeypatch.setattr("tests.kit_app.PasswordHasher", lambda **_: slow)
        options = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": 10}
        return Storm(make_app(engine_options=options), context, pool)

    return make


def login(client: httpx2.AsyncClient, email: str = "ada@example.com") -> Awaitable[httpx2.Response]:
    return client.post("/api/auth/login", json={"email": email, "password": PASSWORD})


async def test_others_are_answered_while_sixteen_sign_in(make_storm: Callable[..., Storm]) -> None:
    """The event loop is free, and so is a connection."""
    storm = make_storm()
    headers = await storm.person()
    async with (
        storm.kit_app.client() as client,
        storm.hashing(*(login(client) for _ in range(CLIENTS))) as logins,
    ):
        others = [await client.get("/api/users/me", headers=headers) for _ in range(10)]
        unfinished = [one for one in logins if not one.done()]

    assert [other.status_code for other in others] == [200] * 10
    assert len(unfinished) == CLIENTS


async def test_no_connection_is_held_while_sixteen_sign_in(
    make_storm: Callable[..., Storm],
) -> None:
    storm = make_storm()
    await storm.person()
    async with (
        storm.kit_app.client() as client,
        storm.hashing(*(login(client) for _ in range(CLIENTS))),
    ):
        assert storm.connections_held == 0


async def test_all_sixteen_are_signed_in_after_all(make_storm: Callable[..., Storm]) -> None:
    """More than there are connections, each of which is needed for the write."""
    storm = make_storm()
    await storm.person()
    async with (
        storm.kit_app.client() as client,
        storm.hashing(*(login(client) for _ in range(CLIENTS))) as logins,
    ):
        pass

    assert [one.result().status_code for one in logins] == [200] * CLIENTS


async def test_nobody_is_refused_while_sixteen_sign_in_without_pause(
    make_storm: Callable[..., Storm],
) -> None:
    storm = make_storm()
    headers = await storm.person()
    over = asyncio.Event()
    statuses: set[int] = set()

    async with storm.kit_app.client() as client:

        async def sign_in_again_and_again() -> None:
            while not over.is_set():
                statuses.add((await login(client)).status_code)

        async def look_on() -> None:
            for _ in range(15):
                me = await client.get("/api/users/me", headers=headers)
                statuses.add(me.status_code)
            over.set()

        await together(*[sign_in_again_and_again] * CLIENTS, look_on)

    assert statuses == {200}


CHANGE = {"current_password": PASSWORD, "new_password": "another horse battery"}
NEW = {"email": "new@example.com", "password": PASSWORD}
FLOWS: dict[str, tuple[str, str, dict[str, str]]] = {
    "login": ("POST", "/api/auth/login", {"email": "ada@example.com", "password": PASSWORD}),
    "login unknown": ("POST", "/api/auth/login", {"email": "no@example.com", "password": "?" * 9}),
    "register": ("POST", "/api/auth/register", NEW),
    "create": ("POST", "/api/users", NEW),
    "confirm": ("POST", "/api/auth/password/confirm", {"password": PASSWORD}),
    "change": ("POST", "/api/auth/password/change", CHANGE),
    "close": ("DELETE", "/api/users/me", {"password": PASSWORD}),
}


@pytest.mark.parametrize("flow", FLOWS)
async def test_no_connection_is_held_by_a_hash(make_storm: Callable[..., Storm], flow: str) -> None:
    storm = make_storm()
    await storm.person("root@example.com", is_superuser=True)
    headers = await storm.person(is_superuser=True)
    method, url, body = FLOWS[flow]
    async with (
        storm.kit_app.client(headers=headers) as client,
        storm.hashing(client.request(method, url, json=body)),
    ):
        assert storm.connections_held == 0


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("flow", FLOWS)
async def test_nothing_is_hashed_on_the_event_loop(
    make_storm: Callable[..., Storm], flow: str
) -> None:
    storm = make_storm()
    await storm.person("root@example.com", is_superuser=True)
    headers = await storm.person(is_superuser=True)
    storm.context.threads.clear()
    method, url, body = FLOWS[flow]

    async with storm.kit_app.client(headers=headers) as client:
        await client.request(method, url, json=body)

    assert storm.context.threads
    assert threading.get_ident() not in storm.context.threads


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
class TestAFullQueue:
    """Two are hashed, two wait: that is all it takes here."""

    PLACES = WORKERS + 2

    @pytest.fixture
    async def storm(self, make_storm: Callable[..., Storm]) -> Storm:
        storm = make_storm(max_waiting=self.PLACES - WORKERS)
        await storm.person()
        return storm

    @pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
    async def test_one_more_is_asked_to_come_back(self, storm: Storm, email: str) -> None:
        """Whether they have an account or not."""
        async with (
            storm.kit_app.client() as client,
            storm.hashing(*(login(client) for _ in range(self.PLACES))),
        ):
            refused = await login(client, email)

        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) >= 1

    async def test_a_refusal_holds_no_connection(self, storm: Storm) -> None:
        async with (
            storm.kit_app.client() as client,
            storm.hashing(*(login(client) for _ in range(self.PLACES))),
        ):
            await login(client)

            assert storm.connections_held == 0

    async def test_places_come_back(self, storm: Storm) -> None:
        async with storm.kit_app.client() as client:
            for _ in range(3):
                async with storm.hashing(*(login(client) for _ in range(self.PLACES))) as logins:
                    await login(client)
                    await storm.pool.wait_for(1)

                assert [one.result().status_code for one in logins] == [200] * self.PLACES

    async def test_a_request_that_is_cancelled_frees_its_place(self, storm: Storm) -> None:
        """Those that wait at once; those that are hashed when they are done."""
        async with storm.kit_app.client() as client:
            async with storm.hashing(*(login(client) for _ in range(self.PLACES))) as gone:
                await asyncio.to_thread(storm.context.wait_until_busy)
                for one in gone:
                    one.cancel()
                await asyncio.wait(gone)
                late = [asyncio.ensure_future(login(client)) for _ in range(2)]
                await storm.pool.wait_for(2)
                refused = await login(client)

            answers = await asyncio.gather(*late)

        assert refused.status_code == 503
        assert [answer.status_code for answer in answers] == [200, 200]
        assert storm.connections_held == 0
