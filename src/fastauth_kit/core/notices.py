"""Events that the owner of an account should hear of, whatever way there is to tell them."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """An event that is told to the owner of the account, too, where mail is on.

    Whoever tells it need not know that there is mail.
    """

    message: ClassVar[str]
    """Name of the message in the folder ``templates`` of ``package``."""
    package: ClassVar[str]

    user_id: Any
