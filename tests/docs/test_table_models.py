"""The programs with tables of other kinds do what the page says."""

from pathlib import Path

from tests.docs.programs import load, running, sign_up


async def test_an_app_of_sqlmodel_signs_in_and_writes(tmp_path: Path) -> None:
    async with running(load("table_models/with_sqlmodel.py"), tmp_path) as client:
        headers = await sign_up(client, name="Ada")
        post = (await client.post("/posts?title=Notes", headers=headers)).json()
        me = (await client.get("/api/users/me", headers=headers)).json()

    assert (me["name"], post["author_id"], post["title"]) == ("Ada", me["id"], "Notes")


async def test_an_app_of_dataclasses_signs_in(tmp_path: Path) -> None:
    async with running(load("table_models/with_dataclasses.py"), tmp_path) as client:
        headers = await sign_up(client, name="Ada")

        assert (await client.get("/hello", headers=headers)).json() == "Hello Ada"
