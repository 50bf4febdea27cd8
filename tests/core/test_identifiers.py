"""User ids as text: exact both ways, and strict about everything else."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    CHAR,
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.types import TypeEngine, UserDefinedType

from fastauth_kit.core.errors import ConfigurationError
from fastauth_kit.core.identifiers import KeyFormat, key_format

KEY = UUID("0190163d-8694-739b-aea5-966c26f8ad91")


class Guid(TypeDecorator[UUID]):
    """As in fastapi-users: the Python type is that of the type beneath."""

    class UuidChar(CHAR):
        python_type = UUID

    impl = UuidChar
    cache_ok = True


class Doubled(TypeDecorator[int]):
    """Decorates a decorator."""

    class Inner(TypeDecorator[int]):
        impl = SmallInteger
        cache_ok = True

    impl = Inner
    cache_ok = True


class OfItsOwn(TypeDecorator[str]):
    """Says itself what its keys are."""

    impl = Integer
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        return str


class Rolled(UserDefinedType[int]):
    """A number whose width nobody knows."""

    python_type = int


class Nameless(UserDefinedType[Any]):
    """As SQLAlchemy 2.0 has it for types that name no Python type."""

    @property
    def python_type(self) -> type[Any]:
        raise NotImplementedError


def of(column_type: TypeEngine[Any]) -> KeyFormat:
    return key_format(Column("id", column_type, primary_key=True))


@pytest.mark.parametrize(
    ("column_type", "expected"),
    [
        (SmallInteger(), KeyFormat(int, largest=2**15 - 1)),
        (Integer(), KeyFormat(int, largest=2**31 - 1)),
        (BigInteger(), KeyFormat(int, largest=2**63 - 1)),
        (BigInteger().with_variant(Integer(), "sqlite"), KeyFormat(int, largest=2**63 - 1)),
        (Doubled(), KeyFormat(int, largest=2**15 - 1)),
        (Rolled(), KeyFormat(int, largest=2**63 - 1)),
        (Uuid(), KeyFormat(UUID)),
        (Guid(), KeyFormat(UUID)),
        (Uuid(as_uuid=False), KeyFormat(str, longest=255)),
        (String(40), KeyFormat(str, longest=40)),
        (Text(), KeyFormat(str, longest=255)),
        (OfItsOwn(), KeyFormat(str, longest=255)),
    ],
)
def test_the_column_decides_what_a_key_is(
    column_type: TypeEngine[Any], expected: KeyFormat
) -> None:
    assert of(column_type) == expected


@pytest.mark.parametrize("column_type", [LargeBinary(), Numeric(), Nameless()])
def test_keys_that_cannot_be_written_are_refused_at_start(column_type: TypeEngine[Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"^user ids must be int, UUID or str, not \w+"):
        of(column_type)


@given(st.integers(0, 2**63 - 1))
def test_a_number_survives_the_round_trip(key: int) -> None:
    written = of(BigInteger())

    assert written.read(written.write(key)) == key


@given(st.uuids())
def test_a_uuid_survives_the_round_trip(key: UUID) -> None:
    written = of(Uuid())

    assert written.read(written.write(key)) == key


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40))
def test_a_text_survives_the_round_trip(key: str) -> None:
    written = of(String(40))

    assert written.read(written.write(key)) == key


@pytest.mark.parametrize(
    ("column_type", "largest"),
    [(SmallInteger(), 2**15 - 1), (Integer(), 2**31 - 1), (BigInteger(), 2**63 - 1)],
)
def test_a_number_ends_where_its_column_does(column_type: TypeEngine[Any], largest: int) -> None:
    assert of(column_type).read(str(largest)) == largest
    with pytest.raises(ValueError, match="not a number of this column"):
        of(column_type).read(str(largest + 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        " 1 ",
        "1 ",
        "1\n",
        "1_0",
        "01",
        "1.0",
        "1e3",
        "0x10",
        "١٢",
        "１",
        "²",
        "1\x00",
        "\ud800",
        "9" * 19,
        "1" * 5000,
        "true",
    ],
)
@pytest.mark.parametrize("column_type", [Integer(), BigInteger()])
def test_only_plain_digits_are_a_number(column_type: TypeEngine[Any], text: str) -> None:
    """int() alone would take some of these."""
    with pytest.raises(ValueError, match="not a number of this column"):
        of(column_type).read(text)


@pytest.mark.parametrize("text", [str(KEY), KEY.hex, str(KEY).upper(), KEY.hex.upper()])
def test_a_uuid_is_read_in_either_case_with_and_without_hyphens(text: str) -> None:
    assert of(Uuid()).read(text) == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        f"{{{KEY}}}",
        f"urn:uuid:{KEY}",
        f" {KEY}",
        f"{KEY}\n",
        f"{KEY}\x00",
        str(KEY).replace("-", "_"),
        str(KEY).replace("0", "０"),
        str(KEY).replace("0", "\ud800"),
        KEY.hex[:16] + "-" + KEY.hex[16:],
        KEY.hex[:-1],
        KEY.hex + "0",
        "+" + KEY.hex[1:],
        "0x" + KEY.hex[2:],
    ],
)
def test_other_spellings_of_a_uuid_are_refused(text: str) -> None:
    """uuid.UUID() alone would take most of these."""
    with pytest.raises(ValueError, match=r".+"):
        of(Uuid()).read(text)


@pytest.mark.parametrize("text", ["", "a" * 41, "a\x00b", "a\nb", "\ud800", "a\u202eb", "a\u200b"])
def test_a_text_key_is_printable_and_fits_its_column(text: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        of(String(40)).read(text)


@given(st.text(), st.sampled_from([Integer(), BigInteger(), Uuid(), String(40)]))
def test_any_text_is_a_key_or_refused(text: str, column_type: TypeEngine[Any]) -> None:
    try:
        key = of(column_type).read(text)
    except ValueError:
        return
    assert of(column_type).read(of(column_type).write(key)) == key


@pytest.mark.parametrize(
    ("column_type", "schema"),
    [
        (Integer(), {"type": "integer", "minimum": 0, "maximum": 2147483647}),
        (Uuid(), {"type": "string", "format": "uuid"}),
        (String(40), {"type": "string", "minLength": 1, "maxLength": 40}),
    ],
)
def test_openapi_says_what_a_key_is(column_type: TypeEngine[Any], schema: dict[str, Any]) -> None:
    assert of(column_type).json_schema() == schema
