"""``--app``: which AuthKit a command is about, and how it comes to a session."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import Depends, Header, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncSession

from fastauth_kit import ConfigurationError
from fastauth_kit.surfaces.cli import main
from fastauth_kit.surfaces.cli.target import find_auth
from tests.mailing import once
from tests.surfaces.cli.shops import ADA, Shop, Terminal

LIST = ("users", "list", "--json")


def test_without_an_app_the_option_and_the_variable_are_named(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FASTAUTH_APP", raising=False)
    done = terminal.call(*LIST)

    assert (done.code, done.out) == (1, "")
    assert "--app app.main:auth" in done.err
    assert "FASTAUTH_APP" in done.err


@once
def test_the_variable_names_the_app(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAUTH_APP", "shop:auth")
    shop.add()

    assert ADA in shop.terminal.call(*LIST).out


@once
def test_a_function_an_app_and_a_dotted_name_will_do(shop: Shop) -> None:
    auth = shop.kit_app.auth
    shop.kit_app.app.state.auth = auth
    holder = SimpleNamespace(inner=SimpleNamespace(auth=auth))
    vars(shop.module).update(make=lambda: auth, holder=holder)

    names = ("shop:auth", "shop:make", "shop:app", "shop:holder.inner.auth")
    assert [find_auth(name) for name in names] == [auth] * 4


def _fail() -> None:
    raise ValueError("the address has the password in it")


@once
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shop", "--app shop: write it as module:attribute, as in app.main:auth"),
        ("shop:", "--app shop:: write it as"),
        (":auth", "--app :auth: write it as"),
        ("nowhere_at_all:auth", "there is no module 'nowhere_at_all' here"),
        ("shop.inner:auth", "there is no module 'shop.inner' here"),
        ("shop:other", "shop:other: shop has no attribute 'other'"),
        ("shop:auth.a.b", "shop:auth.a.b: an object of AuthKit has no attribute 'a'"),
        ("shop:app", "shop:app is no AuthKit but an object of FastAPI"),
        ("shop:number", "shop:number is no AuthKit but an object of int"),
        ("shop:fail", "shop:fail() failed: ValueError (set FASTAUTH_TRACEBACK=1 to see where)"),
        ("shop:Kind", "shop:Kind is no AuthKit but Kind"),
    ],
)
def test_what_is_no_auth_kit_is_said_to_be_none(shop: Shop, name: str, said: str) -> None:
    vars(shop.module).update(number=3, fail=_fail, Kind=type("Kind", (), {}))

    done = shop.terminal.call("--app", name, *LIST)

    assert (done.code, done.out, done.err.startswith(said)) == (1, "", True), done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("from fastapi import nothing", "ImportError: cannot import name 'nothing'"),
        ("import os; os.environ['NO_SUCH_SETTING']", "KeyError: 'NO_SUCH_SETTING' (an env"),
        ("raise ValueError('a secret thing')", "ValueError (set FASTAUTH_TRACEBACK=1"),
        ("a b", "SyntaxError (set"),
        (
            "from fastauth_kit import AuthSettings as S; S(secret_key='x')",
            "ConfigurationError: sec",
        ),
    ],
)
def test_an_import_that_fails_is_a_sentence(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    (tmp_path / "broken_shop.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    done = terminal.call("--app", "broken_shop:auth", *LIST)

    assert done.code == 1
    assert done.err.startswith(f"broken_shop cannot be imported: {said}")
    assert "a secret thing" not in done.err
    assert done.err.count("\n") == 1


@once
def test_a_traceback_is_shown_to_whoever_asks_for_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAUTH_TRACEBACK", "1")
    monkeypatch.setattr(sys, "argv", ["fastauth-kit", "--app", "shop:nothing", "prune"])
    with pytest.raises(ConfigurationError):
        main()  # and Python prints the rest


Source = Callable[..., Any]


def with_source(shop: Shop, source: Source) -> Shop:
    """Give the app another ``get_session``."""
    auth = replace(shop.kit_app.auth, get_session=source)
    vars(shop.module).update(auth=auth)
    return replace(shop, module=ModuleType("unused"))


def asynchronous(shop: Shop) -> Source:
    async def get_db() -> AsyncIterator[AsyncSession]:
        async with shop.kit_app.sessions() as session:
            yield session

    return get_db


def with_dependencies(shop: Shop) -> Source:
    def get_maker() -> Any:
        return shop.kit_app.sessions

    async def get_tenant(make: Annotated[Any, Depends(get_maker)]) -> AsyncIterator[Any]:
        yield make

    async def get_db(make: Annotated[Any, Depends(get_tenant)]) -> AsyncIterator[AsyncSession]:
        async with make() as session:
            yield session

    return get_db


def returning(shop: Shop) -> Source:
    async def get_db() -> AsyncSession:
        return shop.kit_app.sessions()

    return get_db


def callable_object(shop: Shop) -> Source:
    class Database:
        async def __call__(self) -> AsyncIterator[AsyncSession]:
            async with shop.kit_app.sessions() as session:
                yield session

    return Database()


def committing(shop: Shop) -> Source:
    async def get_db() -> AsyncIterator[AsyncSession]:
        session = await shop.kit_app.sessions().__aenter__()
        transaction = await session.begin()
        yield session
        await transaction.commit()
        await session.close()

    return get_db


@once
@pytest.mark.parametrize(
    "source", [asynchronous, with_dependencies, returning, callable_object, committing]
)
def test_every_kind_of_get_session_works(shop: Shop, source: Callable[[Shop], Source]) -> None:
    shop = with_source(shop, source(shop))
    shop.add()

    assert shop.call("users", "promote", ADA).code == 0
    assert '"is_superuser": true' in shop.call(*LIST).out


def of_the_app_state(request: Request) -> Iterator[Any]:
    yield request.app.state.maker


def of_a_header(x_tenant: Annotated[str, Header()]) -> Iterator[Any]:
    yield x_tenant


def refusing() -> Iterator[Any]:
    raise HTTPException(400)
    yield


@once
@pytest.mark.parametrize(
    ("source", "said"),
    [
        (of_the_app_state, "(AttributeError)"),
        (of_a_header, "(it was refused)"),
        (refusing, "(it was refused)"),
    ],
)
def test_a_get_session_for_requests_alone_is_said_to_be_one(
    shop: Shop, source: Source, said: str
) -> None:
    done = with_source(shop, source).call(*LIST)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"get_session gave no session outside a request {said}")


@once
def test_a_commit_of_the_callers_that_fails_is_no_success(shop: Shop) -> None:
    async def get_db() -> AsyncIterator[AsyncSession]:
        async with shop.kit_app.sessions() as session:
            yield session
        raise OSError(28, "No space left on device", "the log")

    shop.add()
    done = with_source(shop, get_db).call("users", "promote", ADA)

    assert (done.code, done.out, done.err) == (1, "", "the log: No space left on device\n")
