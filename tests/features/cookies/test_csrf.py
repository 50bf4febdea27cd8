"""The table by which a request with cookies is judged, and the token."""

from uuid import UUID, uuid4

import pytest

from fastauth_kit import AuthSettings
from fastauth_kit.core.keys import KeyRing
from fastauth_kit.features.cookies.csrf import (
    Verdict,
    is_csrf_token,
    is_in_the_clear,
    judge,
    make_csrf_token,
    why_not_an_origin,
)
from tests.kit_app import SECRET

APP = "https://app.example.com"
ALLOWED = [APP, "http://localhost:3000", "https://xn--bcher-kva.example"]
SESSION = UUID(int=7)


@pytest.mark.parametrize(
    ("sites", "origins", "verdict"),
    [
        # a browser of these years, on the app's own page
        (["same-origin"], [], Verdict.MEANT),
        (["same-origin"], ["https://unlisted.example"], Verdict.MEANT),
        (["none"], [], Verdict.MEANT),
        # another page, which may or may not
        (["same-site"], [APP], Verdict.MEANT),
        (["cross-site"], [APP], Verdict.MEANT),
        (["cross-site"], ["https://xn--bcher-kva.example"], Verdict.MEANT),
        (["same-site"], ["https://evil.example.com"], Verdict.FOREIGN),
        (["cross-site"], ["https://evil.example"], Verdict.FOREIGN),
        (["cross-site"], ["null"], Verdict.FOREIGN),
        (["same-site"], [], Verdict.FOREIGN),
        (["cross-site"], [], Verdict.FOREIGN),
        # what no browser writes
        (["Same-Origin"], [APP], Verdict.FOREIGN),
        ([""], [APP], Verdict.FOREIGN),
        (["same-origin", "same-origin"], [], Verdict.FOREIGN),
        (["same-origin,cross-site"], [APP], Verdict.FOREIGN),
        # an older browser, which sends Origin alone
        ([], [APP], Verdict.MEANT),
        ([], ["http://localhost:3000"], Verdict.MEANT),
        ([], ["null"], Verdict.FOREIGN),
        ([], [""], Verdict.FOREIGN),
        ([], [APP, APP], Verdict.FOREIGN),
        ([], [f"{APP}, {APP}"], Verdict.FOREIGN),
        ([], ["HTTPS://APP.EXAMPLE.COM"], Verdict.FOREIGN),
        ([], [f"{APP}."], Verdict.FOREIGN),
        ([], [f"{APP}:443"], Verdict.FOREIGN),
        ([], [f"{APP}:8443"], Verdict.FOREIGN),
        ([], [f"{APP}/"], Verdict.FOREIGN),
        ([], [f"{APP}.evil.example"], Verdict.FOREIGN),
        ([], ["http://app.example.com"], Verdict.FOREIGN),
        ([], ["http://localhost"], Verdict.FOREIGN),
        ([], ["https://b\u00fccher.example"], Verdict.FOREIGN),
        # no browser, or one that says nothing
        ([], [], Verdict.UNTOLD),
    ],
)
def test_a_request_is_judged_by_where_the_browser_says_it_comes_from(
    sites: list[str], origins: list[str], verdict: Verdict
) -> None:
    assert judge(sites, origins, ALLOWED) is verdict


def test_without_origins_nobody_else_may() -> None:
    assert judge(["cross-site"], ["null"], ()) is Verdict.FOREIGN
    assert judge([], [APP], ()) is Verdict.FOREIGN


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "https://app.example.com:8443",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:8000",
        "https://xn--bcher-kva.example",
        "https://a_b.example.com",
        "capacitor://localhost",
    ],
)
def test_an_origin_as_browsers_write_it_is_one(origin: str) -> None:
    assert why_not_an_origin(origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "app.example.com",
        "https://",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://App.example.com",
        "https://*.example.com",
        "https://app.example.com.",
        "https://user@app.example.com",
        "https://app.example.com:0",
        "https://b\u00fccher.example",
        "https://app.example.com\n",
    ],
)
def test_anything_else_is_none(origin: str) -> None:
    assert "xn--" in (why_not_an_origin(origin) or "")


@pytest.mark.parametrize("origin", ["https://app.example.com:443", "http://app.example.com:80"])
def test_browsers_leave_the_default_port_out(origin: str) -> None:
    assert "default" in (why_not_an_origin(origin) or "")


def test_pages_by_http_may_have_been_written_by_anybody_unless_they_are_from_here() -> None:
    assert is_in_the_clear("http://app.example.com")
    assert not is_in_the_clear("https://app.example.com")
    assert not is_in_the_clear("http://localhost:3000")
    assert not is_in_the_clear("http://[::1]")


def ring(secret: str = SECRET, *others: str) -> KeyRing:
    return KeyRing(AuthSettings(secret_key=secret, secret_key_fallbacks=others))


def test_a_token_is_of_one_session() -> None:
    token = make_csrf_token(ring(), SESSION)

    assert token == make_csrf_token(ring(), SESSION)
    assert is_csrf_token(ring(), token, SESSION)
    assert not is_csrf_token(ring(), token, uuid4())


@pytest.mark.parametrize("spoil", ["", ".", "x.y", "{0}x", "{0}.", " {0}", "{0}\xe9"])
def test_a_token_that_nobody_gave_is_none(spoil: str) -> None:
    token = make_csrf_token(ring(), SESSION)

    assert not is_csrf_token(ring(), spoil.format(token), SESSION)


def test_a_token_is_good_as_long_as_its_key_is_in_force() -> None:
    token = make_csrf_token(ring(), SESSION)
    new = "another secret of the tests, 32 bytes and more"

    assert is_csrf_token(ring(new, SECRET), token, SESSION)
    assert not is_csrf_token(ring(new), token, SESSION)
