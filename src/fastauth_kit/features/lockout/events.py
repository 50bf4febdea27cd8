"""What happens with locked accounts."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class AccountLocked(Event):
    """An account takes no password any more, until its owner sets a new one.

    Told once for each lock, by the first attempt that meets it.
    """

    succeeded: ClassVar[bool] = False

    user_id: Any
