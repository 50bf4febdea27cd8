"""Make the list of common passwords that ships with the kit.

Merges two rankings, each by its own frequencies: zxcvbn's (MIT) and Django's
(BSD-3-Clause, by Royce Williams). Of the first 1,000 of either, the other lacks
some 200 or 300.

    pip download zxcvbn==4.5.0 django==5.2.19 --no-deps --dest wheels
    python tools/common_passwords.py wheels/zxcvbn-*.whl wheels/django-*.whl

The result is the same, byte for byte, for the same two wheels.
"""

import gzip
import re
import sys
from collections.abc import Iterable
from itertools import chain, zip_longest
from pathlib import Path
from unicodedata import normalize
from zipfile import ZipFile

LENGTH = 10_000
"""Entries of the list; OWASP ASVS 6.2.4 asks for 3,000."""

SHORTEST = 8
"""Code points of the shortest password that ``PasswordPolicy`` can allow."""

TARGET = (
    Path(__file__).parent.parent
    / "src/fastauth_kit/features/passwords/data/common_passwords.txt.gz"
)


def from_zxcvbn(wheel: ZipFile) -> list[str]:
    """Return the passwords of zxcvbn, the most frequent first."""
    source = wheel.read("zxcvbn/frequency_lists.py").decode("utf-8")
    found = re.search(r'"passwords": "([^"]*)"', source)
    if found is None:
        raise SystemExit("zxcvbn/frequency_lists.py has changed its shape.")
    return found[1].split(",")


def from_django(wheel: ZipFile) -> list[str]:
    """Return the passwords of Django, the most frequent first."""
    packed = wheel.read("django/contrib/auth/common-passwords.txt.gz")
    return gzip.decompress(packed).decode("utf-8").split("\n")


def usable(passwords: Iterable[str]) -> Iterable[str]:
    """Fold as ``policy.folded`` does; drop what is too short or holds space."""
    for password in passwords:
        folded = normalize("NFKC", normalize("NFKC", password).casefold())
        if len(folded) >= SHORTEST and folded.split() == [folded]:
            yield folded


def merged(*rankings: Iterable[str]) -> list[str]:
    """Take turns, so that the first of each ranking are among the first of all."""
    turns = chain.from_iterable(zip_longest(*map(usable, rankings)))
    return [password for password in dict.fromkeys(turns) if password is not None][:LENGTH]


def main(zxcvbn: str, django: str) -> None:
    """Write the list, sorted: that packs better, and nothing needs the rank."""
    with ZipFile(zxcvbn) as first, ZipFile(django) as second:
        passwords = merged(from_zxcvbn(first), from_django(second))
    text = "\n".join(sorted(passwords)) + "\n"
    TARGET.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
    print(f"{len(passwords)} passwords, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
