"""Accounts that no request asks for: the first superuser, and those made by hand."""

from app.auth import auth
from fastauth_kit import Accounts, Work


async def make_superuser(work: Work, *, email: str, password: str) -> None:
    """Make an account that may administer all others; its profile comes with it.

    Raises:
        EmailTaken: There is an account with this address.
        InvalidInput: The password policy refuses the password.
    """
    await auth.feature(Accounts).create(
        work, email=email, password=password, is_superuser=True, is_verified=True
    )


async def promote(work: Work, *, email: str) -> bool:
    """Make a superuser of whoever has an address; ``False`` if nobody has."""
    user = await auth.find_user(work, email)
    if user is None:
        return False
    await auth.feature(Accounts).update(work, user.id, {"is_superuser": True})
    return True
