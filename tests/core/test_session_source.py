"""A session dependency that cannot work is refused at start."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from fastauth_kit import ConfigurationError
from fastauth_kit.core.session_source import check_session_source

maker: async_sessionmaker[AsyncSession] = async_sessionmaker()
sync_maker = sessionmaker()


async def plain() -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        yield session


async def begins_before_it_yields() -> AsyncIterator[AsyncSession]:
    async with maker() as session:
        async with session.begin():
            await session.execute(...)  # type: ignore[call-overload]  # never called
        yield session


async def given_parts(maker: Any, begin: Any) -> AsyncIterator[AsyncSession]:
    async with begin(), maker as session:
        yield session


async def returns() -> AsyncSession:
    return maker()


def returns_at_once() -> AsyncSession:
    return maker()


class Source:
    """A dependency that is an object."""

    async def __call__(self) -> AsyncIterator[AsyncSession]:
        async with maker() as session:
            yield session


def without_source() -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec("async def get(maker):\n    yield maker", names)  # noqa: S102  # no file to read
    found: Callable[..., Any] = names["get"]
    return found


@pytest.mark.parametrize(
    "source",
    [
        plain,
        begins_before_it_yields,
        given_parts,
        returns,
        returns_at_once,
        Source(),
        partial(plain),
        asynccontextmanager(plain),
        without_source(),
        max,
        # a line that is no statement by itself
        (lambda: maker().begin()),
    ],
)
def test_a_source_that_may_work_is_taken(source: Callable[..., Any]) -> None:
    assert check_session_source(source) is None  # type: ignore[func-returns-value]  # no refusal


async def inside_begin_of_the_maker() -> AsyncIterator[AsyncSession]:
    async with maker.begin() as session:
        yield session


async def inside_begin_of_the_session() -> AsyncIterator[AsyncSession]:
    async with maker() as session, session.begin():
        yield session


async def deep_inside_begin() -> AsyncIterator[AsyncSession]:
    async with maker() as session, session.begin():
        try:
            if session.is_active:
                yield session
        finally:
            pass


async def inside_a_plain_begin() -> AsyncIterator[Any]:
    with maker.begin() as session:  # type: ignore[attr-defined]  # a mistake to be found
        yield session


async def assigns_what_is_sent() -> AsyncIterator[AsyncSession]:
    async with maker.begin() as session:
        _ = yield session


@pytest.mark.parametrize(
    "source",
    [
        inside_begin_of_the_maker,
        inside_begin_of_the_session,
        deep_inside_begin,
        inside_a_plain_begin,
        assigns_what_is_sent,
    ],
)
def test_a_commit_after_the_answer_is_refused(source: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"^get_session yields inside begin\(\)"):
        check_session_source(source)


def synchronous() -> Iterator[Session]:
    with sync_maker() as session:
        yield session


def synchronous_inside_begin() -> Iterator[Session]:
    with sync_maker.begin() as session:
        yield session


@pytest.mark.parametrize("source", [synchronous, partial(synchronous)])
def test_a_synchronous_generator_is_taken(source: Callable[..., Any]) -> None:
    assert check_session_source(source) is None  # type: ignore[func-returns-value]  # no refusal


def test_a_synchronous_generator_inside_begin_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^get_session yields inside begin"):
        check_session_source(synchronous_inside_begin)


@pytest.mark.parametrize("source", [None, "get_db", plain()])
def test_what_cannot_be_called_is_refused(source: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^get_session must be a dependency"):
        check_session_source(source)
