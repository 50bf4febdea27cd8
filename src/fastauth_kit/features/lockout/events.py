"""What happens with locked accounts."""

from dataclasses import dataclass
from typing import ClassVar

from fastauth_kit.core.notices import Notice


@dataclass(frozen=True, slots=True)
class AccountLocked(Notice):
    """An account takes no password any more, until its owner sets a new one.

    Told once for each lock, by the first attempt that meets it; where mail is
    on, to the owner, too.
    """

    message: ClassVar[str] = "account_locked"
    package: ClassVar[str] = "fastauth_kit.features.lockout"
    succeeded: ClassVar[bool] = False
