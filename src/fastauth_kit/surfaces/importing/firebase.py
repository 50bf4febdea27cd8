"""The parameters of a Firebase project's hashes, as its console shows them."""

import base64
import binascii
import re
from functools import partial

from fastauth_kit.features.passwords.firebase_scrypt import from_firebase
from fastauth_kit.surfaces.importing.checking import ComposeHash
from fastauth_kit.surfaces.importing.record import SourceRefused

_PARAMETER = re.compile(r"(\w+)\s*:\s*([\w+/=-]+)")


def hash_composer(text: str) -> ComposeHash:
    """Return what makes of Firebase's hash and salt a hash that the kit reads.

    Args:
        text: What the console shows under "Password hash parameters", whole.

    Raises:
        SourceRefused: A parameter is missing.
    """
    found = dict(_PARAMETER.findall(text))
    try:
        compose = partial(
            from_firebase,
            signer_key=base64.b64decode(found["base64_signer_key"], validate=True),
            salt_separator=base64.b64decode(found["base64_salt_separator"], validate=True),
            rounds=int(found["rounds"]),
            mem_cost=int(found["mem_cost"]),
        )
    except (KeyError, ValueError, binascii.Error):
        raise SourceRefused(
            "the parameters of Firebase's hashes must have base64_signer_key, "
            "base64_salt_separator, rounds and mem_cost, as its console shows them"
        ) from None

    def compose_hash(stored: str, salt: str | None) -> str:
        return compose(hash=stored, salt=salt or "")

    return compose_hash
