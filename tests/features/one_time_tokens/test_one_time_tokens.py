"""Tokens that are sent to a mailbox: who may use them, for what, and how often."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from fastauth_kit import Accounts, CredentialChange, Work
from fastauth_kit.core.hooks import announce_credential_change
from fastauth_kit.features.one_time_tokens import (
    InvalidOneTimeToken,
    OneTimeTokens,
    Proof,
    Purpose,
)
from tests.kit_app import IntOneTimeToken, KitApp, UuidOneTimeToken

T = TypeVar("T")

RESET = Purpose("pr", "password_reset", timedelta(minutes=30))
VERIFY = Purpose("ev", "email_verification", timedelta(days=1))
ADA = "ada@example.com"


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=(OneTimeTokens(model=IntOneTimeToken),))


async def within(kit_app: KitApp, operation: Callable[[Work], Awaitable[T]]) -> T:
    """Run an operation in a transaction of its own."""
    async with kit_app.sessions() as session, kit_app.auth.work_for(session) as work:
        return await operation(work)


def tokens(kit_app: KitApp) -> OneTimeTokens:
    feature: OneTimeTokens = kit_app.auth.feature(OneTimeTokens)
    return feature


async def issue(
    kit_app: KitApp, user_id: Any, purpose: Purpose = RESET, *, email: str = ADA
) -> str:
    return await within(
        kit_app, lambda work: tokens(kit_app).issue(work, user_id, purpose, email=email)
    )


async def consume(kit_app: KitApp, token: str, purpose: Purpose = RESET) -> Proof:
    _, proof = await within(kit_app, lambda work: tokens(kit_app).consume(work, token, purpose))
    return proof


async def works(kit_app: KitApp, token: str, purpose: Purpose = RESET) -> bool:
    """Whether a token would work; does not use it up."""
    try:
        await within(kit_app, lambda work: tokens(kit_app).look_at(work, token, purpose))
    except InvalidOneTimeToken:
        return False
    return True


async def row_of(kit_app: KitApp) -> Any:
    async with kit_app.sessions() as session:
        return await session.scalar(select(IntOneTimeToken))


async def test_a_token_proves_its_user_and_mailbox(kit_app: KitApp) -> None:
    ada, _ = await kit_app.add_user(), await kit_app.add_user("bob@example.com")

    token = await issue(kit_app, ada, email="old@example.com")

    assert await consume(kit_app, token) == Proof(ada, "old@example.com")


async def test_its_user_is_returned_too(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())

    async def email_of(work: Work) -> str:
        user, _ = await tokens(kit_app).consume(work, token, RESET)
        return user.email

    assert await within(kit_app, email_of) == ADA


async def test_a_token_works_once(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())
    await consume(kit_app, token)

    with pytest.raises(InvalidOneTimeToken):
        await consume(kit_app, token)


async def test_looking_at_a_token_does_not_use_it_up(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())

    assert [await works(kit_app, token) for _ in range(20)] == [True] * 20
    await consume(kit_app, token)


async def test_a_token_that_is_consumed_and_rolled_back_works_again(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())

    async def fail(work: Work) -> None:
        await tokens(kit_app).consume(work, token, RESET)
        raise LookupError

    with pytest.raises(LookupError):
        await within(kit_app, fail)

    await consume(kit_app, token)


async def test_a_token_of_one_purpose_is_none_of_another(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    reset, verify = await issue(kit_app, ada), await issue(kit_app, ada, VERIFY)

    assert not await works(kit_app, reset, VERIFY)
    assert not await works(kit_app, verify, RESET)
    assert await works(kit_app, reset)
    assert await works(kit_app, verify, VERIFY)


async def test_the_letters_in_front_belong_to_the_token(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())

    assert not await works(kit_app, "ev" + token.removeprefix("pr"))


async def test_the_newest_token_supersedes_the_one_before(kit_app: KitApp) -> None:
    ada, bob = await kit_app.add_user(), await kit_app.add_user("bob@example.com")
    first, of_bob = await issue(kit_app, ada), await issue(kit_app, bob)

    second = await issue(kit_app, ada)

    assert not await works(kit_app, first)
    assert await works(kit_app, second)
    assert await works(kit_app, of_bob)


async def test_a_used_token_makes_room_for_a_new_one(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    await consume(kit_app, await issue(kit_app, ada))

    await consume(kit_app, await issue(kit_app, ada))


async def test_there_is_one_row_for_each_user_and_purpose(kit_app: KitApp) -> None:
    ada, bob = await kit_app.add_user(), await kit_app.add_user("bob@example.com")

    for _ in range(3):
        for user_id in (ada, bob):
            await issue(kit_app, user_id)
            await issue(kit_app, user_id, VERIFY)

    async with kit_app.sessions() as session:
        rows = (await session.scalars(select(IntOneTimeToken))).all()
    assert sorted((row.user_id, row.purpose) for row in rows) == [
        (user_id, purpose.name) for user_id in (ada, bob) for purpose in (VERIFY, RESET)
    ]


async def test_a_token_works_until_just_before_it_expires(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())

    kit_app.clock.advance(minutes=30, microseconds=-1)
    assert await works(kit_app, token)
    kit_app.clock.advance(microseconds=1)
    assert not await works(kit_app, token)


@pytest.mark.parametrize("change", CredentialChange)
async def test_a_change_of_credentials_makes_every_token_void(
    kit_app: KitApp, change: CredentialChange
) -> None:
    ada, bob = await kit_app.add_user(), await kit_app.add_user("bob@example.com")
    hers = [(await issue(kit_app, ada, purpose), purpose) for purpose in (RESET, VERIFY)]
    his = await issue(kit_app, bob)

    async def announce(work: Work) -> None:
        user = await kit_app.auth.find_user(work, ADA)
        assert user is not None
        await announce_credential_change(work, user, change)

    await within(kit_app, announce)

    assert [await works(kit_app, *token) for token in hers] == [False, False]
    assert await works(kit_app, his)


async def test_tokens_of_one_purpose_can_be_made_void(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    reset, verify = await issue(kit_app, ada), await issue(kit_app, ada, VERIFY)

    count = await within(kit_app, lambda work: tokens(kit_app).void(work, ada, RESET))

    assert count == 1
    assert not await works(kit_app, reset)
    assert await works(kit_app, verify, VERIFY)


async def test_deactivation_makes_tokens_void(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    token = await issue(kit_app, ada)
    accounts = kit_app.auth.feature(Accounts)

    await within(kit_app, lambda work: accounts.update(work, ada, {"is_active": False}))

    assert not await works(kit_app, token)


async def test_tokens_go_with_their_account(kit_app: KitApp) -> None:
    ada, bob = await kit_app.add_user(), await kit_app.add_user("bob@example.com")
    hers, his = await issue(kit_app, ada), await issue(kit_app, bob)
    accounts = kit_app.auth.feature(Accounts)

    await within(kit_app, lambda work: accounts.remove(work, ada))

    assert not await works(kit_app, hers)
    assert await works(kit_app, his)
    assert (await row_of(kit_app)).user_id == bob


def with_another_secret(token: str) -> str:
    head, _, secret = token.rpartition(".")
    return f"{head}.{'AB'[secret[0] == 'A']}{secret[1:]}"


async def test_a_token_is_void_after_ten_wrong_secrets(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())
    wrong = with_another_secret(token)

    for _ in range(9):
        assert not await works(kit_app, wrong)
    assert await works(kit_app, token)
    assert not await works(kit_app, wrong)

    assert not await works(kit_app, token)


async def test_a_new_token_has_all_its_attempts(kit_app: KitApp) -> None:
    ada = await kit_app.add_user()
    wrong = with_another_secret(await issue(kit_app, ada))
    for _ in range(10):
        await works(kit_app, wrong)

    assert await works(kit_app, await issue(kit_app, ada))


async def test_the_right_secret_that_comes_too_late_is_no_attempt(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())
    await consume(kit_app, token)

    assert not await works(kit_app, token)

    assert (await row_of(kit_app)).attempts == 0


async def test_the_table_holds_no_token(kit_app: KitApp) -> None:
    token = await issue(kit_app, await kit_app.add_user())
    secret = token.rpartition(".")[2]

    row = await row_of(kit_app)

    held = [str(getattr(row, column.key)) for column in IntOneTimeToken.__table__.columns]
    assert not [text for text in held if secret in text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pr",
        "pr..",
        "pr.00000000000000000000000000000000.",
        "\ud800",
        "pr.\x00",
        "PR.00000000000000000000000000000000." + "A" * 43,
        "pr.0000000000000000000000000000000G." + "A" * 43,
        "pr.00000000000000000000000000000000." + "A" * 44,
        "pr.00000000000000000000000000000000." + "A" * 42 + "B",
        "pr.00000000000000000000000000000000." + "A" * 43 + "\n",
        "x" * 1_000_000,
    ],
)
async def test_what_is_no_token_is_refused_without_a_question_to_the_database(
    kit_app: KitApp, text: str
) -> None:
    await kit_app.add_user()
    kit_app.statements.clear()

    assert not await works(kit_app, text)

    assert kit_app.statements == []


async def test_a_token_that_was_never_issued_is_refused(kit_app: KitApp) -> None:
    assert not await works(kit_app, "pr.00000000000000000000000000000000." + "A" * 43)


async def test_keys_of_another_type_work_as_well(make_app: Callable[..., KitApp]) -> None:
    kit_app = make_app(key="uuid", more_features=(OneTimeTokens(model=UuidOneTimeToken),))
    ada = await kit_app.add_user()

    assert await consume(kit_app, await issue(kit_app, ada)) == Proof(ada, ADA)
