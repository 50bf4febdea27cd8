"""Accounts come from elsewhere, with their hashes, once, whatever happens meanwhile."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

from fastauth_kit import on
from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.features.accounts import UserCreated, UserPromoted
from fastauth_kit.surfaces.importing import SourceRefused, UsersImported
from fastauth_kit.surfaces.importing.checking import (
    COSTLY_HASH,
    HASH_DROPPED,
    INVALID_ADDRESS,
    INVALID_ID,
    INVALID_TIME,
    NAIVE_TIME,
    NO_ADDRESS,
    UNREADABLE_HASH,
    WITHOUT_PASSWORD,
    Candidate,
)
from fastauth_kit.surfaces.importing.importer import CONFLICT, DIFFERS, DUPLICATE
from fastauth_kit.surfaces.importing.target import Target
from fastauth_kit.surfaces.importing.writing import Writer
from tests.kit_app import KitApp
from tests.surfaces.importing.importing_app import (
    HASH,
    Rows,
    counts,
    csv_source,
    imported,
    json_source,
    users,
)

HEAD = "email,hashed_password\n"
NO_FLAG = "column is_active: neither true nor false"


async def test_who_was_imported_signs_in_and_gets_a_new_hash(kit_app: KitApp) -> None:
    report = await imported(kit_app, csv_source(f"{HEAD}Ada@Example.com,{HASH}\n"))

    await kit_app.sign_in("ada@example.com")
    stored = (await users(kit_app))["ada@example.com"].hashed_password
    assert (report.read, report.imported, report.is_complete) == (1, 1, True)
    assert stored.startswith("$argon2id$")


async def test_what_the_source_says_is_kept(kit_app: KitApp) -> None:
    row = {
        "email": "ada@example.com",
        "hashed_password": HASH,
        "is_active": "f",
        "is_verified": 1,
        "is_superuser": "true",
        "created_at": "2019-05-06T09:08:07.123456+02:00",
        "name": "Ada",
    }

    await imported(kit_app, json_source(row))

    ada = (await users(kit_app))["ada@example.com"]
    assert (ada.is_active, ada.is_verified, ada.is_superuser, ada.name) == (
        False,
        True,
        True,
        "Ada",
    )
    assert ada.hashed_password == HASH
    assert ada.created_at == datetime(2019, 5, 6, 7, 8, 7, 123456, tzinfo=UTC)
    assert ada.updated_at == kit_app.clock.now


async def test_a_second_run_changes_nothing(kit_app: KitApp) -> None:
    source = f"{HEAD}ada@example.com,{HASH}\nbob@example.com,{HASH}\n"
    await imported(kit_app, csv_source(source))
    before = {email: vars(user).copy() for email, user in (await users(kit_app)).items()}
    kit_app.clock.advance(days=1)

    report = await imported(kit_app, csv_source(source))

    after = {email: vars(user).copy() for email, user in (await users(kit_app)).items()}
    for state in (*before.values(), *after.values()):
        state.pop("_sa_instance_state")
    assert (report.imported, report.already_there, report.is_complete) == (0, 2, True)
    assert before == after


async def test_an_account_that_is_there_is_left_as_it_is_and_noted(kit_app: KitApp) -> None:
    await kit_app.add_user("ada@example.com", name="Ada")

    report = await imported(
        kit_app, json_source({"email": "ADA@example.com", "is_superuser": True})
    )

    assert (report.already_there, report.imported) == (1, 0)
    assert report.noted[DIFFERS].lines == ["1"]
    assert report.superusers == []
    await kit_app.sign_in("ada@example.com")
    assert not (await users(kit_app))["ada@example.com"].is_superuser


async def test_a_dry_run_says_the_same_and_writes_nothing(kit_app: KitApp) -> None:
    await kit_app.add_user("bob@example.com")
    source = f"{HEAD}ada@example.com,{HASH}\nbob@example.com,{HASH}\nADA@example.com,\nx,\n"

    dry = await imported(kit_app, csv_source(source), dry_run=True)
    nothing_written = list(await users(kit_app))
    wet = await imported(kit_app, csv_source(source))

    assert nothing_written == ["bob@example.com"]
    assert {**dry.as_json(), "dry_run": False} == wet.as_json()
    assert (wet.imported, wet.already_there) == (1, 1)


@pytest.mark.parametrize("batch", [1, 1000])
async def test_spellings_of_one_mailbox_become_one_account(kit_app: KitApp, batch: int) -> None:
    rows = ["josé@bücher.example", "JOSE\u0301@BÜCHER.example", "josé@xn--bcher-kva.example"]

    report = await imported(kit_app, json_source(*({"email": each} for each in rows)), batch=batch)

    assert list(await users(kit_app)) == ["josé@xn--bcher-kva.example"]
    assert report.left_out[DUPLICATE].lines == ["2 (as 1)", "3 (as 1)"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"email": "no address"}, INVALID_ADDRESS),
        ({"email": "admin@localhost"}, INVALID_ADDRESS),
        ({"email": "x" * 2_000_000}, INVALID_ADDRESS),
        ({"email": 7}, INVALID_ADDRESS),
        ({"email": {"at": "ada@example.com"}}, INVALID_ADDRESS),
        ({"email": "a\0da@example.com"}, INVALID_ADDRESS),
        ({"email": "\ud800ada@example.com"}, INVALID_ADDRESS),
        ({"name": "Nobody"}, NO_ADDRESS),
        ({"email": "a@example.com", "hashed_password": "correct horse"}, UNREADABLE_HASH),
        ({"email": "a@example.com", "hashed_password": 12345}, UNREADABLE_HASH),
        ({"email": "a@example.com", "hashed_password": HASH[:-1]}, UNREADABLE_HASH),
        ({"email": "a@example.com", "hashed_password": HASH.replace("$04$", "$31$")}, COSTLY_HASH),
        ({"email": "a@example.com", "created_at": "yesterday"}, INVALID_TIME),
        ({"email": "a@example.com", "created_at": "1969-12-31"}, INVALID_TIME),
        ({"email": "a@example.com", "created_at": "2999-01-01"}, INVALID_TIME),
        ({"email": "a@example.com", "created_at": "0001-01-01T00:00:00+14:00"}, INVALID_TIME),
        ({"email": "a@example.com", "is_active": "perhaps"}, NO_FLAG),
        ({"email": "a@example.com", "name": "x" * 101}, "column name: string_too_long"),
        ({"email": "a@example.com", "name": "a\0b"}, "column name: text that cannot be stored"),
        ({"email": "a@example.com", "name": {"first": "A"}}, "column name: string_type"),
    ],
)  # fmt: skip
async def test_a_row_that_will_not_do_is_left_out_alone(
    kit_app: KitApp, row: dict[str, Any], reason: str
) -> None:
    report = await imported(
        kit_app, Rows([{"email": "ada@example.com"}, row, {"email": "bob@example.com"}])
    )

    assert counts(report) == {reason: 1}
    assert report.left_out[reason].lines == ["2"]
    assert sorted(await users(kit_app)) == ["ada@example.com", "bob@example.com"]


async def test_an_account_may_come_without_its_unreadable_hash(kit_app: KitApp) -> None:
    row = {"email": "ada@example.com", "hashed_password": "9f86d081884c7d65"}

    report = await imported(kit_app, json_source(row), allow_unreadable=True)

    assert report.noted[HASH_DROPPED].lines == ["1"]
    assert (await users(kit_app))["ada@example.com"].hashed_password is None


@pytest.mark.parametrize("stored", [None, "!", "!Qm9ndXM"])
async def test_an_account_without_a_password_stays_one(kit_app: KitApp, stored: str | None) -> None:
    row = {"email": "ada@example.com", "hashed_password": stored}

    report = await imported(kit_app, json_source(row))

    assert report.noted[WITHOUT_PASSWORD].count == 1
    assert (await users(kit_app))["ada@example.com"].hashed_password is None


async def test_a_time_without_a_zone_is_utc_and_noted(kit_app: KitApp) -> None:
    row = {"email": "ada@example.com", "created_at": "2019-05-06 07:08:09"}

    report = await imported(kit_app, json_source(row))

    assert report.noted[NAIVE_TIME].count == 1
    created = (await users(kit_app))["ada@example.com"].created_at
    assert created == datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)


async def test_superusers_are_named(kit_app: KitApp) -> None:
    rows = [
        {"email": f"{name}@example.com", "is_superuser": name == "ada"} for name in ("ada", "bob")
    ]

    report = await imported(kit_app, json_source(*rows))

    assert report.superusers == ["ada@example.com"]


async def test_columns_that_mean_nothing_are_named_unless_they_may_be_data(
    kit_app: KitApp,
) -> None:
    row = {"mail": "ada@example.com", "shoe size": 38, HASH: 1}

    report = await imported(kit_app, json_source(row), names={"mail": "email"})

    assert sorted(report.unknown_columns) == ["...", "shoe size"]
    assert HASH not in str(report.as_json())


async def test_a_source_without_addresses_is_refused_without_repeating_it(kit_app: KitApp) -> None:
    with pytest.raises(SourceRefused, match="--map theirs=email") as refusal:
        await imported(kit_app, csv_source(f"ada@example.com,{HASH}\nbob@example.com,{HASH}\n"))

    assert "ada" not in str(refusal.value)


async def test_a_column_that_the_table_does_not_have_is_refused(kit_app: KitApp) -> None:
    with pytest.raises(ConfigurationError, match="takes no column shoes"):
        await imported(kit_app, csv_source(HEAD), names={"schuhe": "shoes"})


async def test_no_account_is_told_of_as_a_new_one(make_app: Any) -> None:
    told: list[Any] = []

    async def note(work: Any, event: Any) -> None:
        told.append(event)

    kit_app = make_app(
        hooks=[on(kind, note) for kind in (UserCreated, UsersImported, UserPromoted)]
    )

    await imported(
        kit_app,
        json_source({"email": "a@example.com"}, {"email": "b@example.com", "is_superuser": 1}),
    )

    kinds = [type(event) for event in told]
    assert kinds == [UserPromoted, UsersImported]
    assert told[-1].imported == 2


class Map:
    def __init__(self) -> None:
        self.ids: dict[Any, Any] = {}

    def add(self, source_id: Any, key: Any) -> None:
        self.ids[source_id] = key


async def test_the_map_of_ids_is_whole_after_every_run(kit_app: KitApp) -> None:
    there = await kit_app.add_user("ada@example.com")
    rows = [{"id": "x1", "email": "ada@example.com"}, {"id": "x2", "email": "bob@example.com"}]
    maps = [Map(), Map()]

    for each in maps:
        await imported(kit_app, json_source(*rows), id_map=each)

    bob = (await users(kit_app))["bob@example.com"].id
    assert [each.ids for each in maps] == [{"x1": there, "x2": bob}] * 2


async def test_ids_are_kept_and_new_accounts_get_later_ones(kit_app: KitApp) -> None:
    # behind those of other tests: emptying a table leaves its sequence where it was
    theirs = 4000 + await kit_app.add_user("first@example.com")

    await imported(kit_app, json_source({"id": theirs, "email": "ada@example.com"}), keep_ids=True)

    assert (await users(kit_app))["ada@example.com"].id == theirs
    assert await kit_app.add_user("next@example.com") == theirs + 1


async def test_whoever_came_first_is_not_taken_for_an_imported_superuser(kit_app: KitApp) -> None:
    key = await kit_app.add_user("ada@example.com")
    values = {"email": "ada@example.com", "hashed_password": None, "is_superuser": True}
    writer = Writer(partial(kit_app.auth.run, kit_app.make_session), Target(kit_app.auth))

    written = await writer.write([Candidate(1, "ada@example.com", None, None, values)])

    assert (written.made, written.keys) == ([], {"ada@example.com": key})


async def test_a_sequence_never_goes_back(kit_app: KitApp) -> None:
    first = await kit_app.add_user("first@example.com")
    await imported(kit_app, json_source({"id": first + 5, "email": "a@example.com"}), keep_ids=True)
    last = await kit_app.add_user("last@example.com")

    await imported(kit_app, json_source({"id": first + 2, "email": "b@example.com"}), keep_ids=True)

    assert await kit_app.add_user("next@example.com") == last + 1


@pytest.mark.parametrize("given", [None, 0, -1, 2**31, 2**70, "x1", 1.5, True, [1]])
async def test_an_id_that_is_no_key_is_left_out(kit_app: KitApp, given: Any) -> None:
    row = {"id": given, "email": "ada@example.com"}

    report = await imported(kit_app, json_source(row), keep_ids=True)

    assert counts(report) == {INVALID_ID: 1}


async def test_an_id_that_is_taken_leaves_its_row_out_alone(kit_app: KitApp) -> None:
    taken = await kit_app.add_user("first@example.com")
    rows = [{"id": taken, "email": "a@example.com"}, {"id": taken + 7, "email": "b@example.com"}]

    report = await imported(kit_app, json_source(*rows), keep_ids=True)

    assert report.left_out[CONFLICT].lines == ["1"]
    assert sorted(await users(kit_app)) == ["b@example.com", "first@example.com"]


async def test_uuids_are_kept_and_made(make_app: Any) -> None:
    kit_app = make_app(key="uuid")
    kept = UUID("3e86d9a5-7a3f-4d5a-9d6e-0f4a2b1c8d7e")

    await imported(kit_app, json_source({"id": str(kept), "email": "a@example.com"}), keep_ids=True)
    await imported(kit_app, json_source({"id": str(kept), "email": "b@example.com"}))

    found = await users(kit_app)
    assert found["a@example.com"].id == kept
    assert found["b@example.com"].id.version == 7


async def test_an_account_that_the_app_makes_meanwhile_stays_the_apps(
    kit_app: KitApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race that the look before the write cannot see is decided by the index."""
    look = Writer.existing

    async def then_somebody_registers(writer: Writer, batch: Any) -> Any:
        found = await look(writer, batch)
        await kit_app.add_user("ada@example.com")
        return found

    monkeypatch.setattr(Writer, "existing", then_somebody_registers)
    rows = [
        {"email": "ada@example.com", "hashed_password": HASH},
        {"email": "bob@example.com", "hashed_password": HASH},
    ]

    report = await imported(kit_app, json_source(*rows))

    assert (report.imported, report.already_there, report.is_complete) == (1, 1, True)
    assert (await users(kit_app))["ada@example.com"].hashed_password != HASH


async def test_many_batches_come_in_whole(kit_app: KitApp) -> None:
    rows = [{"email": f"user{n}@example.com"} for n in range(250)]

    report = await imported(kit_app, Rows(rows), batch=100)

    async with kit_app.sessions() as session:
        stored = await session.scalar(select(func.count()).select_from(kit_app.user_model))
    assert (report.read, report.imported, stored) == (250, 250, 250)


async def test_a_row_that_the_database_refuses_is_found_by_halves(
    kit_app: KitApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that only the database knows; here its type of the column."""
    monkeypatch.setattr(Target, "own_values", lambda self, given: {"name": given.get("name")})
    rows = [
        {"email": f"user{n}@example.com", "name": "x" * 101 if n == 3 else "x"} for n in range(6)
    ]

    report = await imported(kit_app, Rows(rows))

    if kit_app.engine.dialect.name != "sqlite":  # which keeps any length
        assert report.left_out[CONFLICT].lines == ["4"]
        assert report.imported == 5


async def test_a_table_whose_rows_are_the_apps_own_is_asked_only_by_address(
    kit_app: KitApp,
) -> None:
    async with kit_app.sessions() as session, session.begin():
        await session.execute(
            insert(kit_app.user_model), [{"email": f"old{n}@example.com"} for n in range(20)]
        )
    kit_app.statements.clear()

    await imported(kit_app, json_source({"email": "ada@example.com"}))

    assert len([text for text in kit_app.statements if "SELECT" in text]) <= 3
