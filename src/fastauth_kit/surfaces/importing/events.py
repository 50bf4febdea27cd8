"""What an import tells, in the transaction of each batch."""

from dataclasses import dataclass

from fastauth_kit.core.hooks import Event


@dataclass(frozen=True, slots=True)
class UsersImported(Event):
    """Accounts were imported. No ``UserCreated`` is told of them: its handlers greet
    people who have just registered.
    """

    imported: int
