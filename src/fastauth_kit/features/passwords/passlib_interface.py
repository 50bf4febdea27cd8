"""The parts of passlib the kit stands on, with types; passlib ships none."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol


class PasswordContext(Protocol):
    """What the kit uses of a passlib ``CryptContext``; any object alike will do."""

    def hash(self, secret: str, /) -> str:
        """Hash with the default scheme."""
        ...

    def verify(self, secret: str, hash: str, /) -> bool:
        """Tell whether ``hash`` was made from ``secret``, in any scheme."""
        ...

    def needs_update(self, hash: str, /) -> bool:
        """Tell whether the default scheme, as configured, would make another kind."""
        ...

    def is_enabled(self, hash: str, /) -> bool:
        """Tell whether any password can match; ``ValueError`` if of no scheme."""
        ...


if TYPE_CHECKING:

    class PasswordHash:
        """Base of a scheme: class methods only, never an instance."""

        name: ClassVar[str]
        setting_kwds: ClassVar[tuple[str, ...]]
        context_kwds: ClassVar[tuple[str, ...]]

    class CryptContext:
        """Several schemes behind one interface; the first makes new hashes."""

        def __init__(
            self,
            schemes: Sequence[str | type[PasswordHash]],
            *,
            deprecated: str,
            **options: object,
        ) -> None: ...
        def hash(self, secret: str, /) -> str: ...
        def verify(self, secret: str, hash: str, /) -> bool: ...
        def needs_update(self, hash: str, /) -> bool: ...
        def is_enabled(self, hash: str, /) -> bool: ...

    class PasswordValueError(ValueError):
        """The scheme cannot take this password."""

    class PasswordSizeError(PasswordValueError):
        """It is too long for the scheme."""

        max_size: int | None

        def __init__(self, max_size: int) -> None: ...

    class PasswordTruncateError(PasswordSizeError):
        """The scheme would read its beginning only."""

        def __init__(self, scheme: type[PasswordHash]) -> None: ...

else:
    with warnings.catch_warnings():
        # passlib 1.7.4 imports crypt for schemes the kit does not use
        warnings.filterwarnings("ignore", "'crypt' is deprecated", DeprecationWarning)
        from passlib.context import CryptContext
        from passlib.exc import PasswordSizeError, PasswordTruncateError, PasswordValueError
        from passlib.ifc import PasswordHash

__all__ = [
    "CryptContext",
    "PasswordContext",
    "PasswordHash",
    "PasswordSizeError",
    "PasswordTruncateError",
    "PasswordValueError",
]
