"""Faults that must never pass the tests, as changes to the source."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class NamedMutant:
    """One fault, and the test that has to notice it.

    Args:
        name: What is wrong then.
        file: Below the package.
        old: Text that stands once in the file, inside a function.
        new: What stands there instead.
        killer: File below ``tests``, and name of the test.
    """

    name: str
    file: str
    old: str
    new: str
    killer: str


def _sessions(name: str, file: str, old: str, new: str, killer: str) -> NamedMutant:
    return NamedMutant(name, f"features/sessions/{file}", old, new, f"features/sessions/{killer}")


def _passwords(name: str, file: str, old: str, new: str, killer: str) -> NamedMutant:
    return NamedMutant(name, f"features/passwords/{file}", old, new, f"features/passwords/{killer}")


def _core(name: str, file: str, old: str, new: str, killer: str) -> NamedMutant:
    return NamedMutant(name, f"core/{file}", old, new, killer)


NAMED_MUTANTS: Final = (
    _sessions(
        "a refresh that comes late still wins",
        "statements.py",
        'own.refresh_generation == bindparam(_OURS + "generation"),',
        "",
        "test_late_refresh.py::test_a_refresh_that_comes_late_moves_no_generation_back",
    ),
    _sessions(
        "a token two generations old is answered",
        "refresh_token.py",
        "generation == latest - 1",
        "generation >= latest - 2",
        "test_refresh_token.py::test_a_genuine_token_is_judged_by_its_generation",
    ),
    _sessions(
        "the grace never ends",
        "refresh_token.py",
        "seconds_since_rotation <= grace_seconds",
        "grace_seconds >= 0",
        "test_expiry.py::test_the_grace_is_as_long_as_configured",
    ),
    _sessions(
        "a stolen token does not end the session",
        "rotation.py",
        "_end_stolen(work, sessions, row)\n                raise",
        "raise",
        "test_refresh_reuse.py::test_a_used_token_that_comes_back_ends_the_session",
    ),
    _sessions(
        "a forged refresh token is genuine",
        "refresh_token.py",
        "return same_text(token.mac, expected)",
        "return len(token.mac) == len(expected)",
        "test_refresh_token.py::test_neither_key_nor_salt_alone_make_a_token",
    ),
    _sessions(
        "a session that was revoked goes on",
        "feature.py",
        "own.revoked_at.is_(None), own.idle_expires_at > now",
        "own.id == own.id, own.idle_expires_at > now",
        "test_logout.py::test_logout_ends_the_session_at_once",
    ),
    _sessions(
        "a session that nobody refreshes never ends",
        "feature.py",
        "own.idle_expires_at > now,",
        "own.idle_expires_at == own.idle_expires_at,",
        "test_expiry.py::test_a_session_that_is_not_refreshed_ends",
    ),
    _sessions(
        "a session that is refreshed never ends",
        "feature.py",
        "own.absolute_expires_at > now",
        "own.absolute_expires_at == own.absolute_expires_at",
        "test_expiry.py::test_a_session_ends_after_its_absolute_lifetime_however_often_refreshed",
    ),
    _sessions(
        "an access token never expires",
        "access_token.py",
        "claims.expires_at <= now or ",
        "",
        "test_expiry.py::test_expires_in_says_how_long_the_access_token_works",
    ),
    _sessions(
        "a token of another kind is an access token",
        "access_token.py",
        ' or header.get("typ") != TOKEN_TYPE',
        "",
        "test_access_token.py::test_a_header_of_another_kind_is_refused",
    ),
    _passwords(
        "the hash that was verified is not looked at again",
        "statements.py",
        'user.hashed_password == bindparam("kit_verified_hash"),',
        'user.hashed_password != bindparam("kit_verified_hash") + "x",',
        "test_login_uniformity.py"
        "::test_a_password_replaced_while_it_was_checked_no_longer_signs_in",
    ),
    _passwords(
        "an unknown account costs no hash",
        "hashing.py",
        "            if stored is None:\n                self.context.verify(_NOBODYS, stand_in)",
        "            if stored is None:\n                pass",
        "test_login_uniformity.py::test_every_refusal_costs_one_statement_and_one_hash",
    ),
    _passwords(
        "the old sessions outlive a change of password",
        "feature.py",
        "work, held, CredentialChange.PASSWORD, keep_session=session.id",
        "work, held, CredentialChange.FACTOR, keep_session=session.id) if not held else (None",
        "test_change_password.py::test_every_other_session_ends_at_once",
    ),
    _passwords(
        "a first password goes to any account without one",
        "feature.py",
        "await hold(work, model, *active, _same_hash(model, stored))",
        "await hold(work, model, _same_hash(model, stored))",
        "test_whose_password.py::test_a_first_password_goes_to_the_account_that_chose_it",
    ),
    _core(
        "the second factor is skipped",
        "login.py",
        "if enrolled:",
        "if not method:",
        "core/test_login_gate.py::test_before_the_second_factor_there_is_no_session",
    ),
    _core(
        "a challenge outlives a change of credentials",
        "login.py",
        'not same_text(claims["stamp"], _stamp(work, user, claims["kid"]))',
        'not claims["stamp"]',
        "core/test_login_gate.py::test_a_challenge_older_than_a_change_of_credentials_is_refused",
    ),
    _core(
        "texts of one length are the same secret",
        "secrets.py",
        "return hmac.compare_digest(left.encode(), right.encode())",
        "return len(left.encode()) == len(right.encode())",
        "core/test_secrets.py::test_texts_are_the_same_only_if_they_are_equal",
    ),
    _core(
        "a deactivated user goes on",
        "authentication.py",
        ".where(model.is_active.is_(True))",
        "",
        "core/test_refused_tokens.py::test_what_ends_a_session_counts_on_the_next_request",
    ),
    _core(
        "success is answered without a commit",
        "work.py",
        "session.commit()",
        "session.flush()",
        "features/sessions/test_refresh.py::test_a_chain_of_refreshes_goes_on",
    ),
    _core(
        "a refused attempt is committed",
        "work.py",
        "            await self._roll_back()\n            if refused:",
        "            await self._commit()\n            if refused:",
        "core/test_work.py::test_a_refused_attempt_is_rolled_back_and_what_it_recorded_is_kept",
    ),
)

UNNOTICED: Final = NamedMutant(
    name="only the words of an error differ",
    file="features/passwords/bcrypt_schemes.py",
    old='"bcrypt needs rounds from 4 to 31"',
    new='"bcrypt needs other rounds"',
    killer="features/passwords/test_change_password.py"
    "::test_the_new_password_signs_in_and_the_old_one_no_longer",
)
"""Shows that the tests below can tell a fault that is noticed from one that is not."""
