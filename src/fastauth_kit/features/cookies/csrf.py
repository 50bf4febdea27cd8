"""Whether a request that came with cookies was meant: arithmetic alone.

A browser sends cookies with whatever request any page has it make. It also says,
in headers that no page can write, which page that was (OWASP, Cross-Site Request
Forgery Prevention: Fetch Metadata, and verifying the origin).
"""

import re
from collections.abc import Collection, Sequence
from enum import Enum, auto
from uuid import UUID

from fastauth_kit.core.keys import KeyRing
from fastauth_kit.core.secrets import mac_text, same_text

CSRF_PURPOSE = "csrf-token"
"""Purpose under which the key ring derives the MAC's key."""

_OWN = ("same-origin", "none")
"""``none``: the user themselves, by a bookmark, say."""

_OTHER = ("same-site", "cross-site")
"""A sibling domain is another's as much as any: it may be a customer's page."""

_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])"
    r"(?P<port>:[1-9][0-9]{0,4})?"
)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


class Verdict(Enum):
    """What the browser's own headers say."""

    MEANT = auto()
    FOREIGN = auto()
    UNTOLD = auto()
    """Neither header is there: no browser of these years, or no browser."""


def judge(fetch_sites: Sequence[str], origins: Sequence[str], allowed: Collection[str]) -> Verdict:
    """Judge a request by where the browser says it comes from.

    Nothing is compared with the request's own ``Host``: between the browser and
    this process somebody may have changed it.

    Args:
        fetch_sites: The values of ``Sec-Fetch-Site`` (W3C Fetch Metadata).
        origins: The values of ``Origin`` (RFC 6454, section 7).
        allowed: Origins as browsers write them; compared letter by letter.
    """
    if len(fetch_sites) > 1 or len(origins) > 1:
        return Verdict.FOREIGN
    of_allowed = bool(origins) and origins[0] in allowed
    if fetch_sites:
        own = fetch_sites[0] in _OWN or (fetch_sites[0] in _OTHER and of_allowed)
        return Verdict.MEANT if own else Verdict.FOREIGN
    if origins:
        return Verdict.MEANT if of_allowed else Verdict.FOREIGN
    return Verdict.UNTOLD


def make_csrf_token(keys: KeyRing, session_id: UUID) -> str:
    """Return the token of a session, ``keyid.mac``: the same one while its key is in force."""
    key = keys.current(CSRF_PURPOSE)
    return f"{key.id}.{mac_text(key.value, session_id.bytes)}"


def is_csrf_token(keys: KeyRing, text: str, session_id: UUID) -> bool:
    """Whether we made this token for this session."""
    key_id, _, mac = text.partition(".")
    key = keys.find(CSRF_PURPOSE, key_id)
    return key is not None and same_text(mac, mac_text(key.value, session_id.bytes))


def why_not_an_origin(text: str) -> str | None:
    """Return what is wrong with an origin, or ``None`` if browsers would write it so."""
    found = _ORIGIN.fullmatch(text)
    if found is None:
        return (
            "write it as browsers do: scheme, host and port alone, in small letters, "
            "international names as xn--..., such as 'https://app.example.com'"
        )
    if found["port"] == _DEFAULT_PORTS.get(found["scheme"], ""):
        return "leave the port out: browsers do not write the default one"
    return None


def is_in_the_clear(origin: str) -> bool:
    """Whether somebody on the way could write the pages of an origin."""
    found = _ORIGIN.fullmatch(origin)
    return found is not None and found["scheme"] == "http" and found["host"] not in _THIS_MACHINE
