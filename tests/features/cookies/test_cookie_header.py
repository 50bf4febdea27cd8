"""What a Cookie header says, read strictly."""

import pytest
from starlette.requests import cookie_parser

from fastauth_kit.features.cookies.cookie import cookie_values

NAME = "__Host-access"


@pytest.mark.parametrize(
    ("headers", "values"),
    [
        ([], []),
        (["other=1"], []),
        ([f"{NAME}=a"], ["a"]),
        ([f"other=1; {NAME}=a; more=2"], ["a"]),
        ([f"other=1;{NAME}=a"], ["a"]),
        ([f"\t {NAME} = a \t"], ["a"]),
        # HTTP/2 may split them (RFC 9113, section 8.2.3)
        (["other=1", f"{NAME}=a"], ["a"]),
        # a sibling domain's beside ours, wherever it stands
        ([f"{NAME}=a; {NAME}=b"], ["a", "b"]),
        ([f"{NAME}=a", f"{NAME}=a"], ["a", "a"]),
        ([f"{NAME}=; {NAME}=b"], ["", "b"]),
        ([f"{NAME}="], [""]),
        ([f"{NAME}=a=b"], ["a=b"]),
        # no value, no cookie of this name
        ([NAME], []),
        ([f"={NAME}=a"], []),
        # names are told apart by their case
        (["__host-access=a"], []),
        # quotes are part of a value
        ([f'{NAME}="a"'], ['"a"']),
        ([f'{NAME}="a; other=b"'], ['"a']),
        # the forms of RFC 2965 are none
        ([f"$Version=1, {NAME}=a"], []),
        ([f"other=1, {NAME}=a"], []),
    ],
)
def test_every_value_of_a_name_is_found(headers: list[str], values: list[str]) -> None:
    assert cookie_values(headers, NAME) == values


@pytest.mark.parametrize("blank", ["\xa0", "\x85", "\x0b", "\x0c", "\x1c", "\u2003"])
def test_only_what_browsers_take_off_is_taken_off(blank: str) -> None:
    """A browser sets such a name without looking at its prefix: it does not begin with one."""
    assert cookie_values([f"{blank}{NAME}=evil", f"{NAME}{blank}=evil"], NAME) == []


def test_the_parser_of_starlette_would_not_do() -> None:
    """If it were as strict one day, ours could go."""
    assert cookie_parser(f"{NAME}=ours; {NAME}=evil") == {NAME: "evil"}
    assert cookie_parser(f"\xa0{NAME}=evil") == {NAME: "evil"}
    assert cookie_parser(f'{NAME}="\\141"') == {NAME: "a"}
