"""A token that was verified before: what is remembered of it, and what never is."""

from typing import Any

import httpx2
import pytest

from fastauth_kit import AuthSettings
from fastauth_kit.features.sessions import access_token
from fastauth_kit.features.sessions.access_token import VerifiedTokens
from tests.features.accounts.people import Person, join, rebuilt
from tests.features.accounts.tokens import opens, present
from tests.kit_app import KitApp

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

Verifications = list[str]


@pytest.fixture
async def ada(kit_app: KitApp) -> Person:
    """Somebody signed in."""
    return await join(kit_app)


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> Verifications:
    """The tokens whose signature was looked at."""
    seen: Verifications = []
    verify = access_token._verify

    def note(auth: Any, token: str) -> dict[str, Any]:
        seen.append(token)
        return verify(auth, token)

    monkeypatch.setattr(access_token, "_verify", note)
    return seen


async def test_a_signature_is_looked_at_once(
    client: httpx2.AsyncClient, ada: Person, verifications: Verifications
) -> None:
    assert await opens(client, ada.tokens)
    assert await opens(client, ada.tokens)

    assert len(verifications) == 1


async def test_a_token_that_is_remembered_ends_at_its_time(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    assert await opens(client, ada.tokens)

    kit_app.clock.advance(minutes=30)

    assert not await opens(client, ada.tokens)


async def test_a_token_that_is_remembered_does_not_work_long_before_its_time(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    """As if it came in for the first time: a clock that was set back by more than a day."""
    assert await opens(client, ada.tokens)

    kit_app.clock.advance(days=-2)

    assert not await opens(client, ada.tokens)


async def test_the_session_of_a_remembered_token_is_asked_for_every_time(
    client: httpx2.AsyncClient, ada: Person
) -> None:
    assert await opens(client, ada.tokens)

    await client.post("/api/auth/logout", headers=ada.headers)

    assert not await opens(client, ada.tokens)


async def test_what_one_installation_verified_is_nothing_to_another(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    """Two in one process, even with the same ``Sessions``, or after a key was retired."""
    assert await opens(client, ada.tokens)
    other = AuthSettings(secret_key="another secret of the tests, of 32 bytes and more")

    async with rebuilt(kit_app, settings=other).client() as elsewhere:
        assert not await opens(elsewhere, ada.tokens)


@pytest.mark.parametrize("place", [5, 60, -5])
async def test_a_token_like_a_remembered_one_is_refused(
    client: httpx2.AsyncClient, ada: Person, place: int
) -> None:
    """Changed in its header, in what it says, in its signature."""
    assert await opens(client, ada.tokens)
    token = ada.tokens["access_token"]
    changed = "A" if token[place] != "A" else "B"

    answer = await present(client, token[:place] + changed + token[place:][1:])

    assert answer.status_code == 401


async def test_a_refused_token_is_not_remembered(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    remembered = vars(kit_app.auth.prepared(VerifiedTokens))["_claims"]
    remembered.clear()  # of what other tests have presented
    kit_app.clock.advance(minutes=30)
    assert not await opens(client, ada.tokens)

    assert remembered == {}


async def test_only_so_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
    kit_app: KitApp,
    client: httpx2.AsyncClient,
    verifications: Verifications,
) -> None:
    monkeypatch.setattr(access_token, "MOST_REMEMBERED", 2)
    people = [await join(kit_app, f"person{number}@example.com") for number in range(3)]

    for person in (*people, people[0]):
        assert await opens(client, person.tokens)

    assert len(verifications) == 4
    assert len(vars(kit_app.auth.prepared(VerifiedTokens))["_claims"]) == 2


async def test_nobody_finds_a_token_in_what_is_remembered(
    kit_app: KitApp, client: httpx2.AsyncClient, ada: Person
) -> None:
    assert await opens(client, ada.tokens)

    remembered = repr(vars(kit_app.auth.prepared(VerifiedTokens)))

    parts = ada.tokens["access_token"].split(".")
    assert not any(part in remembered for part in parts)
