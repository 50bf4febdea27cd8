"""The shortest way through: an account, a session, and the end of it."""

import httpx2

from tests.kit_app import KitApp, bearer


async def test_a_person_registers_signs_in_and_out(
    kit_app: KitApp, client: httpx2.AsyncClient
) -> None:
    body = {"email": "Ada@Example.com", "password": "correct horse battery", "name": "Ada"}
    registered = await client.post("/api/auth/register", json=body)
    assert registered.status_code == 201

    tokens = await kit_app.sign_in()
    me = await client.get("/api/users/me", headers=bearer(tokens))
    assert me.json()["email"] == "ada@example.com"

    out = await client.post("/api/auth/logout", headers=bearer(tokens))
    assert out.status_code == 204
    again = await client.get("/api/users/me", headers=bearer(tokens))
    assert again.status_code == 401
