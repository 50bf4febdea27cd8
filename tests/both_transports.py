"""Which tests run over both transports, bearer and cookie."""

import pytest

both_transports = pytest.mark.parametrize("token_transport", ["bearer", "cookie"], indirect=True)
"""For single tests; in the folder of the sessions every test does it by itself."""

NOT_BY_COOKIE = {
    "the Authorization header is what it is about": (
        "test_a_bearer_header_without_one_token_is_refused",
        "test_the_scheme_is_read_in_any_case",
        "test_two_authorization_headers_are_ambiguous",
    ),
    "a body is what it is about, and beside a cookie there is none": (
        "test_a_body_of_another_kind_is_bad_input",
        "test_a_body_without_a_token_is_bad_input",
        "test_a_field_given_twice_is_ambiguous",
        "test_a_form_will_do",
        "test_another_grant_is_not_given",
        "test_a_refresh_token_that_is_no_text_is_bad_input",
        "test_a_refresh_token_that_nobody_gave_logs_nobody_out",
    ),
    "what is in a token is read by one function, whichever way it came": (
        "test_a_claim_of_the_wrong_kind_is_refused_before_any_sql",
        "test_a_header_of_another_kind_is_refused",
        "test_a_payload_that_is_no_object_is_refused",
        "test_a_token_from_the_future_works_only_if_a_clock_was_set_back",
        "test_a_token_has_the_profile_of_rfc_9068",
        "test_a_token_holds_no_personal_data",
        "test_a_token_made_as_the_kit_does_works",
        "test_a_token_that_expires_before_it_was_issued_is_refused",
        "test_every_claim_is_needed",
        "test_no_two_tokens_share_an_id",
    ),
    "it looks at the memory of verified tokens, which knows no transport": (
        "test_a_refused_token_is_not_remembered",
        "test_a_signature_is_looked_at_once",
        "test_a_token_like_a_remembered_one_is_refused",
        "test_a_token_that_is_remembered_does_not_work_long_before_its_time",
        "test_a_token_that_is_remembered_ends_at_its_time",
        "test_nobody_finds_a_token_in_what_is_remembered",
        "test_only_so_many_are_remembered",
        "test_what_one_installation_verified_is_nothing_to_another",
    ),
    "it prunes without HTTP": (
        "test_a_batch_looks_at_so_many_rows_and_says_where_the_next_begins",
        "test_a_session_that_is_refreshed_after_it_was_found_stays",
        "test_a_session_that_reached_its_last_day_goes_too",
        "test_a_session_that_was_logged_out_goes_when_its_retention_is_over",
        "test_a_session_that_was_not_refreshed_goes_too",
        "test_an_empty_table_is_one_batch",
        "test_every_batch_is_a_transaction_of_its_own",
        "test_options_that_would_delete_the_living_or_never_end_are_refused",
        "test_the_default_keeps_for_thirty_days",
        "test_two_at_a_time_beside_a_crowd_delete_each_row_once",
    ),
    "it asks an operation without HTTP": (
        "test_a_method_is_added_to_those_used_before",
        "test_a_session_that_ended_is_not_in_force_whoever_elses_is",
        "test_a_session_that_ended_meanwhile_is_left_alone",
        "test_default_lifetimes_are_those_of_the_documentation",
    ),
    "the path is what it is about": ("test_a_session_id_that_is_none_is_bad_input",),
}
"""Tests that a cookie has no part in, by the reason."""


def runs_by_cookie(function: str) -> bool:
    """Whether a test means something over cookies."""
    return not any(function in names for names in NOT_BY_COOKIE.values())


def by_both(metafunc: pytest.Metafunc) -> None:
    """Parametrise whatever builds an app: for ``pytest_generate_tests`` of a folder."""
    if "token_transport" in metafunc.fixturenames:
        metafunc.parametrize("token_transport", ["bearer", "cookie"], indirect=True)
