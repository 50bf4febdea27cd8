"""What an attempt counts against, and in which order."""

from datetime import timedelta

from fastauth_kit.core.hooks import Attempt, AttemptKind, Device
from fastauth_kit.features.throttling.limits import Limit, Limits

MINUTE, HOUR, DAY = (Limit(1, timedelta(seconds=s)) for s in (60, 3600, 86400))


def test_the_shortest_time_comes_first_and_the_network_last() -> None:
    limits = Limits(
        per_network=(DAY, MINUTE),
        per_address=(HOUR,),
        per_address_and_network=(DAY, MINUTE, HOUR),
        per_user=(HOUR, MINUTE),
    )
    attempt = Attempt(AttemptKind.MAIL, "x", Device(ip="203.0.113.7"), "Ada@example.com", 7)

    assert limits.counted(attempt, "ada@example.com") == [
        (MINUTE, "user", "7"),
        (HOUR, "user", "7"),
        (MINUTE, "pair", "203.0.113.7 ada@example.com"),
        (HOUR, "pair", "203.0.113.7 ada@example.com"),
        (DAY, "pair", "203.0.113.7 ada@example.com"),
        (HOUR, "address", "ada@example.com"),
        (MINUTE, "network", "203.0.113.7"),
        (DAY, "network", "203.0.113.7"),
    ]


def test_what_an_attempt_does_not_name_is_not_counted() -> None:
    limits = Limits(per_network=(DAY,), per_address=(HOUR,), per_user=(MINUTE,))
    attempt = Attempt(AttemptKind.TOKEN, "x", Device(ip="2001:db8::1"))

    assert limits.counted(attempt, None) == [(DAY, "network", "2001:db8::/64")]
