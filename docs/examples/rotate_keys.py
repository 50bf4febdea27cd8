"""Keeps a key set in a file: python rotate_keys.py new|announce|promote|drop|list FILE."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from fastauth_kit import ConfigurationError
from fastauth_kit.features.signing_keys import (
    RotationRefused,
    announce_key,
    drop_retired_keys,
    list_keys,
    new_key_set,
    promote_key,
)


# --8<-- [start:rotate]
def run(step: str, file: Path) -> None:
    now = datetime.now(UTC)
    match step:
        case "new":
            save(file, new_key_set(now))
        case "announce":
            save(file, announce_key(file.read_text(), now))
        case "promote":
            save(file, promote_key(file.read_text(), now))
        case "drop":
            save(file, drop_retired_keys(file.read_text(), now))
        case _:
            for key in list_keys(file.read_text()):
                print(key.state, key.algorithm, key.id, f"since {key.since:%Y-%m-%d %H:%M}")


def save(file: Path, key_set: str) -> None:
    """Replace the file in one step; only its owner may read it."""
    with NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
        new.write(key_set)
    Path(new.name).replace(file)


# --8<-- [end:rotate]

if __name__ == "__main__":
    try:
        run(sys.argv[1], Path(sys.argv[2]))
    except (ConfigurationError, RotationRefused) as refusal:
        sys.exit(str(refusal))
