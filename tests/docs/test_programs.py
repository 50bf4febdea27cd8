"""The programs of the documentation do what the pages around them say."""

import dataclasses
import logging
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from fastauth_kit import get_auth_router, get_users_router, install_errors
from fastauth_kit.features.throttling import Throttling
from tests.docs.programs import ADA, load, running, sign_in, sign_up


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, 32 bytes and more of it")


async def test_the_ten_lines_greet_who_signed_in(tmp_path: Path) -> None:
    async with running(load("ten_lines.py"), tmp_path) as client:
        headers = await sign_up(client, name="Ada")

        assert (await client.get("/hello", headers=headers)).json() == "Hello Ada"


async def test_a_route_of_ones_own_is_limited_where_throttling_is_on(tmp_path: Path) -> None:
    program = load("hooks.py")
    async with running(program, tmp_path) as client:
        url = "/api/invitations?email=ada@example.com"
        without = [(await client.post(url)).status_code for _ in range(5)]
        limited = (*program.auth.features, Throttling())
        program.auth = dataclasses.replace(program.auth, features=limited)
        install_errors(program.app)
        found = [(await client.post(url)).status_code for _ in range(5)]

    assert (without, found) == ([202] * 5, [202] * 3 + [429] * 2)


async def test_the_ten_lines_refuse_who_did_not(tmp_path: Path) -> None:
    async with running(load("ten_lines.py"), tmp_path) as client:
        answer = await client.get("/hello")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


async def test_own_columns_are_set_and_shown(tmp_path: Path) -> None:
    async with running(load("own_columns.py"), tmp_path) as client:
        headers = await sign_up(client, company="Analytical Engines")
        changed = await client.patch(
            "/api/users/me", json={"company": "Engines", "credit": 100}, headers=headers
        )

    shown = changed.json()
    assert (shown["company"], shown["credit"], shown["team"]) == ("Engines", 0, None)


async def test_a_relationship_in_the_read_schema_is_loaded(tmp_path: Path) -> None:
    program = load("own_columns.py")
    async with running(program, tmp_path) as client:
        headers = await sign_up(client, company="Analytical Engines")
        async with program.maker() as session, session.begin():
            person = await session.scalar(select(program.Person))
            person.team = program.Team(name="Compilers")
        me = await client.get("/api/users/me", headers=headers)

    assert me.json()["team"] == {"name": "Compilers"}


async def test_a_relationship_costs_a_query_without_load_options(tmp_path: Path) -> None:
    program = load("own_columns.py")
    auth = dataclasses.replace(program.auth, user_load_options=())
    program.app = FastAPI()
    program.app.include_router(get_auth_router(auth), prefix="/api/auth")
    program.app.include_router(get_users_router(auth), prefix="/api/users")
    async with running(program, tmp_path) as client:
        headers = await sign_up(client, company="Analytical Engines")
        async with program.maker() as session, session.begin():
            person = await session.scalar(select(program.Person))
            person.team = program.Team(name="Compilers")
        me = await client.get("/api/users/me", headers=headers)

    assert me.json()["team"] == {"name": "Compilers"}


async def test_a_required_column_is_asked_for(tmp_path: Path) -> None:
    async with running(load("own_columns.py"), tmp_path) as client:
        answer = await client.post("/api/auth/register", json=ADA)

    assert [item["loc"] for item in answer.json()["detail"]] == [["body", "company"]]


async def test_a_guard_is_asked_before_registration(tmp_path: Path) -> None:
    async with running(load("routes.py"), tmp_path) as client:
        refused = await client.post("/api/auth/register", json=ADA)
        made = await client.post("/api/auth/register", json=ADA, headers={"X-Captcha": "solved"})

    assert (refused.status_code, refused.json()["code"]) == (403, "captcha_failed")
    assert made.status_code == 201


async def test_routes_are_dropped_and_split_as_the_page_says() -> None:
    program = load("routes.py")

    dropped = _operations(program.app)
    admin, public = _operations(program.admin), _operations(program.public)

    assert {"delete_user", "close_account"}.isdisjoint(dropped)
    assert public == {"register"}
    assert {"login", "refresh", "delete_user"} <= admin
    assert {"register", "change_password"}.isdisjoint(admin)


async def test_hooks_write_with_the_account_and_after_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = load("hooks.py")
    with caplog.at_level(logging.INFO):
        async with running(program, tmp_path) as client:
            await client.post("/api/auth/register", json=ADA)
            await program.auth.after_commit.drain()
            assert await _count(program, program.Profile) == 1

    assert "a mail would go to ada@example.com" in caplog.text


async def test_a_refused_login_is_written_down(tmp_path: Path) -> None:
    program = load("hooks.py")
    async with running(program, tmp_path) as client:
        await client.post("/api/auth/login", json=ADA)

        assert await _count(program, program.FailedLogin) == 1


async def test_a_sink_hears_several_kinds(tmp_path: Path) -> None:
    program = load("hooks.py")
    counting = next(part for part in program.auth.hooks if isinstance(part, program.SessionCount))
    open_to_all = tuple(p for p in program.auth.hooks if not isinstance(p, program.VerifiedOnly))
    auth = dataclasses.replace(program.auth, hooks=open_to_all)
    vars(program).update(auth=auth, app=FastAPI())
    program.app.include_router(get_auth_router(auth), prefix="/api/auth")
    async with running(program, tmp_path) as client:
        await client.post("/api/auth/logout", headers=await sign_up(client))
        await auth.after_commit.drain()

    assert counting.counts == {"begun": 1, "ended": 1}


async def test_a_login_condition_refuses_the_right_password(tmp_path: Path) -> None:
    async with running(load("hooks.py"), tmp_path) as client:
        await client.post("/api/auth/register", json=ADA)
        answer = await client.post("/api/auth/login", json=ADA)

    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_verified")


async def test_a_remover_takes_the_profile_along(tmp_path: Path) -> None:
    program = load("hooks.py")
    async with running(program, tmp_path) as client:
        await client.post("/api/auth/register", json=ADA)
        accounts = program.auth.feature(program.Accounts)
        async with program.maker() as session, program.auth.work_for(session) as work:
            user = await program.auth.find_user(work, ADA["email"])
            await accounts.remove(work, user.id)

        assert await _count(program, program.Profile) == 0


async def test_a_script_makes_a_superuser_once(tmp_path: Path) -> None:
    program = load("scripts.py")
    async with running(program, tmp_path):
        await program.main()

        async with program.maker() as session:
            user = await session.scalar(select(program.User))

    assert (user.email, user.is_superuser, user.is_verified) == ("admin@example.com", True, True)


async def test_a_script_signs_out_everywhere(tmp_path: Path) -> None:
    program = load("scripts.py")
    async with running(program, tmp_path) as client:
        headers = await sign_up(client)
        ended = await program.sign_out_everywhere("Ada@Example.com")
        sessions = await client.get("/api/auth/sessions", headers=headers)

    assert (ended, sessions.status_code) == (1, 401)


async def test_a_script_locks_an_account_out(tmp_path: Path) -> None:
    program = load("scripts.py")
    async with running(program, tmp_path) as client:
        await sign_up(client)
        await program.lock_out("ada@example.com")
        answer = await client.post("/api/auth/login", json=ADA)

    assert answer.json()["code"] == "inactive_user"


async def test_a_nightly_job_promotes_whom_it_finds(tmp_path: Path) -> None:
    program = load("scripts.py")
    async with running(program, tmp_path) as client:
        await sign_up(client)
        found = await program.promote_nightly(["ada@example.com", "nobody@example.com"])

        async with program.maker() as session:
            user = await session.scalar(select(program.User))

    assert (found, user.is_superuser) == (1, True)


async def test_an_account_joins_the_callers_transaction_or_is_not_made(tmp_path: Path) -> None:
    program = load("scripts.py")
    async with running(program, tmp_path):
        await program.open_shop("ada@example.com", ADA["password"], "Engines")
        with pytest.raises(IntegrityError):
            await program.open_shop("bob@example.com", ADA["password"], "Engines")

        assert await _count(program, program.User) == 1


async def test_a_route_of_the_callers_commits_with_the_work(tmp_path: Path) -> None:
    program = load("scripts.py")
    async with running(program, tmp_path) as client:
        shop = {"email": "ada@example.com", "name": "Engines"}
        answer = await client.post("/shops", params=shop)

        assert answer.status_code == 201
        assert await _count(program, program.Shop) == 1


async def test_refusals_take_the_callers_shape_everywhere(tmp_path: Path) -> None:
    async with running(load("error_shape.py"), tmp_path) as client:
        kits = await client.post("/api/auth/refresh", json={"refresh_token": "x"})
        own = await client.post("/orders")
        invalid = await client.post("/api/auth/login", json={"email": "x"})

    assert kits.json()["error"] == "invalid_refresh_token"
    assert own.json() == {"error": "out_of_stock", "message": "Nothing is left of this."}
    assert invalid.json()["message"][0]["loc"] == ["body", "password"]


async def test_the_quickstarts_second_program_writes_a_note(tmp_path: Path) -> None:
    async with running(load("quickstart/grown.py"), tmp_path) as client:
        headers = await sign_up(client, company="Engines")

        assert (await client.get("/notes", headers=headers)).json() == ["Welcome"]
        assert await sign_in(client)


def _operations(app: FastAPI) -> set[str]:
    paths = app.openapi()["paths"]
    return {operation["operationId"] for path in paths.values() for operation in path.values()}


async def _count(program: ModuleType, model: Any) -> int:
    async with program.maker() as session:
        return int(await session.scalar(select(func.count()).select_from(model)))


async def test_a_link_to_an_export_works_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = load("core_features.py")
    async with running(program, tmp_path) as client:
        headers = await sign_up(client)
        asked = await client.post("/api/exports", headers=headers)
        await program.auth.after_commit.drain()
        token = capsys.readouterr().out.strip().partition("#token=")[2]
        answers = [await client.post("/api/exports/open", json={"token": token}) for _ in range(2)]

    assert asked.status_code == 202
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[0].json() == {"email": ADA["email"]}
    assert answers[1].json()["code"] == "invalid_one_time_token"


async def test_a_script_signs_somebody_out_everywhere(tmp_path: Path) -> None:
    program = load("core_features.py")
    async with running(program, tmp_path) as client:
        headers = await sign_up(client)
        ended = await program.from_a_script("ADA@example.com")
        answer = await client.get("/api/users/me", headers=headers)
        unknown = await program.from_a_script("nobody@example.com")

    assert (ended, unknown, answer.status_code) == (1, 0, 401)


async def test_a_script_ends_the_sessions_of_everybody(tmp_path: Path) -> None:
    program = load("operations.py")
    async with running(program, tmp_path) as client:
        headers = await sign_up(client)
        before = await client.get("/api/users/me", headers=headers)
        await program.main()
        after = await client.get("/api/users/me", headers=headers)
        again = await client.get("/api/users/me", headers=await sign_in(client))

    assert (before.status_code, after.status_code, again.status_code) == (200, 401, 200)


async def test_reuse_of_a_refresh_token_alerts_somebody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = load("operations.py")
    async with running(program, tmp_path) as client:
        await sign_up(client)
        first = (await client.post("/api/auth/login", json=ADA)).json()["refresh_token"]
        stolen, latest = {"refresh_token": first}, first
        for _ in range(2):
            answer = await client.post("/api/auth/refresh", json={"refresh_token": latest})
            latest = answer.json()["refresh_token"]
        with caplog.at_level(logging.CRITICAL, "alerts"):
            answer = await client.post("/api/auth/refresh", json=stolen)
            await program.auth.after_commit.drain()

    assert answer.status_code == 401
    told = [record.getMessage() for record in caplog.records if record.name == "alerts"]
    assert told == ["somebody should look at this: RefreshTokenReused"]
