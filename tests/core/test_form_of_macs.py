"""Tokens are parsed by the length of their MAC."""

import re

from fastauth_kit.core.secrets import mac_text


def test_every_mac_has_43_url_safe_characters_whatever_it_ends_with() -> None:
    macs = [mac_text(b"key", str(number).encode()) for number in range(2000)]

    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", mac) for mac in macs)
    # the last one holds four bits, so there are sixteen ways to end
    assert {mac[-1] for mac in macs} == set("048AEIQUYcgkMosw")
