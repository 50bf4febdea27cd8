"""Which passwords may be chosen, and what is said about the others."""

from pathlib import Path
from typing import Any, cast
from unicodedata import normalize

import pytest

from fastauth_kit.core.errors import ConfigurationError, InvalidInput
from fastauth_kit.features.passwords import policy as policy_module
from fastauth_kit.features.passwords.policy import (
    LONGEST_INPUT,
    PasswordPolicy,
    PasswordRules,
    common_passwords,
    folded,
)

EMAIL, NAME = "ada.lovelace@example.com", "Ada Lovelace"
GOOD = "correct horse battery"


def fault_of(
    password: str,
    policy: PasswordRules | None = None,
    *,
    email: str = EMAIL,
    name: str | None = NAME,
) -> str | None:
    """Return the type of the refusal, ``None`` if there is none."""
    try:
        (policy or PasswordPolicy()).check(password, field="password", email=email, name=name)
    except InvalidInput as refusal:
        (fault,) = refusal.fields
        return str(fault["type"])
    return None


def watch_normalize(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that the policy normalises, as they come."""
    seen: list[str] = []

    def watched(form: Any, text: str) -> str:
        seen.append(text)
        return normalize(form, text)

    monkeypatch.setattr(policy_module, "normalize", watched)
    return seen


def wide(text: str) -> str:
    """Return the full-width form, as East Asian keyboards type it."""
    return "".join(chr(ord(letter) + 0xFEE0) if letter != " " else "\u3000" for letter in text)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x1!" * 20,
        "пароль-пароль",
        "密码密码密码密码",
        "🐎🔋📎🐎🔋📎🐎🔋",
        "        a",
        "a\tb\nc\0d!!",
    ],
)
def test_any_character_will_do(password: str) -> None:
    """No rules of composition (SP 800-63B-4, section 3.1.1.2)."""
    assert fault_of(password) is None


class TestLength:
    @pytest.mark.parametrize(
        ("length", "fault"),
        [
            (0, "password_too_short"),
            (7, "password_too_short"),
            (8, None),
            (64, None),
            (256, None),
            (257, "password_too_long"),
            (LONGEST_INPUT, "password_too_long"),
            (LONGEST_INPUT + 1, "password_too_long"),
        ],
    )
    def test_is_8_to_256_by_default(self, length: int, fault: str | None) -> None:
        assert fault_of("ж" * length) == fault

    def test_is_counted_after_normalising(self) -> None:
        """One character that is typed as two counts once, and one that is three counts thrice."""
        assert fault_of("e\u0301" * 7) == "password_too_short"
        assert fault_of("e\u0301" * 8) is None
        assert fault_of("\ufb03" * 3) is None
        assert fault_of("\ufb03" * 86) == "password_too_long"

    def test_is_configurable(self) -> None:
        policy = PasswordPolicy(min_length=15, max_length=64)

        assert fault_of("ж" * 14, policy) == "password_too_short"
        assert fault_of("ж" * 15, policy) is None
        assert fault_of("ж" * 64, policy) is None
        assert fault_of("ж" * 65, policy) == "password_too_long"

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ({"min_length": 7}, "min_length of 8"),
            ({"max_length": 63}, "max_length from 64"),
            ({"max_length": LONGEST_INPUT + 1}, "to 1024"),
            ({"min_length": 65, "max_length": 64}, "min_length <= max_length"),
        ],
    )
    def test_out_of_the_standards_is_refused_at_start(
        self, options: dict[str, int], why: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=why):
            PasswordPolicy(**cast(Any, options))

    def test_may_be_at_the_ends_of_the_standards(self) -> None:
        PasswordPolicy(min_length=8, max_length=64)
        PasswordPolicy(min_length=64, max_length=64)
        PasswordPolicy(max_length=LONGEST_INPUT)

    def test_is_told_with_the_number(self) -> None:
        policy = PasswordPolicy(min_length=15, max_length=64)

        with pytest.raises(InvalidInput) as short:
            policy.check("x", field="new_password", email=EMAIL, name=None)
        with pytest.raises(InvalidInput) as long:
            policy.check("x" * 65, field="new_password", email=EMAIL, name=None)

        assert short.value.fields == [
            {
                "type": "password_too_short",
                "loc": ("body", "new_password"),
                "msg": "Use at least 15 characters.",
            }
        ]
        assert long.value.fields[0]["msg"] == "Use at most 64 characters."

    def test_is_bounded_before_normalising(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is too long in any spelling costs nothing; names are cut."""
        seen = watch_normalize(monkeypatch)

        assert fault_of("\u0345\u0301" * 2**20) == "password_too_long"
        assert fault_of("e\u0301" * 129, PasswordPolicy(max_length=64)) == "password_too_long"
        assert not seen

        assert fault_of(GOOD, email="e\u0301" * 10_000, name="e\u0301" * 10_000) is None
        assert 0 < max(map(len, seen)) <= LONGEST_INPUT

    def test_allows_what_is_short_enough_once_it_is_normalised(self) -> None:
        """U+1F82 can be typed as four code points, and nothing as more."""
        typed = normalize("NFD", "\u1f82") * 64

        assert len(typed) == 256
        assert fault_of(typed, PasswordPolicy(max_length=64)) is None

    def test_is_checked_on_a_password_that_is_normalised_and_folded_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = watch_normalize(monkeypatch)

        fault_of("Cafe\u0301 suffit", email="", name="")

        whole = [text for text in seen if len(text) > 1]
        assert whole == ["Cafe\u0301 suffit", "caf\u00e9 suffit"]


class TestCommonPasswords:
    @pytest.mark.parametrize(
        "password",
        [
            "password",
            "12345678",
            "iloveyou",
            "PASSWORD",
            "pAssWord1",
            "qwertyuiop",
            wide("password"),
        ],
    )
    def test_are_refused_in_any_case_and_width(self, password: str) -> None:
        assert fault_of(password) == "password_too_common"

    def test_are_refused_whole_only(self) -> None:
        assert fault_of("password of the horse") is None

    def test_can_be_a_list_of_ones_own(self) -> None:
        policy = PasswordPolicy(common={"acme-corp"})

        assert fault_of("ACME-corp", policy) == "password_too_common"
        assert fault_of("password", policy) is None

    def test_can_be_none_at_all(self) -> None:
        assert fault_of("password", PasswordPolicy(common=())) is None

    def test_are_ten_thousand_that_a_policy_could_allow(self) -> None:
        """OWASP ASVS 6.2.4 asks for 3,000 that match the policy."""
        passwords = common_passwords()

        assert len(passwords) == 10_000
        assert all(len(password) >= 8 for password in passwords)
        assert all(folded(password) == password for password in passwords)

    def test_are_read_once(self) -> None:
        assert common_passwords() is common_passwords()

    def test_weigh_little_and_name_their_origin(self) -> None:
        data = Path(policy_module.__file__).parent / "data"

        assert (data / "common_passwords.txt.gz").stat().st_size <= 100_000
        assert "Royce Williams" in (data / "README.md").read_text("utf-8")


class TestPersonalPasswords:
    @pytest.mark.parametrize(
        "password",
        [
            "ada.lovelace@example.com",
            "ADA.LOVELACE@EXAMPLE.COM",
            "ada.lovelace@example.com1",
            "my ada.lovelace@example.com",
            "ada.lovelace",
            "Ada.Lovelace",
            "ada lovelace",
            "ADA LOVELACE",
            wide("ada lovelace"),
        ],
    )
    def test_are_refused(self, password: str) -> None:
        assert fault_of(password) == "password_personal"

    @pytest.mark.parametrize(
        "password", ["ada.lovelace.", "ada lovelace's engine", "example.com", "adalovelace"]
    )
    def test_are_no_more_than_that(self, password: str) -> None:
        assert fault_of(password) is None

    def test_are_recognised_around_blanks_of_the_name(self) -> None:
        assert fault_of("ada lovelace", name="  Ada Lovelace ") == "password_personal"

    def test_need_no_name(self) -> None:
        assert fault_of("ada lovelace", name=None) is None
        assert fault_of("ada.lovelace", name=None) == "password_personal"

    def test_are_none_where_there_is_no_address(self) -> None:
        """The empty text is part of every text."""
        assert fault_of(GOOD, email="", name="") is None


@pytest.mark.parametrize(
    "password", ["horsehor", "password", "ada.lovelace@example.com!", "\ud800"]
)
def test_no_refusal_repeats_the_password(password: str) -> None:
    policy = PasswordPolicy(min_length=8, max_length=64, common={"horsehor", "password"})

    with pytest.raises(InvalidInput) as refusal:
        policy.check(password, field="field", email=EMAIL, name=NAME)

    assert refusal.value.fields[0]["loc"] == ("body", "field")
    assert password not in refusal.value.fields[0]["msg"].replace("Choose a password", "")
    assert refusal.value.__context__ is None


def test_a_caller_may_bring_rules_of_their_own() -> None:
    class NoHorses:
        def check(self, password: str, *, field: str, email: str, name: str | None) -> None:
            if "horse" in password:
                raise InvalidInput.at("body", field, type="no_horses", msg="Leave out the horse.")

    assert fault_of(GOOD, NoHorses()) == "no_horses"
    assert fault_of("cow", NoHorses()) is None
