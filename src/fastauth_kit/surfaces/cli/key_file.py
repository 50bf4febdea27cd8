"""A file with secrets: made for its owner alone, replaced in one step."""

import os
from pathlib import Path
from shutil import copymode
from tempfile import NamedTemporaryFile
from typing import IO

from fastauth_kit.core.errors import ConfigurationError


def read_file(file: Path) -> str:
    """Return the text of a file.

    Raises:
        OSError: It cannot be read.
        ConfigurationError: It is no text.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is no key set: it is not even text") from None


def create_file(file: Path, text: str) -> None:
    """Write a new file, which only its owner may read.

    Raises:
        OSError: It exists, or cannot be made.
    """
    file.touch(mode=0o600, exist_ok=False)
    with file.open("w", encoding="utf-8") as new:
        _write_for_good(new, text)


def replace_file(file: Path, text: str) -> None:
    """Replace a file in one step, so that nobody reads half of it; who may read it stays.

    Raises:
        OSError: It cannot be written.
    """
    real = file.resolve()  # behind a link, what it leads to
    with NamedTemporaryFile("w", dir=real.parent, encoding="utf-8", delete=False) as new:
        made = Path(new.name)
        try:
            _write_for_good(new, text)
            copymode(real, made)
            made.replace(real)
        except BaseException:
            made.unlink()
            raise


def _write_for_good(file: IO[str], text: str) -> None:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
