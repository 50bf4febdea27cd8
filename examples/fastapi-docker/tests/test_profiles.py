"""Profiles."""

from httpx2 import AsyncClient


async def test_a_profile_is_changed_by_its_owner_and_seen_by_others(
    ada: AsyncClient, eve: AsyncClient
) -> None:
    changed = await ada.patch("/api/users/me/profile", json={"bio": "Wrote programs."})

    seen = await eve.get(f"/api/users/{changed.json()['user_id']}/profile")

    assert seen.json()["bio"] == "Wrote programs."
